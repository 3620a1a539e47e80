use gochan::prelude::*;

fn run(rx: &Receiver<u32>) {
    select! { n = <-rx => work(n), default => work(0) }
    select! { biased; n = <-rx => work(n) }
}
