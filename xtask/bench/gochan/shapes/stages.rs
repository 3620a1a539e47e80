//! Goroutines one behind the other: pipelines, rings, trees.

use std::hint::black_box;
use std::time::{Duration, Instant};

use gochan::prelude::*;

use crate::Workload;
use crate::measure::{calibrate, nanos_each, report};

pub(crate) const WORKLOADS: &[Workload] = &[
    Workload { name: "stages8_0", run: || report("ns", calibrate(5_000, |n| stages(n, 8, 0))) },
    Workload { name: "stages8_16", run: || report("ns", calibrate(10_000, |n| stages(n, 8, 16))) },
    Workload { name: "ring1000", run: || report("ns", calibrate(50_000, |n| ring(n, 1_000))) },
    Workload { name: "ring100k", run: || report("ns", calibrate(200_000, |n| ring(n, 100_000))) },
    Workload { name: "tree18", run: || report("ns", nanos_each(tree(18), 1 << 18)) },
];

/// The time of a value's hop from stage to stage.
fn stages(count: usize, stages: usize, capacity: usize) -> Duration {
    let first = chan!(u64, capacity);
    let mut last = first.clone();
    let start = Instant::now();
    for _ in 0..stages {
        let (left, right) = (last, chan!(u64, capacity));
        last = right.clone();
        go!({
            for value in &left {
                send!(right <- value + 1);
            }
            close!(right);
        });
    }
    go!({
        for i in 0..count as u64 {
            send!(first <- i);
        }
        close!(first);
    });
    assert_eq!(last.iter().count(), count);
    start.elapsed() / stages as u32
}

/// A token goes round until it has made `count` hops.
fn ring(count: usize, members: usize) -> Duration {
    let done = chan!(());
    let first = chan!(usize);
    let mut left = first.clone();
    for member in 0..members {
        let right = if member + 1 == members { first.clone() } else { chan!(usize) };
        go!([left, right, done] {
            for hops in &left {
                if hops == 0 {
                    // gochan-lint: allow(double_close) one token, and it ends at one member
                    close!(done);
                    return;
                }
                send!(right <- hops - 1);
            }
        });
        left = right;
    }
    // Every member waits before the time begins.
    gochan::time::sleep(Duration::from_millis(20));
    let start = Instant::now();
    send!(first <- count);
    recv!(done);
    start.elapsed()
}

/// A goroutine for each node of a binary tree; the leaves count themselves, the others add up.
fn tree(depth: u32) -> Duration {
    fn leaves(depth: u32) -> u64 {
        if depth == 0 {
            return 1;
        }
        let sums = chan!(u64);
        for _ in 0..2 {
            go!([sums] {
                send!(sums <- leaves(depth - 1));
            });
        }
        recv!(sums) + recv!(sums)
    }
    let start = Instant::now();
    assert_eq!(black_box(leaves(depth)), 1 << depth);
    start.elapsed()
}
