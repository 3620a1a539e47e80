//! Goroutines that are started, or set free, together.

use std::time::{Duration, Instant};

use gochan::prelude::*;

use crate::Workload;
use crate::measure::{calibrate, report};

pub(crate) const WORKLOADS: &[Workload] = &[
    Workload { name: "rounds8", run: || report("ns", calibrate(5_000, rounds)) },
    Workload { name: "broadcast100", run: || report("ns", calibrate(200, broadcast)) },
];

/// Eight goroutines a round, awaited by a `WaitGroup`.
fn rounds(count: usize) -> Duration {
    let start = Instant::now();
    for _ in 0..count {
        let wg = WaitGroup::new();
        for _ in 0..8 {
            wg.add(1);
            go!([wg] {
                wg.done();
            });
        }
        wg.wait();
    }
    start.elapsed()
}

/// A hundred goroutines wait for a close in each round; the time of a round.
fn broadcast(count: usize) -> Duration {
    let start = Instant::now();
    for _ in 0..count {
        let (ready, go) = (WaitGroup::new(), chan!(()));
        let done = WaitGroup::new();
        for _ in 0..100 {
            ready.add(1);
            done.add(1);
            go!([ready, go, done] {
                ready.done();
                recv!(go);
                done.done();
            });
        }
        ready.wait();
        close!(go);
        done.wait();
    }
    start.elapsed()
}
