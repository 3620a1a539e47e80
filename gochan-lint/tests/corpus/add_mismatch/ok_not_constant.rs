use gochan::prelude::*;

fn run(count: usize) {
    let wg = WaitGroup::new();
    wg.add(2);
    for n in 0..count {
        go!([wg] { defer!(wg.done()); work(n); });
    }
    wg.wait();
}
