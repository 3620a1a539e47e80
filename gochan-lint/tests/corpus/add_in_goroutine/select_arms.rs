use gochan::prelude::*;
fn run(jobs: Receiver<u32>, done: Receiver<()>) {
    let wg = WaitGroup::new();
    loop {
        select! {
            Some(job) = <-jobs else { break } => {
                go!([wg] { //~ goroutine_in_loop_unbounded
                    wg.add(1); //~ add_in_goroutine
                    defer!(wg.done());
                    work(job);
                });
            }
            <-done => break,
        }
    }
    wg.wait();
}

fn inside(jobs: Receiver<u32>, done: Receiver<()>) {
    let wg = WaitGroup::new();
    go!([wg, jobs, done] {
        select! {
            Some(job) = <-jobs else { return } => {
                wg.add(1); //~ add_in_goroutine
                defer!(wg.done());
                work(job);
            }
            <-done => {}
        }
    });
    wg.wait();
}

fn work(_: u32) {}
