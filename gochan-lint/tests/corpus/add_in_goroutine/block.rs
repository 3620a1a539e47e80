use gochan::prelude::*;

fn example() {
    let wg = WaitGroup::new();
    go!([wg] {
        wg.add(1); //~ add_in_goroutine
        defer!(wg.done());
        work(1);
    });
    wg.wait();
}
