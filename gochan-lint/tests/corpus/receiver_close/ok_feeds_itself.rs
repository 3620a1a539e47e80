use gochan::prelude::*;

fn relay(ch: Chan<u32>) {
    send!(ch <- 1);
    let n = recv!(ch);
    work(n);
    close!(ch);
}
