use gochan::prelude::*;

fn wait(rx: &Receiver<u32>) {
    loop {
        select! {
            n = <-rx => return work(n),
            default => work(0),
        }
    }
}
