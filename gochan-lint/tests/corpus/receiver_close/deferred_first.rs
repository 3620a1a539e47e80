use gochan::prelude::*;

fn consumer(rx: Chan<u32>) {
    defer!(close!(rx)); //~ receiver_close
    while let Some(n) = rx.recv() { work(n); }
}
