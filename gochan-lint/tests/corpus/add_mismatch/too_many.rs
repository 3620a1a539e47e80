use gochan::prelude::*;

fn example() {
    let wg = WaitGroup::new();
    wg.add(3); //~ add_mismatch
    go!([wg] { defer!(wg.done()); work(1); });
    go!([wg] { defer!(wg.done()); work(2); });
    wg.wait();
}
