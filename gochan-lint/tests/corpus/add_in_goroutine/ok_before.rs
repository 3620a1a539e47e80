use gochan::prelude::*;

fn example() {
    let wg = WaitGroup::new();
    for n in 0..10 {
        wg.add(1);
        go!([wg] {
            defer!(wg.done());
            work(n);
        });
    }
    wg.wait();
}
