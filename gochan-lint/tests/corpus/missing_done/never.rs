use gochan::prelude::*;

fn example() {
    let wg = WaitGroup::new();
    wg.add(1);
    go!({ work(1); }); //~ missing_done
    wg.wait();
}
