//! Locks between many goroutines: reads and writes mixed, semaphores, condition variables.

use std::collections::VecDeque;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use gochan::prelude::*;
use gochan::sync::{Cond, Mutex, RwLock};

use crate::Workload;
use crate::measure::{calibrate, report};

pub(crate) const WORKLOADS: &[Workload] = &[
    Workload { name: "rw2", run: || report("ns", calibrate(100_000, |n| read_write(n, 2))) },
    Workload { name: "rw10", run: || report("ns", calibrate(100_000, |n| read_write(n, 10))) },
    Workload { name: "rw100", run: || report("ns", calibrate(100_000, |n| read_write(n, 100))) },
    Workload { name: "rw1000", run: || report("ns", calibrate(100_000, |n| read_write(n, 1000))) },
    Workload { name: "semaphore4", run: || report("ns", calibrate(50_000, semaphore)) },
    Workload { name: "cond_queue", run: || report("ns", calibrate(20_000, cond_queue)) },
];

/// A hundred goroutines share a value; one operation in `one_write_in` is a write.
fn read_write(count: usize, one_write_in: usize) -> Duration {
    let total = Arc::new(RwLock::new(0_u64));
    let sum = Arc::new(AtomicU64::new(0));
    let wg = WaitGroup::new();
    let each = count / 100 + 1;
    let start = Instant::now();
    for member in 0..100 {
        wg.add(1);
        go!([total, sum, wg] {
            let mut seen = 0_u64;
            for turn in 0..each {
                if (turn + member) % one_write_in == 0 {
                    *total.write() += 1;
                } else {
                    seen = seen.wrapping_add(*total.read());
                }
            }
            sum.fetch_add(seen, Relaxed);
            // gochan-lint: allow(done_not_deferred) as in the programs it is compared with
            wg.done();
        });
    }
    wg.wait();
    black_box(sum.load(Relaxed));
    start.elapsed().mul_f64(count as f64 / (each * 100) as f64)
}

/// Sixteen goroutines, of which a channel of four tokens lets four in.
fn semaphore(count: usize) -> Duration {
    let tokens = chan!((), 4);
    let wg = WaitGroup::new();
    let each = count / 16 + 1;
    let start = Instant::now();
    for _ in 0..16 {
        wg.add(1);
        go!([tokens, wg] {
            defer!(wg.done());
            for _ in 0..each {
                send!(tokens <- ());
                recv!(tokens);
            }
        });
    }
    wg.wait();
    start.elapsed().mul_f64(count as f64 / (each * 16) as f64)
}

/// A queue of 16 places under a mutex with two conditions; two producers, two consumers.
fn cond_queue(count: usize) -> Duration {
    struct Queue {
        values: Mutex<VecDeque<u64>>,
        not_full: Cond,
        not_empty: Cond,
    }
    let queue = Arc::new(Queue {
        values: Mutex::new(VecDeque::new()),
        not_full: Cond::new(),
        not_empty: Cond::new(),
    });
    let wg = WaitGroup::new();
    let each = count / 2 + 1;
    let start = Instant::now();
    for _ in 0..2 {
        wg.add(2);
        go!([queue, wg] {
            defer!(wg.done());
            for i in 0..each as u64 {
                let mut values = queue.values.lock();
                while values.len() == 16 {
                    values = queue.not_full.wait(values);
                }
                values.push_back(i);
                drop(values);
                queue.not_empty.signal();
            }
        });
        go!([queue, wg] {
            defer!(wg.done());
            let mut sum = 0u64;
            for _ in 0..each {
                let mut values = queue.values.lock();
                while values.is_empty() {
                    values = queue.not_empty.wait(values);
                }
                sum = sum.wrapping_add(values.pop_front().unwrap_or_default());
                drop(values);
                queue.not_full.signal();
            }
            black_box(sum);
        });
    }
    wg.wait();
    start.elapsed().mul_f64(count as f64 / (each * 2) as f64)
}
