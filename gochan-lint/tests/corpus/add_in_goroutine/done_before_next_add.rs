use gochan::prelude::*;

fn main() {
    let wg = WaitGroup::new();
    wg.add(1);
    go!([wg] {
        work(1);
        wg.done();
        wg.add(1); //~ add_in_goroutine
        go!([wg] { defer!(wg.done()); work(2); });
    });
    wg.wait();
}
