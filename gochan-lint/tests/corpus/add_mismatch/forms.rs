use gochan::prelude::*;

fn loop_too_many() {
    let wg = WaitGroup::new();
    wg.add(3); //~ add_mismatch
    for n in 0..4 {
        go!([wg] { defer!(wg.done()); work(n); });
    }
    wg.wait();
}
fn inclusive() {
    let wg = WaitGroup::new();
    wg.add(4); //~ add_mismatch
    for n in 0..=4 {
        go!([wg] { defer!(wg.done()); work(n); });
    }
    wg.wait();
}
const WORKERS: usize = 8;
fn constant() {
    let wg = WaitGroup::new();
    wg.add(4); //~ add_mismatch
    for n in 0..WORKERS {
        go!([wg] { defer!(wg.done()); work(n); });
    }
    wg.wait();
}
fn worker(wg: WaitGroup) { defer!(wg.done()); work(1); }
fn by_call() {
    let wg = WaitGroup::new();
    wg.add(2); //~ add_mismatch
    go!(worker(wg.clone()));
    wg.wait();
}
