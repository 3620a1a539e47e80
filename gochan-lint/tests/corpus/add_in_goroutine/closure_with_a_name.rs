use gochan::prelude::*;

fn example() {
    let wg = WaitGroup::new();
    let task = {
        let wg = wg.clone();
        move || {
            wg.add(1); //~ add_in_goroutine
            defer!(wg.done());
            work(1);
        }
    };
    go!(task());
    wg.wait();
}
