use gochan::prelude::*;

fn produce(tx: Sender<i32>) {
    recv!(tx);
    let (_, _) = recv!(tx, ok);
    tx.recv();
    for _ in &tx {}
}

fn main() {
    produce(Sender::nil());
}
