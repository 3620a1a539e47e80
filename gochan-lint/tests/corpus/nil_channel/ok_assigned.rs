use gochan::prelude::*;

fn example() {
    let mut ch: Chan<u32> = Chan::nil();
    ch = make();
    work(recv!(ch));
}
