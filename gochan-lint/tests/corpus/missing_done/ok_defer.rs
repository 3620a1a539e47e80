use gochan::prelude::*;

fn example() {
    let wg = WaitGroup::new();
    wg.add(1);
    go!([wg] {
        defer!(wg.done());
        if nothing() { return; }
        let n = parse().unwrap();
        work(n);
    });
    wg.wait();
}
