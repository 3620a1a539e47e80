//! Pools: with `select!`, with jobs of mixed length, with shards, beside timers.

use std::hint::black_box;
use std::time::{Duration, Instant};

use gochan::prelude::*;
use gochan::time::{Ticker, sleep};

use crate::Workload;
use crate::measure::{calibrate, job, nanos_each, report};

pub(crate) const WORKLOADS: &[Workload] = &[
    Workload { name: "select_pool8", run: || report("ns", calibrate(20_000, select_pool)) },
    Workload { name: "skewed8", run: || report("ns", nanos_each(skewed(SKEWED_JOBS), SKEWED_JOBS as usize)) },
    Workload { name: "shards16_hot2", run: || report("ns", calibrate(50_000, hot_shards)) },
    Workload { name: "timers_beside", run: || report("ns", calibrate(20_000, beside_timers)) },
];

/// One job in a hundred is long.
const SKEWED_JOBS: u64 = 100_000;

/// Eight workers that select on jobs, results and the end of a context.
fn select_pool(count: usize) -> Duration {
    let (ctx, cancel) = background().with_cancel();
    let (jobs, results) = (chan!(u64), chan!(u64));
    let start = Instant::now();
    for _ in 0..8 {
        go!([ctx, jobs, results] {
            loop {
                let job = select! {
                    job = <-jobs => job,
                    <-ctx.done() => return,
                };
                select! {
                    results <- job * 2 => {}
                    <-ctx.done() => return,
                }
            }
        });
    }
    go!([jobs] {
        for i in 0..count as u64 {
            // gochan-lint: allow(leaked_send) each job is done before the context ends
            send!(jobs <- i);
        }
    });
    for _ in 0..count {
        black_box(recv!(results));
    }
    let took = start.elapsed();
    cancel.cancel();
    took
}

fn skewed(count: u64) -> Duration {
    let (jobs, results) = (chan!(u64), chan!(u64));
    let start = Instant::now();
    for _ in 0..8 {
        go!([jobs, results] {
            for number in &jobs {
                let result = if number % 100 == 0 { job(number) } else { number };
                send!(results <- result);
            }
        });
    }
    go!([jobs] {
        for number in 0..count {
            send!(jobs <- number);
        }
        close!(jobs);
    });
    for _ in 0..count {
        black_box(recv!(results));
    }
    start.elapsed()
}

/// Sixteen owners of a part of the data each; two parts get nine requests of ten.
fn hot_shards(count: usize) -> Duration {
    let shards: Vec<Chan<u64>> = (0..16).map(|_| chan!(u64, 16)).collect();
    let wg = WaitGroup::new();
    let start = Instant::now();
    for shard in &shards {
        wg.add(1);
        go!([shard, wg] {
            defer!(wg.done());
            let mut sum = 0u64;
            for value in &shard {
                sum = sum.wrapping_add(value);
            }
            black_box(sum);
        });
    }
    let clients = WaitGroup::new();
    let each = count / 4 + 1;
    for client in 0..4_u64 {
        clients.add(1);
        go!([shards, clients] {
            defer!(clients.done());
            let mut state = 0x9E37_79B9_7F4A_7C15 + client;
            for _ in 0..each {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                let shard = if state % 10 != 0 { state >> 8 & 1 } else { state >> 8 & 15 };
                send!(shards[shard as usize] <- state);
            }
        });
    }
    clients.wait();
    for shard in &shards {
        close!(shard);
    }
    wg.wait();
    start.elapsed().mul_f64(count as f64 / (each * 4) as f64)
}

/// A pair talks while a thousand goroutines sleep for milliseconds at a time and a ticker ticks.
fn beside_timers(count: usize) -> Duration {
    let stop = chan!(());
    for _ in 0..1000 {
        go!([stop] {
            loop {
                select! {
                    <-stop => return,
                    default => sleep(Duration::from_millis(5)),
                }
            }
        });
    }
    let ticker = Ticker::new(Duration::from_millis(1));
    let (ping, pong) = (chan!(()), chan!(()));
    go!([ping, pong] {
        for () in &ping {
            send!(pong <- ());
        }
    });
    let start = Instant::now();
    for _ in 0..count {
        send!(ping <- ());
        recv!(pong);
    }
    let took = start.elapsed();
    close!(stop);
    close!(ping);
    ticker.stop();
    took
}
