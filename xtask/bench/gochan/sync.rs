//! Locks: one goroutine, and eight that meet at one.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use gochan::prelude::*;
use gochan::sync::{Mutex, RwLock};

use crate::Workload;
use crate::measure::{calibrate, report};

pub(crate) const WORKLOADS: &[Workload] = &[
    Workload { name: "mutex1", run: || report("ns", calibrate(1_000_000, |n| mutex(n, 1))) },
    Workload { name: "mutex8", run: || report("ns", calibrate(100_000, |n| mutex(n, 8))) },
    Workload { name: "rw8", run: || report("ns", calibrate(100_000, readers)) },
];

/// Goroutines that count together.
fn mutex(count: usize, goroutines: usize) -> Duration {
    let total = Arc::new(Mutex::new(0_u64));
    let wg = WaitGroup::new();
    let each = count / goroutines + 1;
    let start = Instant::now();
    for _ in 0..goroutines {
        wg.add(1);
        go!([total, wg] {
            for _ in 0..each {
                *total.lock() += 1;
            }
            wg.done();
        });
    }
    wg.wait();
    black_box(*total.lock());
    start.elapsed()
}

/// Eight goroutines that read together, and each writes once in a hundred turns.
fn readers(count: usize) -> Duration {
    let total = Arc::new(RwLock::new(0_u64));
    let sum = Arc::new(AtomicU64::new(0));
    let wg = WaitGroup::new();
    let each = count / 8 + 1;
    let start = Instant::now();
    for _ in 0..8 {
        wg.add(1);
        go!([total, sum, wg] {
            let mut seen = 0_u64;
            for turn in 0..each {
                if turn % 100 == 99 {
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
    start.elapsed()
}
