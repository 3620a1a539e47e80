use gochan::prelude::*;

fn drain(ch: &Chan<u32>) {
    for n in ch { work(n); }
}
fn main() {
    let ch = chan!(u32);
    go!([ch] { send!(ch <- 1); });
    let consumer = go!([ch] {
        drain(&ch);
        close!(ch); //~ receiver_close
    });
    consumer.join().unwrap();
}
