use gochan::prelude::*;

fn example() {
    let wg = WaitGroup::new();
    for n in 0..10 {
        go!([wg] {
            wg.add(1); //~ add_in_goroutine
            work(n);
            wg.done(); //~ done_not_deferred
        });
    }
    wg.wait();
}
