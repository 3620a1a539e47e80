use gochan::prelude::*;

fn example() {
    let ch = chan!(u32);
    go!([ch] {
        signals::notify(ch.clone(), 2); //~ unbuffered_signal
    });
    recv!(ch);
}
