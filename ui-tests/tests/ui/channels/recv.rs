use gochan::prelude::*;

fn main() {
    let ch = chan!(i32, 8);
    recv!();
    recv!(<-ch);
    recv!(ch, more);
    recv!(ch ok);
}
