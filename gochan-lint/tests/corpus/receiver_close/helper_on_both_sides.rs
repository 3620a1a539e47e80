use gochan::prelude::*;

fn take_one(ch: &Chan<u32>) -> u32 { recv!(ch) }
fn stop(ch: &Chan<u32>) { ch.close(); }

fn consumer(ch: Chan<u32>) {
    let n = take_one(&ch);
    work(n);
    stop(&ch); //~ receiver_close
}

fn main() {
    let ch = chan!(u32);
    go!(consumer(ch.clone()));
    send!(ch <- 1);
}
