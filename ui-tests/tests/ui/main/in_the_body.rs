use gochan::prelude::*;

#[gochan::main]
fn main() {
    let ch = chan!(i32)
    send!(ch <- 1);
}
