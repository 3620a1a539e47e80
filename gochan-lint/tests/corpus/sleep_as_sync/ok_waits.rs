use gochan::prelude::*;

fn example() {
    let wg = WaitGroup::new();
    wg.go(|| work(1));
    gochan::time::sleep(Duration::from_millis(100));
    wg.wait();
}
