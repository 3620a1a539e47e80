use gochan::prelude::*;

fn example() {
    let (tx, rx) = chan!(u32).split();
    tx.send(1).unwrap(); //~ self_deadlock_send
    work(rx.recv().unwrap());
}
