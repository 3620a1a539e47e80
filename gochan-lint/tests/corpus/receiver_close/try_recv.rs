use gochan::prelude::*;

fn drain(ch: Chan<u32>) {
    while let Ok(n) = ch.try_recv() {
        work(n);
    }
    ch.close(); //~ receiver_close
}
