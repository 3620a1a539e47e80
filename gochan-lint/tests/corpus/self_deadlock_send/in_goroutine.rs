use gochan::prelude::*;

fn run() {
    go!({
        let ch = chan!(u32);
        send!(ch <- 1); //~ self_deadlock_send
        work(recv!(ch));
    });
}
