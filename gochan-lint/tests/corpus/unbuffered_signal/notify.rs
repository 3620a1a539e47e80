use gochan::prelude::*;

fn example() {
    let ch = chan!(u32);
    notify(&ch, 2); //~ unbuffered_signal
    recv!(ch);
}
