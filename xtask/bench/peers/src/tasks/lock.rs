//! tokio's locks, which work in any runtime.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, RwLock};

use super::{Runtime, WaitGroup, calibrate};

pub(super) async fn run<R: Runtime>(workload: &str) -> bool {
    match workload {
        "mutex1" => calibrate(1_000_000, |n| mutex::<R>(n, 1)).await,
        "mutex8" => calibrate(100_000, |n| mutex::<R>(n, 8)).await,
        "rw8" => calibrate(100_000, readers::<R>).await,
        "rw2" => calibrate(100_000, |n| read_write::<R>(n, 2)).await,
        "rw10" => calibrate(100_000, |n| read_write::<R>(n, 10)).await,
        "rw100" => calibrate(100_000, |n| read_write::<R>(n, 100)).await,
        "rw1000" => calibrate(100_000, |n| read_write::<R>(n, 1000)).await,
        _ => return false,
    }
    true
}

async fn mutex<R: Runtime>(count: usize, tasks: usize) -> Duration {
    let total = Arc::new(Mutex::new(0_u64));
    let group = WaitGroup::new(tasks);
    let each = count / tasks + 1;
    let start = Instant::now();
    for _ in 0..tasks {
        let (total, group) = (total.clone(), group.clone());
        R::spawn(async move {
            for _ in 0..each {
                *total.lock().await += 1;
            }
            group.done();
        });
    }
    group.wait().await;
    start.elapsed()
}

async fn readers<R: Runtime>(count: usize) -> Duration {
    let total = Arc::new(RwLock::new(0_u64));
    let group = WaitGroup::new(8);
    let each = count / 8 + 1;
    let start = Instant::now();
    for _ in 0..8 {
        let (total, group) = (total.clone(), group.clone());
        R::spawn(async move {
            for turn in 0..each {
                if turn % 100 == 99 {
                    *total.write().await += 1;
                } else {
                    black_box(*total.read().await);
                }
            }
            group.done();
        });
    }
    group.wait().await;
    start.elapsed()
}

/// A hundred tasks share a value; one operation in `one_write_in` is a write.
async fn read_write<R: Runtime>(count: usize, one_write_in: usize) -> Duration {
    let total = Arc::new(RwLock::new(0_u64));
    let group = WaitGroup::new(100);
    let each = count / 100 + 1;
    let start = Instant::now();
    for member in 0..100 {
        let (total, group) = (total.clone(), group.clone());
        R::spawn(async move {
            for turn in 0..each {
                if (turn + member) % one_write_in == 0 {
                    *total.write().await += 1;
                } else {
                    black_box(*total.read().await);
                }
            }
            group.done();
        });
    }
    group.wait().await;
    start.elapsed().mul_f64(count as f64 / (each * 100) as f64)
}
