use gochan::prelude::*;

fn finish(wg: &WaitGroup) {
    wg.done();
}
fn main() {
    let wg = WaitGroup::new();
    wg.add(1);
    go!([wg] { defer!(finish(&wg)); work(1); });
    wg.wait();
}
