use gochan::prelude::*;

fn produce(out: Sender<i32>, from: u64) {
    send!(out <- from as i32);
}

fn main() {
    let ch = chan!(i32, 1);
    go!(produce(ch.clone(), u64::from(1u8)));
    go!(produce(ch.sender(), i32::from(1u8)));
}
