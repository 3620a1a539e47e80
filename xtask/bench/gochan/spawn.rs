//! Starting goroutines and giving way to each other.

use std::time::{Duration, Instant};

use gochan::prelude::*;
use gochan::runtime::gosched;

use crate::Workload;
use crate::measure::{calibrate, nanos_each, report};

const MILLION: usize = 1_000_000;

pub(crate) const WORKLOADS: &[Workload] = &[
    Workload { name: "spawn_all", run: || report("ns", nanos_each(spawn(MILLION, MILLION), MILLION)) },
    Workload { name: "spawn_batch", run: || report("ns", nanos_each(spawn(MILLION, 1000), MILLION)) },
    Workload { name: "yield", run: || report("ns", calibrate(100_000, yields)) },
];

/// Starts `count` goroutines, `batch` at a time, and waits for each batch.
fn spawn(count: usize, batch: usize) -> Duration {
    let start = Instant::now();
    for _ in 0..count / batch {
        let wg = WaitGroup::new();
        wg.add(batch as isize);
        for _ in 0..batch {
            go!([wg] { wg.done() });
        }
        wg.wait();
    }
    start.elapsed()
}

/// Two goroutines yield to each other.
fn yields(count: usize) -> Duration {
    let wg = WaitGroup::new();
    let each = count / 2 + 1;
    let start = Instant::now();
    for _ in 0..2 {
        wg.add(1);
        go!([wg] {
            defer!(wg.done());
            for _ in 0..each {
                gosched();
            }
        });
    }
    wg.wait();
    start.elapsed()
}
