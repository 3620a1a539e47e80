use gochan::prelude::*;

fn run(flag: bool) {
    let ch = chan!(u32, 1);
    if flag { send!(ch <- 1); } else { send!(ch <- 2); }
    work(recv!(ch));
}
