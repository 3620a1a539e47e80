use gochan::prelude::*;
async fn all<I: Iterator<Item = u32>>(items: I) {
    let wg = WaitGroup::new();
    for item in items {
        go!([wg] {
            wg.add(1); //~ add_in_goroutine
            defer!(wg.done());
            work(item);
        });
    }
    wg.wait();
}

fn run<F: Fn() + Clone + Send + 'static>(f: F) {
    let wg = WaitGroup::new();
    let g = wg.clone();
    let job = move || {
        g.add(1); //~ add_in_goroutine
        f();
        g.done(); //~ done_not_deferred
    };
    go!(job());
    wg.wait();
}

fn work(_: u32) {}
