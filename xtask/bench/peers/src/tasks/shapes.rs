//! The shapes as tasks. Names and sizes are those of gochan's and Go's programs.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use super::channel::{Channel, Shared};
use super::{Runtime, WaitGroup, calibrate};
use crate::measure::{job, nanos_each, report};

const SKEWED_JOBS: u64 = 100_000;

pub(super) async fn run<R: Runtime, C: Channel>(workload: &str) -> bool {
    match workload {
        "fanin3_0" => calibrate(20_000, |n| fan_in::<R, C>(n, 3, 0)).await,
        "fanin10_0" => calibrate(20_000, |n| fan_in::<R, C>(n, 10, 0)).await,
        "fanin64_0" => calibrate(20_000, |n| fan_in::<R, C>(n, 64, 0)).await,
        "fanin10_64" => calibrate(50_000, |n| fan_in::<R, C>(n, 10, 64)).await,
        "request1_1" => calibrate(20_000, |n| requests::<R, C>(n, 1)).await,
        "request10_1" => calibrate(20_000, |n| requests::<R, C>(n, 10)).await,
        "stages8_0" => calibrate(5_000, |n| stages::<R, C>(n, 8, 0)).await,
        "stages8_16" => calibrate(10_000, |n| stages::<R, C>(n, 8, 16)).await,
        "ring1000" => calibrate(50_000, |n| ring::<R, C>(n, 1000)).await,
        "ring100k" => calibrate(200_000, |n| ring::<R, C>(n, 100_000)).await,
        "shards16_hot2" => calibrate(50_000, hot_shards::<R, C>).await,
        "rounds8" => calibrate(5_000, rounds::<R>).await,
        _ => return false,
    }
    true
}

pub(super) async fn run_shared<R: Runtime, C: Shared>(workload: &str) -> bool {
    match workload {
        "fanout10_0" => calibrate(20_000, |n| fan_out::<R, C>(n, 10, 0)).await,
        "fanout10_64" => calibrate(50_000, |n| fan_out::<R, C>(n, 10, 64)).await,
        "skewed8" => report("ns", nanos_each(skewed::<R, C>().await, SKEWED_JOBS as usize)),
        "semaphore4" => calibrate(50_000, semaphore::<R, C>).await,
        _ => return false,
    }
    true
}

async fn drain<C: Channel>(rx: &mut C::Rx<u64>) -> usize {
    let (mut sum, mut received) = (0u64, 0);
    while let Some(value) = C::recv(rx).await {
        sum = sum.wrapping_add(value);
        received += 1;
    }
    black_box(sum);
    received
}

async fn fan_in<R: Runtime, C: Channel>(count: usize, producers: usize, capacity: usize) -> Duration {
    let (tx, mut rx) = C::bounded::<u64>(capacity);
    let each = count / producers + 1;
    let start = Instant::now();
    for _ in 0..producers {
        let tx = tx.clone();
        R::spawn(async move {
            for i in 0..each as u64 {
                C::send(&tx, i).await;
            }
        });
    }
    drop(tx);
    assert_eq!(drain::<C>(&mut rx).await, each * producers);
    start.elapsed().mul_f64(count as f64 / (each * producers) as f64)
}

async fn fan_out<R: Runtime, C: Shared>(count: usize, consumers: usize, capacity: usize) -> Duration {
    let (tx, rx) = C::bounded::<u64>(capacity);
    let group = WaitGroup::new(consumers);
    let total = Arc::new(AtomicUsize::new(0));
    let start = Instant::now();
    for _ in 0..consumers {
        let (mut rx, group, total) = (C::share(&rx), group.clone(), total.clone());
        R::spawn(async move {
            total.fetch_add(drain::<C>(&mut rx).await, Relaxed);
            group.done();
        });
    }
    drop(rx);
    for i in 0..count as u64 {
        C::send(&tx, i).await;
    }
    drop(tx);
    group.wait().await;
    assert_eq!(total.load(Relaxed), count);
    start.elapsed()
}

/// Clients of one server that each wait for the reply to their request before they send the next one.
async fn requests<R: Runtime, C: Channel>(count: usize, clients: usize) -> Duration {
    let (request, mut requests) = C::bounded::<(u64, C::Tx<u64>)>(0);
    let group = WaitGroup::new(clients);
    let each = count / clients + 1;
    let start = Instant::now();
    R::spawn(async move {
        while let Some((number, reply)) = C::recv(&mut requests).await {
            C::send(&reply, number + 1).await;
        }
    });
    for _ in 0..clients {
        let (request, group) = (request.clone(), group.clone());
        R::spawn(async move {
            let (reply, mut replies) = C::bounded::<u64>(0);
            for number in 0..each as u64 {
                C::send(&request, (number, reply.clone())).await;
                assert_eq!(C::recv(&mut replies).await, Some(number + 1));
            }
            group.done();
        });
    }
    group.wait().await;
    start.elapsed().mul_f64(count as f64 / (each * clients) as f64)
}

