use gochan::prelude::*;

fn example() {
    let wg = WaitGroup::new();
    wg.go(|| { if nothing() { return; } work(1); });
    wg.wait();
}
