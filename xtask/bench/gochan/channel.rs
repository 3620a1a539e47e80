//! One channel and those who use it.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use gochan::prelude::*;

use crate::Workload;
use crate::measure::{calibrate, report};

pub(crate) const WORKLOADS: &[Workload] = &[
    Workload { name: "pingpong", run: || report("ns", calibrate(20_000, pingpong)) },
    Workload { name: "spsc128", run: || report("ns", calibrate(50_000, |n| spsc(n, 128))) },
    Workload { name: "spsc0", run: || report("ns", calibrate(20_000, |n| spsc(n, 0))) },
    Workload { name: "mpmc128", run: || report("ns", calibrate(50_000, |n| mpmc(n, 128))) },
    Workload { name: "mpmc0", run: || report("ns", calibrate(20_000, |n| mpmc(n, 0))) },
    Workload { name: "chan_uncont", run: || report("ns", calibrate(1_000_000, uncontended)) },
];

fn pingpong(count: usize) -> Duration {
    let (ping, pong) = (chan!(()), chan!(()));
    go!([ping, pong] {
        for () in &ping {
            send!(pong <- ());
        }
        close!(pong);
    });
    let start = Instant::now();
    for _ in 0..count {
        send!(ping <- ());
        recv!(pong);
    }
    let took = start.elapsed();
    close!(ping);
    recv!(pong);
    took
}

fn spsc(count: usize, capacity: usize) -> Duration {
    let values = chan!(u64, capacity);
    let start = Instant::now();
    go!([values] {
        for i in 0..count as u64 {
            send!(values <- i);
        }
        close!(values);
    });
    let mut sum = 0u64;
    for value in &values {
        sum = sum.wrapping_add(value);
    }
    black_box(sum);
    start.elapsed()
}

/// Four producers and four consumers on one channel.
fn mpmc(count: usize, capacity: usize) -> Duration {
    let values = chan!(u64, capacity);
    let each = count / 4 + 1;
    let (producers, consumers) = (WaitGroup::new(), WaitGroup::new());
    let total = Arc::new(AtomicU64::new(0));
    let start = Instant::now();
    for _ in 0..4 {
        producers.add(1);
        go!([values, producers] {
            defer!(producers.done());
            for i in 0..each as u64 {
                send!(values <- i);
            }
        });
        consumers.add(1);
        go!([values, consumers, total] {
            defer!(consumers.done());
            let mut sum = 0u64;
            for value in &values {
                sum = sum.wrapping_add(value);
            }
            total.fetch_add(sum, Relaxed);
        });
    }
    producers.wait();
    close!(values);
    consumers.wait();
    let took = start.elapsed();
    assert_eq!(total.load(Relaxed), 4 * (0..each as u64).sum::<u64>(), "a value was lost or doubled");
    took.mul_f64(count as f64 / (each * 4) as f64)
}

/// Sends to and receives from a buffered channel on one goroutine.
fn uncontended(count: usize) -> Duration {
    let values = chan!(u64, 16);
    let start = Instant::now();
    for i in 0..count as u64 {
        send!(values <- i);
        black_box(recv!(values));
    }
    start.elapsed()
}
