use gochan::prelude::*;

struct Box2 {
    ch: Chan<u32>,
}
impl Box2 {
    fn put(&self) {
        send!(self.ch <- 1);
    }
    fn start(&self) {
        let ch = self.ch.clone();
        go!({ for _ in &ch {} });
    }
}
fn room() {
    let b = Box2 { ch: chan!(u32, 2) };
    b.put();
    b.put();
    close!(b.ch);
}
fn started_before() {
    let b = Box2 { ch: chan!(u32) };
    b.start();
    b.put();
    close!(b.ch);
}
fn received_between() {
    let b = Box2 { ch: chan!(u32, 1) };
    b.put();
    b.ch.recv();
    b.put();
}
