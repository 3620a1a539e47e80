use gochan::prelude::*;

fn example() {
    let wg = WaitGroup::new();
    wg.add(1);
    go!([wg] {
        defer!(wg.done());
        for n in 0..3 {
            wg.add(1);
            go!([wg] { defer!(wg.done()); work(n); });
        }
    });
    wg.wait();
}
