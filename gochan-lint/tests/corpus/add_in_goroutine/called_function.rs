use gochan::prelude::*;

fn worker(wg: WaitGroup) {
    wg.add(1); //~ add_in_goroutine
    defer!(wg.done());
    work(1);
}
fn main() {
    let wg = WaitGroup::new();
    go!(worker(wg.clone()));
    wg.wait();
}
