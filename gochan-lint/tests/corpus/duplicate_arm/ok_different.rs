use gochan::prelude::*;

fn next(a: &Receiver<u32>, out: &Sender<u32>) {
    select! {
        n = <-a => work(n),
        out <- 0 => {}
        out <- 1 => {}
    }
}
