//! Peers that block: every workload once, generic over what a goroutine is (an OS thread, a may coroutine)
//! and over the channel. A unit that ended is waited for by its handle.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use crate::measure::{JOBS, calibrate, job, millis, nanos_each, report};

/// A kind of thread.
pub trait Threads {
    type Handle;

    fn spawn(body: impl FnOnce() + Send + 'static) -> Self::Handle;
    fn join(handle: Self::Handle);
    fn yield_now();
    fn sleep(duration: Duration);
    /// How many jobs of `pool8` this kind finishes in about a second.
    const POOL_JOBS: usize;
}

/// A channel that several receivers may share. Capacity 0 is a rendezvous where the crate has one.
pub trait Channel: 'static {
    type Tx<T: Send + 'static>: Clone + Send + 'static;
    type Rx<T: Send + 'static>: Clone + Send + 'static;

    fn bounded<T: Send + 'static>(capacity: usize) -> (Self::Tx<T>, Self::Rx<T>);
    /// False when nobody can receive any more.
    fn send<T: Send + 'static>(tx: &Self::Tx<T>, value: T) -> bool;
    fn recv<T: Send + 'static>(rx: &Self::Rx<T>) -> Option<T>;
}

/// Runs a workload; false when there is none of this name.
pub fn run<P: Threads, C: Channel>(workload: &str) -> bool {
    match workload {
        "pingpong" => report("ns", calibrate(5_000, pingpong::<P, C>)),
        "spsc128" => report("ns", calibrate(20_000, |n| spsc::<P, C>(n, 128))),
        "spsc0" => report("ns", calibrate(5_000, |n| spsc::<P, C>(n, 0))),
        "mpmc128" => report("ns", calibrate(20_000, |n| mpmc::<P, C>(n, 128))),
        "mpmc0" => report("ns", calibrate(5_000, |n| mpmc::<P, C>(n, 0))),
        "chan_uncont" => report("ns", calibrate(1_000_000, uncontended::<C>)),
        "pool8" => {
            let took = pool::<P, C>(P::POOL_JOBS as u64, |j| j * 2, false);
            report("ns", nanos_each(took, P::POOL_JOBS));
        }
        "cpu_pool" => report("speedup_ns", nanos_each(pool::<P, C>(JOBS, job, false), JOBS as usize)),
        "cpu_pool_parked" => report("speedup_ns", nanos_each(pool::<P, C>(JOBS, job, true), JOBS as usize)),
        "sieve" => report("ms", millis(sieve::<P, C>())),
        "daisy" => report("ns", nanos_each(daisy::<P, C>(), DAISY_LINKS * DAISY_VALUES)),
        "yield" => report("ns", calibrate(100_000, yields::<P>)),
        _ => return false,
    }
    true
}

fn pingpong<P: Threads, C: Channel>(count: usize) -> Duration {
    let (ping, pings) = C::bounded::<()>(0);
    let (pong, pongs) = C::bounded::<()>(0);
    let partner = P::spawn(move || {
        while C::recv(&pings).is_some() {
            C::send(&pong, ());
        }
    });
    let start = Instant::now();
    for _ in 0..count {
        C::send(&ping, ());
        C::recv(&pongs);
    }
    let took = start.elapsed();
    drop(ping);
    P::join(partner);
    took
}

fn spsc<P: Threads, C: Channel>(count: usize, capacity: usize) -> Duration {
    let (tx, rx) = C::bounded::<u64>(capacity);
    let start = Instant::now();
    let producer = P::spawn(move || {
        for i in 0..count as u64 {
            C::send(&tx, i);
        }
    });
    let (sum, received) = drain::<C>(&rx);
    assert_eq!(received, count);
    black_box(sum);
    let took = start.elapsed();
    P::join(producer);
    took
}

/// Receives to the end: the sum and the number of values.
fn drain<C: Channel>(rx: &C::Rx<u64>) -> (u64, usize) {
    let (mut sum, mut received) = (0u64, 0);
    while let Some(value) = C::recv(rx) {
        sum = sum.wrapping_add(value);
        received += 1;
    }
    (sum, received)
}

