use gochan::prelude::*;

fn with_unwrap() {
    let wg = WaitGroup::new();
    wg.add(1);
    go!([wg] {
        let n: u32 = read(); 
        step(n);
        wg.done(); //~ done_not_deferred
    });
    wg.wait();
}
fn worker(wg: WaitGroup, n: u32) {
    step(n);
    wg.done(); //~ done_not_deferred
}
fn by_call() {
    let wg = WaitGroup::new();
    wg.add(1);
    go!(worker(wg.clone(), 1));
    wg.wait();
}