async fn stages<R: Runtime, C: Channel>(count: usize, stages: usize, capacity: usize) -> Duration {
    let (first, mut last) = C::bounded::<u64>(capacity);
    let start = Instant::now();
    for _ in 0..stages {
        let (tx, rx) = C::bounded::<u64>(capacity);
        let mut left = std::mem::replace(&mut last, rx);
        R::spawn(async move {
            while let Some(value) = C::recv(&mut left).await {
                C::send(&tx, value + 1).await;
            }
        });
    }
    R::spawn(async move {
        for i in 0..count as u64 {
            C::send(&first, i).await;
        }
    });
    assert_eq!(drain::<C>(&mut last).await, count);
    start.elapsed() / stages as u32
}

async fn ring<R: Runtime, C: Channel>(count: usize, members: usize) -> Duration {
    let (done, mut ended) = C::bounded::<()>(1);
    let (first, mut left) = C::bounded::<usize>(0);
    for member in 0..members {
        let (right, next) = match member + 1 == members {
            true => (first.clone(), None),
            false => {
                let (tx, rx) = C::bounded::<usize>(0);
                (tx, Some(rx))
            }
        };
        let (mut mine, done) = (left, done.clone());
        R::spawn(async move {
            while let Some(hops) = C::recv(&mut mine).await {
                if hops == 0 {
                    C::send(&done, ()).await;
                    return;
                }
                C::send(&right, hops - 1).await;
            }
        });
        match next {
            Some(next) => left = next,
            None => break,
        }
    }
    R::sleep(Duration::from_millis(20)).await;
    let start = Instant::now();
    C::send(&first, count).await;
    C::recv(&mut ended).await;
    start.elapsed()
}

async fn hot_shards<R: Runtime, C: Channel>(count: usize) -> Duration {
    let (mut shards, group) = (Vec::new(), WaitGroup::new(16));
    let start = Instant::now();
    for _ in 0..16 {
        let (tx, mut rx) = C::bounded::<u64>(16);
        let group = group.clone();
        shards.push(tx);
        R::spawn(async move {
            drain::<C>(&mut rx).await;
            group.done();
        });
    }
    let each = count / 4 + 1;
    for client in 0..4_u64 {
        let shards = shards.clone();
        R::spawn(async move {
            let mut state = 0x9E37_79B9_7F4A_7C15 + client;
            for _ in 0..each {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                let shard = if state % 10 != 0 { state >> 8 & 1 } else { state >> 8 & 15 };
                C::send(&shards[shard as usize], state).await;
            }
        });
    }
    drop(shards);
    group.wait().await;
    start.elapsed().mul_f64(count as f64 / (each * 4) as f64)
}

async fn rounds<R: Runtime>(count: usize) -> Duration {
    let start = Instant::now();
    for _ in 0..count {
        let group = WaitGroup::new(8);
        for _ in 0..8 {
            let group = group.clone();
            R::spawn(async move { group.done() });
        }
        group.wait().await;
    }
    start.elapsed()
}

async fn skewed<R: Runtime, C: Shared>() -> Duration {
    let (job_tx, jobs) = C::bounded::<u64>(0);
    let (result, mut results) = C::bounded::<u64>(0);
    let start = Instant::now();
    for _ in 0..8 {
        let (mut jobs, result) = (C::share(&jobs), result.clone());
        R::spawn(async move {
            while let Some(number) = C::recv(&mut jobs).await {
                C::send(&result, if number % 100 == 0 { job(number) } else { number }).await;
            }
        });
    }
    drop((jobs, result));
    R::spawn(async move {
        for number in 0..SKEWED_JOBS {
            C::send(&job_tx, number).await;
        }
    });
    assert_eq!(drain::<C>(&mut results).await as u64, SKEWED_JOBS);
    start.elapsed()
}

/// Sixteen tasks, of which a channel of four tokens lets four in.
async fn semaphore<R: Runtime, C: Shared>(count: usize) -> Duration {
    let (tx, rx) = C::bounded::<()>(4);
    let group = WaitGroup::new(16);
    let each = count / 16 + 1;
    let start = Instant::now();
    for _ in 0..16 {
        let (tx, mut rx, group) = (tx.clone(), C::share(&rx), group.clone());
        R::spawn(async move {
            for _ in 0..each {
                C::send(&tx, ()).await;
                C::recv(&mut rx).await;
            }
            group.done();
        });
    }
    group.wait().await;
    start.elapsed().mul_f64(count as f64 / (each * 16) as f64)
}
