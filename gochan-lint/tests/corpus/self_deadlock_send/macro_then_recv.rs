use gochan::prelude::*;

fn run() -> u32 {
    let ch = chan!(u32);
    send!(ch <- 1); //~ self_deadlock_send
    recv!(ch)
}
