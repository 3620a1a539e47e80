use gochan::prelude::*;

fn main() {
    let jobs = chan!(u32);
    let wg = WaitGroup::new();
    for _ in 0..3 {
        let jobs = jobs.clone();
        wg.go(move || for n in &jobs { work(n); });
    }
    for n in 0..10 { send!(jobs <- n); }
    close!(jobs);
    wg.wait();
}
