use gochan::prelude::*;

fn example() {
    let ch = chan!(u32);
    let n = recv!(ch); //~ leaked_receive
    work(n);
}
