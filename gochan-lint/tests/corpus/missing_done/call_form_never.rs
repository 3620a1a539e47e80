use gochan::prelude::*;

fn worker(n: u32) { work(n); }

fn run() {
    let wg = WaitGroup::new();
    for n in 0..3 {
        wg.add(1);
        go!(worker(n)); //~ missing_done
    }
    wg.wait();
}
