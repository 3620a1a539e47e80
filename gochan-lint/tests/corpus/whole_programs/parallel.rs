//! A bounded parallel map in four styles, each keeping the order of its input.

use gochan::prelude::*;
use gochan::{JoinHandle, scope, sync::Mutex};
use std::sync::Arc;
use std::thread;

/// A pool of workers, and a slot for each result.
fn by_pool<T, R, F>(items: Vec<T>, workers: usize, f: F) -> Vec<R>
where
    T: Send + 'static,
    R: Send + 'static,
    F: Fn(T) -> R + Send + Sync + 'static,
{
    let count = items.len();
    let jobs = chan!((usize, T));
    let results = chan!((usize, R), count);
    let f = Arc::new(f);
    let wg = WaitGroup::new();
    for _ in 0..workers.max(1) {
        wg.add(1);
        let f = f.clone();
        go!([jobs, results, wg] {
            defer!(wg.done());
            for (index, item) in &jobs {
                send!(results <- (index, f(item)));
            }
        });
    }
    for job in items.into_iter().enumerate() {
        send!(jobs <- job);
    }
    close!(jobs);
    wg.wait();
    close!(results);
    in_order(count, results.iter())
}

fn in_order<R>(count: usize, results: impl Iterator<Item = (usize, R)>) -> Vec<R> {
    let mut slots: Vec<Option<R>> = (0..count).map(|_| None).collect();
    for (index, result) in results {
        slots[index] = Some(result);
    }
    slots.into_iter().flatten().collect()
}

/// A goroutine for each item, as many at a time as the channel has room.
fn by_semaphore<T: Send + 'static, R: Send + 'static>(items: Vec<T>, limit: usize, f: fn(T) -> R) -> Vec<R> {
    let places = chan!((), limit.max(1));
    let mut handles: Vec<JoinHandle<R>> = Vec::with_capacity(items.len());
    for item in items {
        send!(places <- ());
        handles.push(go!([places] {
            let result = f(item);
            recv!(places);
            result
        }));
    }
    handles
        .into_iter()
        .map(|handle| handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        .collect()
}

/// Goroutines that borrow: each takes the next index under a lock.
fn by_scope<T: Sync, R: Send>(items: &[T], workers: usize, f: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = Mutex::new(0_usize);
    let done = Mutex::new(Vec::with_capacity(items.len()));
    scope(|s| {
        for _ in 0..workers {
            s.go(|| {
                loop {
                    let index = {
                        let mut next = next.lock();
                        let index = *next;
                        *next += 1;
                        index
                    };
                    let Some(item) = items.get(index) else { break };
                    let result = f(item);
                    done.lock().push((index, result));
                }
            });
        }
    });
    in_order(items.len(), done.into_inner().into_iter())
}

/// Plain threads use the same channels.
fn by_threads(items: Vec<u64>, workers: usize, f: fn(u64) -> u64) -> Vec<u64> {
    let count = items.len();
    let (job_tx, job_rx) = Chan::with_capacity(4).split();
    let (result_tx, result_rx) = Chan::with_capacity(count).split();
    let threads: Vec<_> = (0..workers)
        .map(|_| {
            let (jobs, results) = (job_rx.clone(), result_tx.clone());
            thread::spawn(move || {
                while let Some((index, item)) = jobs.recv() {
                    if results.send((index, f(item))).is_err() {
                        return;
                    }
                }
            })
        })
        .collect();
    drop(result_tx);
    for job in items.into_iter().enumerate() {
        if job_tx.send(job).is_err() {
            break;
        }
    }
    drop(job_tx);
    let results = in_order(count, result_rx.iter());
    for thread in threads {
        thread.join().expect("no worker panics");
    }
    results
}

fn collatz(mut n: u64) -> u64 {
    let mut steps = 0;
    while n > 1 {
        n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 };
        steps += 1;
    }
    steps
}

#[gochan::main]
fn main() {
    let input: Vec<u64> = (1..=20).collect();
    let expected: Vec<u64> = input.iter().copied().map(collatz).collect();
    assert_eq!(by_pool(input.clone(), 4, collatz), expected);
    assert_eq!(by_semaphore(input.clone(), 3, collatz), expected);
    assert_eq!(by_scope(&input, 2, |n| collatz(*n)), expected);
    assert_eq!(by_threads(input, 2, collatz), expected);
    println!("{expected:?}");
}
