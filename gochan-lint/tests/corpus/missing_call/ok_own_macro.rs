use gochan::{Chan, chan};

macro_rules! go {
    ($f:expr) => { $f() };
}

fn main() {
    let ch: Chan<u32> = chan!(u32, 1);
    go!(work);
    drop(ch);
}
