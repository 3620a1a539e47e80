//! Locks that block the thread: std's and parking_lot's.

use std::hint::black_box;
use std::sync::{Mutex, PoisonError, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use gochan_bench_peers::measure::{calibrate, report};

/// A counter under a mutex, or under a read-write lock.
pub(crate) trait Locks: Sync + Default {
    fn count(&self);
    fn write(&self);
    fn read(&self) -> u64;
}

#[derive(Default)]
pub(crate) struct Std(Mutex<u64>, RwLock<u64>);

impl Locks for Std {
    fn count(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += 1;
    }

    fn write(&self) {
        *self.1.write().unwrap_or_else(PoisonError::into_inner) += 1;
    }

    fn read(&self) -> u64 {
        *self.1.read().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Default)]
pub(crate) struct ParkingLot(parking_lot::Mutex<u64>, parking_lot::RwLock<u64>);

impl Locks for ParkingLot {
    fn count(&self) {
        *self.0.lock() += 1;
    }

    fn write(&self) {
        *self.1.write() += 1;
    }

    fn read(&self) -> u64 {
        *self.1.read()
    }
}

pub(crate) fn run<L: Locks>(workload: &str) -> bool {
    match workload {
        "mutex1" => report("ns", calibrate(1_000_000, |n| together::<L>(n, 1, |locks, _| locks.count()))),
        "mutex8" => report("ns", calibrate(100_000, |n| together::<L>(n, 8, |locks, _| locks.count()))),
        "rw8" => report("ns", calibrate(100_000, |n| together::<L>(n, 8, read_mostly))),
        _ => return false,
    }
    true
}

fn read_mostly(locks: &impl Locks, turn: usize) {
    if turn % 100 == 99 {
        locks.write();
    } else {
        black_box(locks.read());
    }
}

fn together<L: Locks>(count: usize, threads: usize, body: impl Fn(&L, usize) + Sync) -> Duration {
    let locks = L::default();
    let each = count / threads + 1;
    let start = Instant::now();
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| (0..each).for_each(|turn| body(&locks, turn)));
        }
    });
    start.elapsed()
}
