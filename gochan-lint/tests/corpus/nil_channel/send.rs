use gochan::prelude::*;

fn example() {
    let tx = Sender::<u32>::nil();
    tx.send(1).unwrap(); //~ nil_channel
}
