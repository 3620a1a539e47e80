//! A job queue: workers, retries with back-off, a list of what failed for good.

use gochan::prelude::*;
use gochan::sync::Mutex;
use gochan::time::sleep;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

#[derive(Debug, Clone)]
struct Job {
    id: usize,
    attempts: u32,
}

#[derive(Debug)]
enum Outcome {
    Done { id: usize, attempts: u32 },
    Failed { id: usize, reason: String },
}

type Work = dyn Fn(&Job) -> Result<(), String> + Send + Sync;

struct Queue {
    jobs: Chan<Job>,
    outcomes: Chan<Outcome>,
    /// Jobs that are neither done nor given up.
    open: WaitGroup,
    workers: WaitGroup,
    retries: AtomicUsize,
    limit: u32,
    work: Box<Work>,
}

impl Queue {
    fn start(
        workers: usize,
        limit: u32,
        work: impl Fn(&Job) -> Result<(), String> + Send + Sync + 'static,
    ) -> Arc<Queue> {
        let queue = Arc::new(Queue {
            jobs: chan!(Job, 16),
            outcomes: chan!(Outcome, 16),
            open: WaitGroup::new(),
            workers: WaitGroup::new(),
            retries: AtomicUsize::new(0),
            limit,
            work: Box::new(work),
        });
        for _ in 0..workers {
            queue.workers.add(1);
            let queue = Arc::clone(&queue);
            go!(queue.run());
        }
        queue
    }

    fn submit(&self, id: usize) {
        self.open.add(1);
        send!(self.jobs <- Job { id, attempts: 0 });
    }

    fn run(self: Arc<Self>) {
        defer!(self.workers.done());
        while let Some(mut job) = self.jobs.recv() {
            job.attempts += 1;
            match (self.work)(&job) {
                Ok(()) => self.settle(Outcome::Done { id: job.id, attempts: job.attempts }),
                Err(reason) if job.attempts >= self.limit => {
                    self.settle(Outcome::Failed { id: job.id, reason });
                }
                Err(_) => self.retry(job),
            }
        }
    }

    fn settle(&self, outcome: Outcome) {
        send!(self.outcomes <- outcome);
        self.open.done();
    }

    /// Not by the worker itself: it would wait for room that only workers make.
    fn retry(self: &Arc<Self>, job: Job) {
        self.retries.fetch_add(1, Ordering::Relaxed);
        let this = self.clone();
        go!({
            sleep(Duration::from_millis(1 << job.attempts));
            send!(this.jobs <- job);
        });
    }

    /// Closes the queue behind the last job, and the outcomes behind the last worker.
    fn finish(self: &Arc<Self>) {
        let this = self.clone();
        go!({
            this.open.wait();
            close!(this.jobs);
            this.workers.wait();
            close!(this.outcomes);
        });
    }
}

#[gochan::main]
fn main() {
    let tries = Arc::new(Mutex::new(HashMap::<usize, u32>::new()));
    let queue = {
        let tries = tries.clone();
        Queue::start(3, 4, move |job| {
            let mut tries = tries.lock();
            let count = tries.entry(job.id).or_insert(0);
            *count += 1;
            if job.id % 5 == 4 {
                return Err(format!("job {} never works", job.id));
            }
            if (*count as usize) <= job.id % 3 {
                return Err("not yet".to_owned());
            }
            Ok(())
        })
    };
    for id in 0..10 {
        queue.submit(id);
    }
    queue.finish();

    let (mut done, mut failed) = (0, Vec::new());
    for outcome in &queue.outcomes {
        match outcome {
            Outcome::Done { attempts, .. } => done += usize::from(attempts > 0),
            Outcome::Failed { id, reason } => failed.push((id, reason)),
        }
    }
    failed.sort_unstable();
    println!("{done} done, {} retries, failed: {failed:?}", queue.retries.load(Ordering::Relaxed));
    let most = tries.lock().values().copied().max();
    println!("at most {most:?} tries");
}
