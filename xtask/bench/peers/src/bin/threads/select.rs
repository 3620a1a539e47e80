//! Selects of crossbeam, the one channel for threads that has them.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, after, bounded, select};
use gochan_bench_peers::blocking::Threads;
use gochan_bench_peers::measure::{calibrate, report};

use crate::OsThreads;

pub(crate) fn run(workload: &str) -> bool {
    match workload {
        "select2_128" => report("ns", calibrate(20_000, |n| select2(n, 128))),
        "select2_0" => report("ns", calibrate(5_000, |n| select2(n, 0))),
        "select8_128" => report("ns", calibrate(20_000, |n| select8(n, 128))),
        "select8_0" => report("ns", calibrate(5_000, |n| select8(n, 0))),
        "select_default" => report("ns", calibrate(1_000_000, default)),
        "timeafter" => report("ns", calibrate(100_000, time_after)),
        _ => return false,
    }
    true
}

/// A thread that sends `count` values and keeps the channel open until `end` closes.
fn produce(tx: Sender<u64>, count: usize, end: Receiver<()>) {
    OsThreads::spawn(move || {
        for i in 0..count as u64 {
            tx.send(i).expect("the receiver lives");
        }
        let _ = end.recv();
    });
}

fn select2(count: usize, capacity: usize) -> Duration {
    let ((a, a_values), (b, b_values)) = (bounded::<u64>(capacity), bounded::<u64>(capacity));
    let (_ended, end) = bounded::<()>(0);
    let each = count / 2 + 1;
    let start = Instant::now();
    produce(a, each, end.clone());
    produce(b, each, end);
    let mut sum = 0u64;
    for _ in 0..2 * each {
        let value = select! {
            recv(a_values) -> value => value,
            recv(b_values) -> value => value,
        };
        sum = sum.wrapping_add(value.expect("the producer lives"));
    }
    black_box(sum);
    start.elapsed()
}

fn select8(count: usize, capacity: usize) -> Duration {
    let (senders, receivers): (Vec<_>, Vec<_>) = (0..8).map(|_| bounded::<u64>(capacity)).unzip();
    let [a, b, c, d, e, f, g, h] = &receivers[..] else { unreachable!("eight were made") };
    let (_ended, end) = bounded::<()>(0);
    let each = count / 8 + 1;
    let start = Instant::now();
    for tx in senders {
        produce(tx, each, end.clone());
    }
    let mut sum = 0u64;
    for _ in 0..8 * each {
        let value = select! {
            recv(a) -> value => value,
            recv(b) -> value => value,
            recv(c) -> value => value,
            recv(d) -> value => value,
            recv(e) -> value => value,
            recv(f) -> value => value,
            recv(g) -> value => value,
            recv(h) -> value => value,
        };
        sum = sum.wrapping_add(value.expect("the producer lives"));
    }
    black_box(sum);
    start.elapsed()
}

fn default(count: usize) -> Duration {
    let (_tx, empty) = bounded::<u64>(0);
    let start = Instant::now();
    for _ in 0..count {
        select! {
            recv(empty) -> value => { let _ = black_box(value); }
            default => {}
        }
    }
    start.elapsed()
}

fn time_after(count: usize) -> Duration {
    let (tx, values) = bounded::<u64>(1);
    let start = Instant::now();
    for _ in 0..count {
        tx.send(1).expect("the receiver lives");
        select! {
            recv(values) -> value => { let _ = black_box(value); }
            recv(after(Duration::from_secs(1))) -> _ => {}
        }
    }
    start.elapsed()
}
