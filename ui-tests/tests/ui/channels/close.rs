use gochan::prelude::*;

fn main() {
    let ch = chan!(i32);
    close!();
    close!(ch, ch);
    defer!();
    close!(<-ch);
}
