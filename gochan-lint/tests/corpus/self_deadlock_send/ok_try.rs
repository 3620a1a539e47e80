use gochan::prelude::*;

fn example() {
    let ch = chan!(u32);
    if ch.try_send(1).is_err() { work(1); }
}
