use gochan::prelude::*;

fn run() {
    let ch = chan!(u32);
    start_receiver(&ch);
    send!(ch <- 1);
}
