use gochan::prelude::*;
use gochan::time::sleep;

fn rate_limit(items: Vec<u32>) {
    for n in items {
        go!(work(n));
        sleep(Duration::from_millis(10));
    }
}
fn back_off() {
    for n in 0..5 {
        if connect().is_ok() { return; }
        sleep(Duration::from_millis(10 << n));
    }
}
fn waits_properly() {
    let wg = WaitGroup::new();
    wg.go(|| work(1));
    wg.wait();
    sleep(Duration::from_millis(10));
}
fn joins() {
    let handle = go!(work(1));
    handle.join().unwrap();
    sleep(Duration::from_millis(10));
}
fn inside() {
    go!({ sleep(Duration::from_millis(10)); work(1); });
}
fn sleeps_before() {
    sleep(Duration::from_millis(10));
    go!(work(1));
}
