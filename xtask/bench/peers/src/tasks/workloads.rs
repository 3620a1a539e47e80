//! The workloads as tasks. Names and sizes are those of gochan's and Go's programs.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use super::channel::{Channel, Shared};
use super::{Runtime, WaitGroup, calibrate, mem};
use crate::measure::{JOBS, job, millis, nanos_each, report};

const MILLION: usize = 1_000_000;

pub(super) async fn run<R: Runtime, C: Channel>(workload: &str) -> bool {
    match workload {
        "spawn_all" => report("ns", nanos_each(spawn::<R>(MILLION, MILLION).await, MILLION)),
        "spawn_batch" => report("ns", nanos_each(spawn::<R>(MILLION, 1000).await, MILLION)),
        "pingpong" => calibrate(20_000, pingpong::<R, C>).await,
        "spsc128" => calibrate(50_000, |n| spsc::<R, C>(n, 128)).await,
        "spsc0" => calibrate(20_000, |n| spsc::<R, C>(n, 0)).await,
        "chan_uncont" => calibrate(MILLION, uncontended::<C>).await,
        "sieve" => report("ms", millis(sieve::<R, C>().await)),
        "daisy" => report("ns", nanos_each(daisy::<R, C>().await, DAISY_LINKS * DAISY_VALUES)),
        "yield" => calibrate(100_000, yields::<R>).await,
        _ => return false,
    }
    true
}

pub(super) async fn run_shared<R: Runtime, C: Shared>(workload: &str) -> bool {
    match workload {
        "mpmc128" => calibrate(50_000, |n| mpmc::<R, C>(n, 128)).await,
        "mpmc0" => calibrate(20_000, |n| mpmc::<R, C>(n, 0)).await,
        "pool8" => report("ns", nanos_each(pool::<R, C>(MILLION as u64, |j| j * 2, false).await, MILLION)),
        "cpu_pool" => report("speedup_ns", nanos_each(pool::<R, C>(JOBS, job, false).await, JOBS as usize)),
        "cpu_pool_parked" => {
            report("speedup_ns", nanos_each(pool::<R, C>(JOBS, job, true).await, JOBS as usize));
        }
        "mem10k" => mem_shared::<R, C>(10_000).await,
        "mem100k" => mem_shared::<R, C>(100_000).await,
        "mem1m" => mem_shared::<R, C>(MILLION).await,
        _ => return false,
    }
    true
}

async fn spawn<R: Runtime>(count: usize, batch: usize) -> Duration {
    let start = Instant::now();
    for _ in 0..count / batch {
        let group = WaitGroup::new(batch);
        for _ in 0..batch {
            let group = group.clone();
            R::spawn(async move { group.done() });
        }
        group.wait().await;
    }
    start.elapsed()
}

async fn pingpong<R: Runtime, C: Channel>(count: usize) -> Duration {
    let (ping, mut pings) = C::bounded::<()>(0);
    let (pong, mut pongs) = C::bounded::<()>(0);
    R::spawn(async move {
        while C::recv(&mut pings).await.is_some() {
            C::send(&pong, ()).await;
        }
    });
    let start = Instant::now();
    for _ in 0..count {
        C::send(&ping, ()).await;
        C::recv(&mut pongs).await;
    }
    start.elapsed()
}

async fn spsc<R: Runtime, C: Channel>(count: usize, capacity: usize) -> Duration {
    let (tx, mut rx) = C::bounded::<u64>(capacity);
    let start = Instant::now();
    R::spawn(async move {
        for i in 0..count as u64 {
            C::send(&tx, i).await;
        }
    });
    let (sum, received) = drain::<C>(&mut rx).await;
    assert_eq!(received, count);
    black_box(sum);
    start.elapsed()
}

/// Receives to the end: the sum and the number of values.
async fn drain<C: Channel>(rx: &mut C::Rx<u64>) -> (u64, usize) {
    let (mut sum, mut received) = (0u64, 0);
    while let Some(value) = C::recv(rx).await {
        sum = sum.wrapping_add(value);
        received += 1;
    }
    (sum, received)
}

async fn uncontended<C: Channel>(count: usize) -> Duration {
    let (tx, mut rx) = C::bounded::<u64>(16);
    let start = Instant::now();
    for i in 0..count as u64 {
        C::send(&tx, i).await;
        black_box(C::recv(&mut rx).await);
    }
    start.elapsed()
}

