use gochan::prelude::*;

fn worker(ch: Chan<u32>, n: u32) {
    send!(ch <- n);
    close!(ch); //~ double_close
}
fn main() {
    let ch = chan!(u32, 8);
    for n in 0..3 {
        go!(worker(ch.clone(), n));
    }
    wait_for_all();
}
