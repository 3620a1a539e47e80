use gochan::prelude::*;
fn run() {
    let wg = WaitGroup::new();
    let inner = wg.clone();
    let thread = std::thread::spawn(move || {
        inner.add(1); //~ add_in_goroutine
        defer!(inner.done());
        work();
    });
    wg.wait();
    thread.join().unwrap();
}

fn scoped() {
    let wg = WaitGroup::new();
    std::thread::scope(|s| {
        s.spawn(|| {
            wg.add(1); //~ add_in_goroutine
            defer!(wg.done());
            work();
        });
        wg.wait();
    });
}

fn named() {
    let wg = WaitGroup::new();
    let group = wg.clone();
    std::thread::Builder::new()
        .name("worker".into())
        .spawn(move || {
            group.add(1); //~ add_in_goroutine
            defer!(group.done());
            work();
        })
        .unwrap();
    wg.wait();
}

fn work() {}
