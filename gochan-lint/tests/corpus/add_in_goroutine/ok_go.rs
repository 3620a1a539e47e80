use gochan::prelude::*;

fn example() {
    let wg = WaitGroup::new();
    for n in 0..3 {
        wg.go(move || work(n));
    }
    wg.wait();
}
