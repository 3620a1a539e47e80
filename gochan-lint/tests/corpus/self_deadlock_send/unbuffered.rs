use gochan::prelude::*;

fn example() {
    let ch = chan!(u32);
    send!(ch <- 1); //~ self_deadlock_send
    work(recv!(ch));
}
