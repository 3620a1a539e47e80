use gochan::prelude::*;

fn main() {
    go!(work(1)).join().unwrap();
    let wg = WaitGroup::new();
    wg.go(|| work(2));
    wg.wait();
}
