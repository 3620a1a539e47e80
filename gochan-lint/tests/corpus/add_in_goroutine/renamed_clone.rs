use gochan::prelude::*;

fn example() {
    let wg = WaitGroup::new();
    let mine = wg.clone();
    go!({
        mine.add(1); //~ add_in_goroutine
        defer!(mine.done());
        work(1);
    });
    wg.wait();
}
