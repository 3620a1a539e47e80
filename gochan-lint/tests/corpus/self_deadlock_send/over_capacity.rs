use gochan::prelude::*;

fn example() {
    let ch = chan!(u32, 2);
    send!(ch <- 1);
    send!(ch <- 2);
    send!(ch <- 3); //~ self_deadlock_send
    for _ in 0..3 { work(recv!(ch)); }
}
