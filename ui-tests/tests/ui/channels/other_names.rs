use gochan::prelude::*;

fn main() {
    let ch = chan!(i32, 1);
    ch.cap();
    ch.sender().cap();
    while let Some(v) = ch.next() {
        println!("{v}");
    }
    ch.receiver().blocking_recv();
    close!(background());
}
