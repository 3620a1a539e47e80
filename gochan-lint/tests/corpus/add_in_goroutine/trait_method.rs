use gochan::prelude::*;

trait Job { fn run(&self, wg: &WaitGroup); }
struct Print;
impl Job for Print {
    fn run(&self, wg: &WaitGroup) {
        wg.add(1); //~ add_in_goroutine
        defer!(wg.done());
        println!("job");
    }
}

fn start(job: Print) {
    let wg = WaitGroup::new();
    go!([wg] { job.run(&wg) });
    wg.wait();
}
