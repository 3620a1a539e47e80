use gochan::prelude::*;

struct Compactor {
    ch: Chan<()>,
}
impl Compactor {
    fn start(&self) {
        send!(self.ch <- ());
        let ch = self.ch.clone();
        go!({ for _ in ch.receiver().iter().take(2) {} });
    }
}
fn the_second_of_two() {
    let c = Compactor { ch: chan!((), 1) };
    send!(c.ch <- ());
    c.start(); //~ self_deadlock_send
}
fn unbuffered() {
    let c = Compactor { ch: chan!(()) };
    c.start(); //~ self_deadlock_send
}
fn room() {
    let c = Compactor { ch: chan!((), 1) };
    c.start();
}
