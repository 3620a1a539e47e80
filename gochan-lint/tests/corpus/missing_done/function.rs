use gochan::prelude::*;

fn worker(wg: WaitGroup, n: u32) {
    if n == 0 {
        return; //~ missing_done
    }
    work(n);
    wg.done(); //~ done_not_deferred
}
fn main() {
    let wg = WaitGroup::new();
    wg.add(1);
    go!(worker(wg.clone(), 1));
    wg.wait();
}
