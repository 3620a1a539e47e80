use gochan::prelude::*;

fn example() {
    let wg = WaitGroup::new();
    go!([wg] {
        if ready() {
            wg.add(1); //~ add_in_goroutine
            work(1);
            wg.done();
        }
    });
    wg.wait();
}
