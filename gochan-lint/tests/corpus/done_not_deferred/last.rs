use gochan::prelude::*;

fn example() {
    let wg = WaitGroup::new();
    wg.add(1);
    go!([wg] {
        work(1);
        wg.done(); //~ done_not_deferred
    });
    wg.wait();
}
