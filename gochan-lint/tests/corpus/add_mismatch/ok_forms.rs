use gochan::prelude::*;

fn same() {
    let wg = WaitGroup::new();
    wg.add(4);
    for n in 0..4 { go!([wg] { defer!(wg.done()); work(n); }); }
    wg.wait();
}
fn variable(items: Vec<u32>) {
    let wg = WaitGroup::new();
    wg.add(items.len() as isize);
    for n in items { go!([wg] { defer!(wg.done()); work(n); }); }
    wg.wait();
}
fn in_parts(more: bool) {
    let wg = WaitGroup::new();
    wg.add(1);
    go!([wg] { defer!(wg.done()); work(1); });
    if more {
        wg.add(1);
        go!([wg] { defer!(wg.done()); work(2); });
    }
    wg.wait();
}
fn done_by_own(wg: WaitGroup) {
    wg.add(2);
    go!([wg] { defer!(wg.done()); work(1); });
    work(2);
    wg.done();
    wg.wait();
}
fn several_per_goroutine() {
    let wg = WaitGroup::new();
    wg.add(2);
    go!([wg] { work(1); wg.done(); work(2); wg.done(); });
    wg.wait();
}
