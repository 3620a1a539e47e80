use gochan::prelude::*;

fn dropped_sender() {
    let (tx, rx) = chan!(u32, 4).split();
    go!({ for n in 0..3 { send!(tx <- n); } });
    for n in &rx { work(n); }
}
fn explicit_drop() {
    let (tx, rx) = chan!(u32, 4).split();
    send!(tx <- 1);
    drop(tx);
    for n in &rx { work(n); }
}
fn closed_by_coordinator() {
    let (ch, wg) = (chan!(u32), WaitGroup::new());
    for n in 0..3 {
        let ch = ch.clone();
        wg.go(move || send!(ch <- n));
    }
    go!([ch, wg] { wg.wait(); close!(ch); });
    for n in &ch { work(n); }
}
fn handed_to_unknown(registry: &Registry) {
    let ch = chan!(u32, 4);
    registry.subscribe(ch.sender());
    for n in &ch { work(n); }
}
fn parameter(rx: Receiver<u32>) {
    for n in &rx { work(n); }
}
fn leaves() {
    let ch = chan!(u32);
    go!([ch] { for n in 0.. { if ch.send(n).is_err() { break; } } });
    for n in &ch {
        if n == 10 { break; }
    }
}
fn returned() -> Chan<u32> {
    let ch = chan!(u32);
    go!([ch] { for n in &ch { work(n); } });
    ch
}
