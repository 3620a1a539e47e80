use gochan::prelude::*;

fn example() {
    let ch = chan!(u32);
    let receiver = go!([ch] { recv!(ch) });
    send!(ch <- 1);
    receiver.join().unwrap();
}
