use gochan::prelude::*;

fn guarded(rx: Receiver<u32>, on: bool) {
    select! { v = <-rx, if on => work(v), else => work(0) }
}
fn biased(rx: Receiver<u32>) {
    select! { biased; v = <-rx => work(v) }
}
fn with_default(rx: Receiver<u32>) {
    select! { v = <-rx => work(v), default => work(0) }
}
fn two(rx: Receiver<u32>, done: Receiver<()>) {
    select! { v = <-rx => work(v), <-done => {} }
}
fn optional(rx: Option<Receiver<u32>>) {
    select! { v = <-rx => work(v) , else => {} }
}
fn for_ever() -> ! {
    select! {}
}
