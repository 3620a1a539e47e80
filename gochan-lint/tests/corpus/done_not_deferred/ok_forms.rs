use gochan::prelude::*;

fn deferred() {
    let wg = WaitGroup::new();
    wg.add(1);
    go!([wg] { defer!(wg.done()); step(1); });
    wg.wait();
}
fn nothing_can_fail() {
    let wg = WaitGroup::new();
    wg.add(1);
    let flag = Arc::new(AtomicBool::new(false));
    go!([wg, flag] { flag.store(true, Ordering::Release); wg.done(); });
    wg.wait();
}
fn only_done() {
    let wg = WaitGroup::new();
    wg.add(1);
    go!([wg] { wg.done(); });
    wg.wait();
}
