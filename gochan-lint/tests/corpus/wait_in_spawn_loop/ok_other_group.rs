use gochan::prelude::*;

fn waits_for_earlier_ones(rounds: u32, before: &WaitGroup) {
    let wg = WaitGroup::new();
    for n in 0..rounds {
        before.wait();
        wg.go(move || println!("{n}"));
    }
    wg.wait();
}
fn in_the_goroutine(n: u32) {
    let (wg, start) = (WaitGroup::new(), WaitGroup::new());
    start.add(1);
    for _ in 0..n {
        wg.add(1);
        go!([wg, start] {
            defer!(wg.done());
            start.wait();
        });
    }
    start.done();
    wg.wait();
}
