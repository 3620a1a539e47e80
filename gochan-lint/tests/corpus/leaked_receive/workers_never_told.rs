use gochan::prelude::*;

fn run(items: Vec<u32>) {
    let (jobs, wg) = (chan!(u32), WaitGroup::new());
    for _ in 0..4 {
        let jobs = jobs.clone();
        wg.go(move || {
            for n in &jobs { work(n); } //~ leaked_receive
        });
    }
    for n in items { send!(jobs <- n); }
    wg.wait();
}
