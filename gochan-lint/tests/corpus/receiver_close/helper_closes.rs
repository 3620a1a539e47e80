use gochan::prelude::*;

fn finish(ch: &Chan<u32>) {
    close!(ch);
}
fn main() {
    let ch = chan!(u32);
    go!([ch] { for n in 0..3 { send!(ch <- n); } });
    let first = recv!(ch);
    work(first);
    finish(&ch); //~ receiver_close
}
