use gochan::prelude::*;

fn example() {
    let wg = WaitGroup::new();
    go!(|wg: WaitGroup| {
        wg.add(1); //~ add_in_goroutine
        defer!(wg.done());
        work(1);
    }(wg.clone()));
    wg.wait();
}
