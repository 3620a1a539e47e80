use gochan::prelude::*;

fn example() {
    let wg = WaitGroup::new();
    wg.add(1);
    go!([wg] { defer!(wg.done()); work(1); });
    wg.wait();
}