fn uncontended<C: Channel>(count: usize) -> Duration {
    let (tx, rx) = C::bounded::<u64>(16);
    let start = Instant::now();
    for i in 0..count as u64 {
        C::send(&tx, i);
        black_box(C::recv(&rx));
    }
    start.elapsed()
}

fn mpmc<P: Threads, C: Channel>(count: usize, capacity: usize) -> Duration {
    let (tx, rx) = C::bounded::<u64>(capacity);
    let each = count / 4 + 1;
    let mut handles = Vec::with_capacity(8);
    let start = Instant::now();
    for _ in 0..4 {
        let tx = tx.clone();
        handles.push(P::spawn(move || {
            for i in 0..each as u64 {
                C::send(&tx, i);
            }
        }));
        let rx = rx.clone();
        handles.push(P::spawn(move || {
            black_box(drain::<C>(&rx));
        }));
    }
    drop((tx, rx));
    handles.into_iter().for_each(P::join);
    start.elapsed().mul_f64(count as f64 / (each * 4) as f64)
}

/// Eight workers between a channel of jobs and one of results; with `parked` all of them wait before the
/// first job.
fn pool<P: Threads, C: Channel>(count: u64, work: fn(u64) -> u64, parked: bool) -> Duration {
    let (job, jobs) = C::bounded::<u64>(0);
    let (result, results) = C::bounded::<u64>(0);
    let started = Arc::new(AtomicUsize::new(0));
    let mut start = Instant::now();
    for _ in 0..8 {
        let (jobs, result, started) = (jobs.clone(), result.clone(), started.clone());
        P::spawn(move || {
            started.fetch_add(1, Relaxed);
            while let Some(value) = C::recv(&jobs) {
                C::send(&result, work(value));
            }
        });
    }
    drop((jobs, result));
    if parked {
        while started.load(Relaxed) != 8 {
            P::sleep(Duration::from_millis(1));
        }
        P::sleep(Duration::from_millis(20));
        start = Instant::now();
    }
    P::spawn(move || {
        for i in 0..count {
            C::send(&job, i);
        }
    });
    let (sum, received) = drain::<C>(&results);
    assert_eq!(received as u64, count);
    black_box(sum);
    start.elapsed()
}

fn sieve<P: Threads, C: Channel>() -> Duration {
    let start = Instant::now();
    let (tx, mut numbers) = C::bounded::<u64>(0);
    P::spawn(move || {
        let mut number = 2;
        while C::send(&tx, number) {
            number += 1;
        }
    });
    let mut prime = 0;
    for _ in 0..1000 {
        prime = C::recv(&numbers).expect("the generator never ends");
        let (tx, rest) = C::bounded::<u64>(0);
        let all = std::mem::replace(&mut numbers, rest);
        P::spawn(move || {
            while let Some(number) = C::recv(&all) {
                if number % prime != 0 && !C::send(&tx, number) {
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

fn daisy<P: Threads, C: Channel>() -> Duration {
    let start = Instant::now();
    let (first, mut last) = C::bounded::<u64>(0);
    for _ in 0..DAISY_LINKS {
        let (tx, rx) = C::bounded::<u64>(0);
        let left = std::mem::replace(&mut last, rx);
        P::spawn(move || {
            while let Some(value) = C::recv(&left) {
                C::send(&tx, value + 1);
            }
        });
    }
    P::spawn(move || {
        for i in 0..DAISY_VALUES as u64 {
            C::send(&first, i);
        }
    });
    assert_eq!(drain::<C>(&last).1, DAISY_VALUES);
    start.elapsed()
}

fn yields<P: Threads>(count: usize) -> Duration {
    let each = count / 2 + 1;
    let ready = Arc::new(AtomicUsize::new(0));
    let start = Instant::now();
    let handles: Vec<P::Handle> = (0..2)
        .map(|_| {
            let ready = ready.clone();
            P::spawn(move || {
                // Both must run at once, or an OS thread yields to nobody.
                ready.fetch_add(1, Relaxed);
                while ready.load(Relaxed) != 2 {
                    P::yield_now();
                }
                for _ in 0..each {
                    P::yield_now();
                }
            })
        })
        .collect();
    handles.into_iter().for_each(P::join);
    start.elapsed()
}
