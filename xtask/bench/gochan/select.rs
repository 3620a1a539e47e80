//! Several channels at once.

use std::hint::black_box;
use std::time::{Duration, Instant};

use gochan::prelude::*;

use crate::Workload;
use crate::measure::{calibrate, report};

pub(crate) const WORKLOADS: &[Workload] = &[
    Workload { name: "select2_128", run: || report("ns", calibrate(20_000, |n| select2(n, 128))) },
    Workload { name: "select2_0", run: || report("ns", calibrate(20_000, |n| select2(n, 0))) },
    Workload { name: "select8_128", run: || report("ns", calibrate(20_000, |n| select8(n, 128))) },
    Workload { name: "select8_0", run: || report("ns", calibrate(20_000, |n| select8(n, 0))) },
    Workload { name: "select_default", run: || report("ns", calibrate(1_000_000, default)) },
];

/// Sends `count` values and leaves the channel open: a closed one would always be ready.
fn produce(values: Chan<u64>, count: usize) {
    for i in 0..count as u64 {
        send!(values <- i);
    }
}

/// Receives from whichever of two channels has something.
fn select2(count: usize, capacity: usize) -> Duration {
    let (a, b) = (chan!(u64, capacity), chan!(u64, capacity));
    let each = count / 2 + 1;
    let start = Instant::now();
    go!(produce(a.clone(), each));
    go!(produce(b.clone(), each));
    let mut sum = 0u64;
    for _ in 0..2 * each {
        select! {
            value = <-a => sum = sum.wrapping_add(value),
            value = <-b => sum = sum.wrapping_add(value),
        }
    }
    black_box(sum);
    start.elapsed()
}

fn select8(count: usize, capacity: usize) -> Duration {
    let channels: [Chan<u64>; 8] = std::array::from_fn(|_| chan!(u64, capacity));
    let [a, b, c, d, e, f, g, h] = &channels;
    let each = count / 8 + 1;
    let start = Instant::now();
    for channel in &channels {
        go!(produce(channel.clone(), each));
    }
    let mut sum = 0u64;
    for _ in 0..8 * each {
        let value = select! {
            value = <-a => value,
            value = <-b => value,
            value = <-c => value,
            value = <-d => value,
            value = <-e => value,
            value = <-f => value,
            value = <-g => value,
            value = <-h => value,
        };
        sum = sum.wrapping_add(value);
    }
    black_box(sum);
    start.elapsed()
}

/// Asks a channel that never has anything.
fn default(count: usize) -> Duration {
    let empty = chan!(u64);
    let start = Instant::now();
    for _ in 0..count {
        select! {
            value = <-empty => {
                black_box(value);
            }
            default => {}
        }
    }
    start.elapsed()
}
