//! `#[gochan::test(explore = "all")]`: DL-08. How many interleavings there are is known by hand for some programs, and
//! from a search without reduction for others.

use gochan::prelude::*;
use gochan::runtime::gosched;
use gochan::sync::atomic::AtomicU32;
use gochan::sync::{Cond, Map, Mutex, Once, OnceCell, RwLock, Semaphore};
use gochan::time::{after_func, sleep};
use std::collections::BTreeSet;
use std::sync::atomic::Ordering::*;
use std::sync::{Arc, Mutex as StdMutex};
use std::time::Duration;

mod agreement;
mod bugs;
mod limits;
mod replay;
use replay::{drawn, racy, right};

scenarios!(racy, right, drawn);

use crate::common::panic_of;
use crate::common::process::{Outcome, scenarios};

fn all() -> gochan::__private::Test {
    const MINUTES: u64 = 60_000_000_000;
    gochan::__private::Test::new().explore_all().timeout(10 * MINUTES)
}

#[track_caller]
fn count(program: fn()) -> usize {
    all().cover(program).interleavings.len()
}

/// `goroutines` of them, each of which adds to the counter so many times.
fn adders(counter: &Arc<AtomicU32>, goroutines: u32, times: u32) -> Vec<gochan::JoinHandle<()>> {
    let adder = |counter: Arc<AtomicU32>| {
        go!({
            for _ in 0..times {
                counter.fetch_add(1, SeqCst);
            }
        })
    };
    (0..goroutines).map(|_| adder(counter.clone())).collect()
}

/// All operations are on one object, so each order of them counts: 12 of them in a row, of which 4 are of each goroutine
/// and in their order, 12! / (4! 4! 4!) = 479,001,600 / 13,824 = 34,650.
#[test]
fn dl_08_three_times_four_steps() {
    let found = count(|| {
        let counter = Arc::new(AtomicU32::new(0));
        adders(&counter, 3, 4).into_iter().for_each(|adder| adder.join().unwrap());
        assert_eq!(counter.load(SeqCst), 12);
    });
    assert_eq!(found, 34_650);
}

/// Four counters, each with two goroutines of its own that add twice: (4! / (2! 2!))^4 = 6^4 = 1,296, since what happens to
/// one counter is nothing to the others.
#[test]
fn dl_08_what_is_apart_is_multiplied_and_not_mixed() {
    let coverage = all().cover(|| {
        let counters: [_; 4] = std::array::from_fn(|_| Arc::new(AtomicU32::new(0)));
        let adders: Vec<_> = counters.iter().flat_map(|counter| adders(counter, 2, 2)).collect();
        adders.into_iter().for_each(|adder| adder.join().unwrap());
        assert!(counters.iter().all(|counter| counter.load(SeqCst) == 2 * 2));
    });
    assert_eq!(coverage.interleavings.len(), 1296);
}

/// At each of the five hand-overs either side may come first, and wait: 2^5 = 32.
#[test]
fn dl_08_either_side_of_an_unbuffered_channel_comes_first() {
    let found = count(|| {
        let ch = chan!(u32);
        let producer = go!([ch] {
            for value in 0..5 {
                send!(ch <- value);
            }
        });
        for value in 0..5 {
            assert_eq!(recv!(ch), value);
        }
        producer.join().unwrap();
    });
    assert_eq!(found, 32);
}
