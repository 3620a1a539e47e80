use gochan::prelude::*;

const BURST: usize = 5000;
fn run() {
    let ch = chan!(u32, BURST);
    start(&ch);
}
