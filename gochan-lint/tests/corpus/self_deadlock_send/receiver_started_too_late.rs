use gochan::prelude::*;

fn example() {
    let ch = chan!(u32);
    send!(ch <- 1); //~ self_deadlock_send
    let receiver = go!([ch] { recv!(ch) });
    receiver.join().unwrap();
}
