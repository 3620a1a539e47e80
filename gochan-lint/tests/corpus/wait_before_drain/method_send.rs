use gochan::prelude::*;

fn run(items: Vec<u32>) -> Vec<u32> {
    let (tx, rx) = chan!(u32).split();
    let wg = WaitGroup::new();
    for item in items {
        wg.add(1);
        go!([tx, wg] {
            defer!(wg.done());
            tx.send(item * 2).unwrap();
        });
    }
    drop(tx);
    wg.wait(); //~ wait_before_drain
    rx.iter().collect()
}
