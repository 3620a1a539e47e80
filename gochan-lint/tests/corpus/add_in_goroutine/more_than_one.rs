use gochan::prelude::*;

fn start(n: usize) {
    let wg = WaitGroup::new();
    go!([wg] {
        wg.add(n as isize); //~ add_in_goroutine
        for i in 0..n {
            go!([wg] { defer!(wg.done()); work(i); });
        }
    });
    wg.wait();
}