async fn mpmc<R: Runtime, C: Shared>(count: usize, capacity: usize) -> Duration {
    let (tx, rx) = C::bounded::<u64>(capacity);
    let each = count / 4 + 1;
    let consumers = WaitGroup::new(4);
    let total = Arc::new(AtomicUsize::new(0));
    let start = Instant::now();
    for _ in 0..4 {
        let tx = tx.clone();
        R::spawn(async move {
            for i in 0..each as u64 {
                C::send(&tx, i).await;
            }
        });
        let (mut rx, consumers, total) = (C::share(&rx), consumers.clone(), total.clone());
        R::spawn(async move {
            let (sum, received) = drain::<C>(&mut rx).await;
            black_box(sum);
            total.fetch_add(received, Relaxed);
            consumers.done();
        });
    }
    drop((tx, rx));
    consumers.wait().await;
    let took = start.elapsed();
    assert_eq!(total.load(Relaxed), each * 4);
    took.mul_f64(count as f64 / (each * 4) as f64)
}

/// Eight workers between a channel of jobs and one of results; with `parked` all of them wait before the
/// first job.
async fn pool<R: Runtime, C: Shared>(count: u64, work: fn(u64) -> u64, parked: bool) -> Duration {
    let (job, jobs) = C::bounded::<u64>(0);
    let (result, mut results) = C::bounded::<u64>(0);
    let started = Arc::new(AtomicUsize::new(0));
    let mut start = Instant::now();
    for _ in 0..8 {
        let (mut jobs, result, started) = (C::share(&jobs), result.clone(), started.clone());
        R::spawn(async move {
            started.fetch_add(1, Relaxed);
            while let Some(value) = C::recv(&mut jobs).await {
                C::send(&result, work(value)).await;
            }
        });
    }
    drop((jobs, result));
    if parked {
        while started.load(Relaxed) != 8 {
            R::yield_now().await;
        }
        std::thread::sleep(Duration::from_millis(20));
        start = Instant::now();
    }
    R::spawn(async move {
        for i in 0..count {
            C::send(&job, i).await;
        }
    });
    let (sum, received) = drain::<C>(&mut results).await;
    assert_eq!(received as u64, count);
    black_box(sum);
    start.elapsed()
}

async fn sieve<R: Runtime, C: Channel>() -> Duration {
    let start = Instant::now();
    let (tx, mut numbers) = C::bounded::<u64>(0);
    R::spawn(async move {
        let mut number = 2;
        while C::send(&tx, number).await {
            number += 1;
        }
    });
    let mut prime = 0;
    for _ in 0..1000 {
        prime = C::recv(&mut numbers).await.expect("the generator never ends");
        let (tx, rest) = C::bounded::<u64>(0);
        let mut all = std::mem::replace(&mut numbers, rest);
        R::spawn(async move {
            while let Some(number) = C::recv(&mut all).await {
                if number % prime != 0 && !C::send(&tx, number).await {
                    return;
                }
            }
        });
    }
    let took = start.elapsed();
    assert_eq!(prime, 7919);
    took
}

const DAISY_LINKS: usize = 100;
const DAISY_VALUES: usize = 10_000;

async fn daisy<R: Runtime, C: Channel>() -> Duration {
    let start = Instant::now();
    let (first, mut last) = C::bounded::<u64>(0);
    for _ in 0..DAISY_LINKS {
        let (tx, rx) = C::bounded::<u64>(0);
        let mut left = std::mem::replace(&mut last, rx);
        R::spawn(async move {
            while let Some(value) = C::recv(&mut left).await {
                C::send(&tx, value + 1).await;
            }
        });
    }
    R::spawn(async move {
        for i in 0..DAISY_VALUES as u64 {
            C::send(&first, i).await;
        }
    });
    assert_eq!(drain::<C>(&mut last).await.1, DAISY_VALUES);
    start.elapsed()
}

async fn yields<R: Runtime>(count: usize) -> Duration {
    let group = WaitGroup::new(2);
    let each = count / 2 + 1;
    let start = Instant::now();
    for _ in 0..2 {
        let group = group.clone();
        R::spawn(async move {
            for _ in 0..each {
                R::yield_now().await;
            }
            group.done();
        });
    }
    group.wait().await;
    start.elapsed()
}

/// All tasks wait on one channel that closes.
async fn mem_shared<R: Runtime, C: Shared>(count: usize) {
    mem::<R, _, _>(count, C::bounded::<()>(1), |(_, rx), started, group| {
        let mut rx = C::share(rx);
        async move {
            started.fetch_add(1, Relaxed);
            C::recv(&mut rx).await;
            group.done();
        }
    })
    .await;
}
