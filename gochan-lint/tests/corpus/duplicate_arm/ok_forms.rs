use gochan::prelude::*;

fn both_ways(ch: Chan<u32>) {
    select! {
        ch <- 1 => work(1),
        v = <-ch => work(v),
    }
}
fn values(tx: Sender<u32>) {
    select! {
        tx <- 0 => work(0),
        tx <- 1 => work(1),
    }
}
fn timers() {
    select! {
        <-after(Duration::from_secs(1)) => work(1),
        <-after(Duration::from_secs(2)) => work(2),
    }
}
fn fields(a: Pair, b: Pair) {
    select! {
        v = <-a.rx => work(v),
        v = <-b.rx => work(v),
    }
}
fn indexed(all: &[Receiver<u32>]) {
    select! {
        v = <-all[0] => work(v),
        v = <-all[1] => work(v),
    }
}
