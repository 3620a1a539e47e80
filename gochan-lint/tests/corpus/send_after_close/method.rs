use gochan::prelude::*;

fn run(tx: Sender<u32>) {
    tx.close();
    tx.send(1).unwrap(); //~ send_after_close
}
