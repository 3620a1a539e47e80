use gochan::prelude::*;

fn run() {
    let (tx, rx) = chan!(String).split();
    tx.send("a".to_owned()).unwrap(); //~ self_deadlock_send
    println!("{:?}", rx.recv());
}
