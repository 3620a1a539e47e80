use gochan::prelude::*;

fn example() {
    let wg = WaitGroup::new();
    wg.add(1);
    go!([wg] {
        let n = parse().unwrap(); //~ missing_done
        work(n);
        wg.done(); //~ done_not_deferred
    });
    wg.wait();
}
