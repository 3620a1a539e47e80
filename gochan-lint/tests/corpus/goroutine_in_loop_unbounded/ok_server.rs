//! The same with a limit: slots, tokens, a pool, or an answer that the loop waits for.

use gochan::prelude::*;
use gochan::sync::Semaphore;

struct Dispatcher { jobs: Receiver<Job>, results: Sender<Outcome> }

impl Dispatcher {
    /// A pool of workers.
    fn run(&self, workers: usize) {
        let wg = WaitGroup::new();
        for _ in 0..workers {
            let (jobs, results) = (self.jobs.clone(), self.results.clone());
            wg.go(move || for job in &jobs { send!(results <- job.run()); });
        }
        wg.wait();
    }

    /// One at a time, in a goroutine of its own for its panics.
    fn one_by_one(&self) {
        for job in &self.jobs {
            if go!(job.run()).join().is_err() { println!("a job has panicked"); }
        }
    }
}

fn slots(ctx: &Context, urls: Receiver<String>) {
    let slots = Arc::new(Semaphore::new(32));
    for url in &urls {
        if slots.acquire(ctx, 1).is_err() { return; }
        go!([slots] { defer!(slots.release(1)); fetch(&url) });
    }
}

fn tokens(events: &Receiver<Event>, tokens: Chan<()>) {
    for event in events {
        send!(tokens <- ());
        go!([tokens] { publish(event); recv!(tokens); });
    }
}

fn known_number(files: &[String]) {
    let wg = WaitGroup::new();
    for file in files {
        let file = file.clone();
        wg.go(move || compress(&file));
    }
    wg.wait();
}

fn answered(requests: Receiver<Request>) {
    for request in &requests {
        let answer = chan!(Answer, 1);
        go!([answer] { send!(answer <- ask(request)); });
        println!("{:?}", recv!(answer));
    }
}
