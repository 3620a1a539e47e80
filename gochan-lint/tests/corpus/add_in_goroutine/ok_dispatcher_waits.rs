use gochan::prelude::*;

fn dispatch(jobs: Receiver<u32>) {
    let wg = WaitGroup::new();
    for job in &jobs {
        wg.add(1);
        go!([wg] { defer!(wg.done()); work(job); }); //~ goroutine_in_loop_unbounded
    }
    wg.wait();
}

fn main() {
    let (tx, rx) = chan!(u32).split();
    go!(dispatch(rx)).join().unwrap();
    drop(tx);
}
