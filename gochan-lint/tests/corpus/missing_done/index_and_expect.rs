use gochan::prelude::*;

fn run(items: Vec<u32>) {
    let wg = WaitGroup::new();
    wg.add(1);
    go!([wg] {
        let first = items.first().expect("not empty"); //~ missing_done
        work(first);
        wg.done(); //~ done_not_deferred
    });
    wg.wait();
}
