use gochan::prelude::*;

fn example() {
    let wg = WaitGroup::new();
    wg.add(3);
    for n in 0..3 {
        go!([wg] { defer!(wg.done()); work(n); });
    }
    wg.wait();
}
