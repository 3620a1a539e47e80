use gochan::prelude::*;
use std::sync::{Arc, Mutex};

struct Pool { jobs: Mutex<Receiver<u32>>, done: Arc<std::sync::Mutex<Chan<u32>>> }

impl Pool {
    fn next(&self) -> Option<u32> {
        self.jobs.lock().unwrap().recv() //~ guard_across_blocking
    }
    fn tells(&self, n: u32) {
        let done = self.done.lock().unwrap();
        done.send(n).unwrap(); //~ guard_across_blocking
    }
    fn looks(&self) -> Option<u32> {
        self.jobs.lock().unwrap().try_recv().ok()
    }
    fn taken_out(&self) -> Option<u32> {
        let jobs = self.jobs.lock().unwrap().clone();
        jobs.recv()
    }
}
fn workers(jobs: Receiver<u32>) {
    let jobs = Arc::new(Mutex::new(jobs));
    for _ in 0..4 {
        go!([jobs] {
            while let Some(n) = jobs.lock().unwrap().recv() { work(n); } //~ guard_across_blocking
        });
    }
}
