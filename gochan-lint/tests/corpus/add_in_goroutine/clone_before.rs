use gochan::prelude::*;

fn main() {
    let wg = WaitGroup::new();
    let wg2 = wg.clone();
    go!({
        wg2.add(1); //~ add_in_goroutine
        defer!(wg2.done());
        work(1);
    });
    wg.wait();
}
