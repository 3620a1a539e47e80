//! Many goroutines at one channel: fan-in, fan-out, requests with replies.

use std::hint::black_box;
use std::time::{Duration, Instant};

use gochan::prelude::*;

use crate::Workload;
use crate::measure::{calibrate, report};

pub(crate) const WORKLOADS: &[Workload] = &[
    Workload { name: "fanin3_0", run: || report("ns", calibrate(20_000, |n| fan_in(n, 3, 0))) },
    Workload { name: "fanin10_0", run: || report("ns", calibrate(20_000, |n| fan_in(n, 10, 0))) },
    Workload { name: "fanin64_0", run: || report("ns", calibrate(20_000, |n| fan_in(n, 64, 0))) },
    Workload { name: "fanin10_64", run: || report("ns", calibrate(50_000, |n| fan_in(n, 10, 64))) },
    Workload { name: "fanin_threads4", run: || report("ns", calibrate(20_000, |n| from_threads(n, 4))) },
    Workload { name: "fanout10_0", run: || report("ns", calibrate(20_000, |n| fan_out(n, 10, 0))) },
    Workload { name: "fanout10_64", run: || report("ns", calibrate(50_000, |n| fan_out(n, 10, 64))) },
    Workload { name: "request1_1", run: || report("ns", calibrate(20_000, |n| requests(n, 1, 1))) },
    Workload { name: "request10_1", run: || report("ns", calibrate(20_000, |n| requests(n, 10, 1))) },
    Workload { name: "request16_4", run: || report("ns", calibrate(20_000, |n| requests(n, 16, 4))) },
];

/// Receives to the close of `values`: how many there were.
fn drain(values: &Chan<u64>) -> usize {
    let (mut sum, mut received) = (0u64, 0);
    for value in values {
        sum = sum.wrapping_add(value);
        received += 1;
    }
    black_box(sum);
    received
}

fn fan_in(count: usize, producers: usize, capacity: usize) -> Duration {
    let values = chan!(u64, capacity);
    let wg = WaitGroup::new();
    let each = count / producers + 1;
    let start = Instant::now();
    for _ in 0..producers {
        wg.add(1);
        go!([values, wg] {
            defer!(wg.done());
            for i in 0..each as u64 {
                send!(values <- i);
            }
        });
    }
    go!([values] {
        wg.wait();
        close!(values);
    });
    assert_eq!(drain(&values), each * producers);
    start.elapsed().mul_f64(count as f64 / (each * producers) as f64)
}

/// Plain threads send to one goroutine.
fn from_threads(count: usize, producers: usize) -> Duration {
    let values = chan!(u64, 64);
    let each = count / producers + 1;
    let start = Instant::now();
    for _ in 0..producers {
        let values = values.clone();
        std::thread::spawn(move || {
            for i in 0..each as u64 {
                send!(values <- i);
            }
        });
    }
    for _ in 0..each * producers {
        black_box(recv!(values));
    }
    start.elapsed().mul_f64(count as f64 / (each * producers) as f64)
}

fn fan_out(count: usize, consumers: usize, capacity: usize) -> Duration {
    let values = chan!(u64, capacity);
    let received = chan!(usize, consumers);
    let start = Instant::now();
    for _ in 0..consumers {
        go!([values, received] {
            let count = drain(&values);
            send!(received <- count);
        });
    }
    for i in 0..count as u64 {
        send!(values <- i);
    }
    close!(values);
    assert_eq!((0..consumers).map(|_| recv!(received)).sum::<usize>(), count);
    start.elapsed()
}

struct Request {
    number: u64,
    reply: Chan<u64>,
}

/// Clients that each wait for the reply to their request before they send the next one.
fn requests(count: usize, clients: usize, servers: usize) -> Duration {
    let requests = chan!(Request);
    let wg = WaitGroup::new();
    let each = count / clients + 1;
    let start = Instant::now();
    for _ in 0..servers {
        go!([requests] {
            for request in &requests {
                send!(request.reply <- request.number + 1);
            }
        });
    }
    for _ in 0..clients {
        wg.add(1);
        go!([requests, wg] {
            defer!(wg.done());
            let reply = chan!(u64);
            for number in 0..each as u64 {
                send!(requests <- Request { number, reply: reply.clone() });
                assert_eq!(recv!(reply), number + 1);
            }
        });
    }
    wg.wait();
    let took = start.elapsed();
    close!(requests);
    took.mul_f64(count as f64 / (each * clients) as f64)
}
