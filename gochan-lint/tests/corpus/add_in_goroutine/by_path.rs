use gochan::prelude::*;

fn main() {
    let wg = WaitGroup::new();
    go!([wg] {
        WaitGroup::add(&wg, 1); //~ add_in_goroutine
        defer!(wg.done());
        work(1);
    });
    wg.wait();
}
