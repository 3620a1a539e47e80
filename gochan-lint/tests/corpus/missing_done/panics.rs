use gochan::prelude::*;

fn example() {
    let wg = WaitGroup::new();
    wg.add(1);
    go!([wg] {
        if bad() {
            panic!("bad"); //~ missing_done
        }
        work(1);
        wg.done(); //~ done_not_deferred
    });
    wg.wait();
}
