use gochan::prelude::*;

fn main() {
    let ch = chan!(u32);
    go!(|ch: Chan<u32>| {
        for n in &ch { work(n); }
        close!(ch); //~ receiver_close
    }(ch.clone()));
    send!(ch <- 1);
}
