use gochan::prelude::*;

fn start(wg: &WaitGroup, f: impl FnOnce() + Send + 'static) {
    let wg = wg.clone();
    go!({
        wg.add(1); //~ add_in_goroutine
        defer!(wg.done());
        f();
    });
}

fn main() {
    let wg = WaitGroup::new();
    start(&wg, || work(1));
    start(&wg, || work(2));
    wg.wait();
}
