use gochan::prelude::*;

fn before() {
    let (wg, ready) = (WaitGroup::new(), chan!(()));
    go!([wg, ready] {
        close!(ready);
        wg.add(1); //~ add_in_goroutine
        defer!(wg.done());
    });
    ready.recv();
    wg.wait();
}

fn received_after() {
    let (wg, ready) = (WaitGroup::new(), chan!((), 1));
    go!([wg, ready] {
        wg.add(1); //~ add_in_goroutine
        close!(ready);
        defer!(wg.done());
    });
    wg.wait();
    ready.recv();
}

fn joined_sometimes(b: bool) {
    let wg = WaitGroup::new();
    let handle = go!([wg] {
        wg.add(1); //~ add_in_goroutine
        go!([wg] { defer!(wg.done()); });
    });
    if b {
        handle.join().unwrap();
    }
    wg.wait();
}

fn another_joined() {
    let wg = WaitGroup::new();
    let other = go!({ println!(); });
    go!([wg] {
        wg.add(1); //~ add_in_goroutine
        defer!(wg.done());
    });
    other.join().unwrap();
    wg.wait();
}
