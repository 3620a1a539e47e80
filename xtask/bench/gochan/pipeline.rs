//! Several channels with goroutines between them.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use gochan::prelude::*;
use gochan::time::sleep;

use crate::Workload;
use crate::measure::{millis, nanos_each, report};

const POOL_JOBS: u64 = 1_000_000;
const DAISY_LINKS: usize = 100;
const DAISY_VALUES: usize = 10_000;

pub(crate) const WORKLOADS: &[Workload] = &[
    Workload {
        name: "pool8",
        run: || report("ns", nanos_each(pool(POOL_JOBS, |j| j * 2, Pool::Fresh), POOL_JOBS as usize)),
    },
    Workload { name: "sieve", run: || report("ms", millis(sieve())) },
    Workload { name: "daisy", run: || report("ns", nanos_each(daisy(), DAISY_LINKS * DAISY_VALUES)) },
];

/// Whether the workers of a pool have just been started, or all wait, when the first job comes.
pub(crate) enum Pool {
    Fresh,
    Parked,
}

/// Eight workers between a channel of jobs and one of results.
pub(crate) fn pool(count: u64, work: fn(u64) -> u64, state: Pool) -> Duration {
    let (jobs, results) = (chan!(u64), chan!(u64));
    let workers = WaitGroup::new();
    let started = Arc::new(AtomicUsize::new(0));
    let mut start = Instant::now();
    for _ in 0..8 {
        workers.add(1);
        go!([jobs, results, workers, started] {
            defer!(workers.done());
            started.fetch_add(1, Relaxed);
            for job in &jobs {
                send!(results <- work(job));
            }
        });
    }
    if let Pool::Parked = state {
        while started.load(Relaxed) != 8 {
            sleep(Duration::from_millis(1));
        }
        sleep(Duration::from_millis(20));
        start = Instant::now();
    }
    go!([jobs] {
        for i in 0..count {
            send!(jobs <- i);
        }
        close!(jobs);
    });
    go!([results] {
        workers.wait();
        close!(results);
    });
    let (mut sum, mut received) = (0u64, 0);
    for result in &results {
        sum = sum.wrapping_add(result);
        received += 1;
    }
    assert_eq!(received, count, "results were lost");
    black_box(sum);
    start.elapsed()
}

/// Finds the first thousand primes, one goroutine a prime.
fn sieve() -> Duration {
    let start = Instant::now();
    let mut numbers = chan!(u64);
    go!([numbers] {
        for i in 2.. {
            send!(numbers <- i);
        }
    });
    let mut prime = 0;
    for _ in 0..1000 {
        prime = recv!(numbers);
        let rest = chan!(u64);
        go!([numbers, rest] {
            loop {
                // gochan-lint: allow(ok_ignored) nobody closes: the process ends
                let i = recv!(numbers);
                if i % prime != 0 {
                    send!(rest <- i);
                }
            }
        });
        numbers = rest;
    }
    let took = start.elapsed();
    assert_eq!(prime, 7919);
    took
}

/// Sends values through a chain of goroutines that each add one.
fn daisy() -> Duration {
    let start = Instant::now();
    let first = chan!(u64);
    let mut last = first.clone();
    for _ in 0..DAISY_LINKS {
        let (left, right) = (last, chan!(u64));
        last = right.clone();
        go!({
            for value in &left {
                send!(right <- value + 1);
            }
            close!(right);
        });
    }
    go!({
        for i in 0..DAISY_VALUES as u64 {
            send!(first <- i);
        }
        close!(first);
    });
    assert_eq!(last.iter().count(), DAISY_VALUES);
    start.elapsed()
}
