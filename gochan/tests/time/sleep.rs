//! Rows TM: pausing, and deadlines beside busy workers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::*};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::{MOMENT, seeded, until, until_waiting, watchdog};
use gochan::prelude::*;
use gochan::{runtime, scope, time};

/// Far above any delay that is not a mistake, also on a machine that is busy with other things.
const LATE: Duration = Duration::from_secs(5);

#[track_caller]
fn sleeps_for(d: Duration) {
    let start = Instant::now();
    time::sleep(d);
    let slept = start.elapsed();
    assert!(slept >= d, "slept {slept:?} of {d:?}");
    assert!(slept < d + LATE, "slept {slept:?} instead of {d:?}");
}

#[test]
fn tm_01_sleep_never_wakes_early_in_a_goroutine_or_on_a_thread() {
    let _watchdog = watchdog();
    let mut random = seeded();
    let durations: Vec<_> = (0..20).map(|_| Duration::from_nanos(random.u64(1..20_000_000))).collect();
    durations.iter().for_each(|&d| sleeps_for(d));
    let sleepers: Vec<_> = durations.into_iter().map(|d| go!(sleeps_for(d))).collect();
    sleepers.into_iter().for_each(|sleeper| sleeper.join().unwrap());
}

#[gochan::test]
fn tm_01_sleep_for_no_time_lets_others_run_and_returns() {
    let other_ran = Arc::new(AtomicBool::new(false));
    let pair = go!([other_ran] {
        let other = go!([other_ran] { other_ran.store(true, SeqCst) });
        // On the other backend, or once the other was stolen, the yield does not wait for it.
        while !other_ran.load(SeqCst) {
            time::sleep(Duration::ZERO);
        }
        other.join().unwrap();
    });
    pair.join().unwrap();
    time::sleep(Duration::ZERO);
}

#[gochan::test]
fn tm_01_a_sleeper_wakes_beside_goroutines_that_never_wait() {
    let awake = Arc::new(AtomicBool::new(false));
    let busy: Vec<_> = (0..2 * crate::common::workers())
        .map(|_| {
            go!([awake] {
                while !awake.load(SeqCst) {
                    runtime::gosched();
                }
            })
        })
        .collect();
    let sleeper = go!([awake] {
        time::sleep(MOMENT);
        awake.store(true, SeqCst);
    });
    sleeper.join().unwrap();
    busy.into_iter().for_each(|busy| busy.join().unwrap());
}

/// Each goroutine starts the next one and ends, so that the next runs right on its stack.
#[gochan::test]
fn tm_01_a_sleeper_wakes_beside_goroutines_that_start_each_other() {
    fn next(awake: Arc<AtomicBool>) {
        if !awake.load(SeqCst) {
            go!(next(awake));
        }
    }
    let awake = Arc::new(AtomicBool::new(false));
    for _ in 0..2 * crate::common::workers() {
        go!(next(awake.clone()));
    }
    let sleeper = go!([awake] {
        time::sleep(MOMENT);
        awake.store(true, SeqCst);
    });
    sleeper.join().unwrap();
}

/// Turns of a millisecond: were deadlines looked at every so many turns, the wait would be a long one.
#[test]
fn tm_01_a_sleeper_does_not_wait_for_many_long_turns() {
    let _watchdog = watchdog();
    const TURN: Duration = Duration::from_millis(4);
    let awake = Arc::new(AtomicBool::new(false));
    let turns = Arc::new(AtomicU64::new(0));
    let busy: Vec<_> = (0..8 * crate::common::workers())
        .map(|_| {
            go!([awake, turns] {
                while !awake.load(SeqCst) {
                    let start = Instant::now();
                    while start.elapsed() < TURN {
                        std::hint::spin_loop();
                    }
                    turns.fetch_add(1, SeqCst);
                    runtime::gosched();
                }
            })
        })
        .collect();
    let sleeper = go!([awake, turns] {
        // Until the pace is known.
        while turns.load(SeqCst) < 4 * crate::common::workers() as u64 {
            runtime::gosched();
        }
        let before = turns.load(SeqCst);
        time::sleep(MOMENT);
        awake.store(true, SeqCst);
        turns.load(SeqCst) - before
    });
    let meanwhile = sleeper.join().unwrap();
    // The sleep itself, a round of everybody, and generous room for a preempted thread.
    let bound = 60 * crate::common::workers() as u64;
    assert!(meanwhile < bound || crate::common::on_threads(), "{meanwhile} turns of others");
    busy.into_iter().for_each(|busy| busy.join().unwrap());
}

#[test]
fn tm_07_a_hundred_thousand_sleepers_wake_in_time() {
    let _watchdog = watchdog();
    let count = if crate::common::on_threads() { 200 } else { 100_000 };
    let mut random = seeded();
    let lateness = Arc::new(AtomicU64::new(0));
    let wg = WaitGroup::new();
    for _ in 0..count {
        let d = Duration::from_millis(random.u64(1..=100));
        wg.go({
            let lateness = lateness.clone();
            move || {
                let start = Instant::now();
                time::sleep(d);
                let slept = start.elapsed();
                assert!(slept >= d, "slept {slept:?} of {d:?}");
                lateness.fetch_add((slept - d).as_micros() as u64, SeqCst);
            }
        });
    }
    wg.wait();
    let mean = Duration::from_micros(lateness.load(SeqCst) / count);
    assert!(mean < Duration::from_secs(1), "late by {mean:?} in the mean");
}

/// That equal and close deadlines keep their order is for the timers' own tests: between a goroutine's look at the clock
/// and the one in `sleep` its thread may be held up.
#[gochan::test]
fn tm_07_sleepers_wake_in_order_of_deadline() {
    const SLEEPERS: usize = 500;
    let mut random = seeded();
    let (tx, order) = Chan::with_capacity(SLEEPERS).split();
    let start = Instant::now();
    for _ in 0..SLEEPERS {
        let deadline = start + Duration::from_micros(random.u64(..1_500_000));
        go!([tx] {
            time::sleep(deadline - Instant::now().min(deadline));
            assert!(Instant::now() >= deadline);
            tx.send(deadline).unwrap();
        });
    }
    let woken: Vec<_> = order.iter().take(SLEEPERS).collect();
    // A busy machine, or a sanitizer, may hold up the thread of a worker for hundreds of milliseconds.
    let slack = Duration::from_millis(750);
    let mut latest = start;
    for deadline in woken {
        assert!(deadline + slack >= latest, "{:?} late, seed {}", latest - deadline, random.seed);
        latest = latest.max(deadline);
    }
}

#[test]
fn tm_08_a_sleep_for_the_longest_duration_does_not_end() {
    let _watchdog = watchdog();
    let ended = Arc::new(AtomicBool::new(false));
    for d in [Duration::MAX, Duration::from_secs(u64::MAX), Duration::from_secs(1000 * 365 * 86_400)] {
        let sleeper = go!([ended] {
            time::sleep(d);
            ended.store(true, SeqCst);
        });
        until_waiting(&sleeper);
    }
    time::sleep(MOMENT);
    assert!(!ended.load(SeqCst));
}

#[test]
fn tm_09_a_timeout_on_a_thread_is_not_held_up_by_busy_workers() {
    let _watchdog = watchdog();
    let over = AtomicBool::new(false);
    let spinning = AtomicU64::new(0);
    scope(|s| {
        for _ in 0..crate::common::workers() {
            s.go(|| {
                spinning.fetch_add(1, SeqCst);
                while !over.load(SeqCst) {
                    std::hint::spin_loop();
                }
            });
        }
        until(|| spinning.load(SeqCst) > 0);
        let start = Instant::now();
        thread::spawn(|| sleeps_for(MOMENT)).join().unwrap();
        assert!(start.elapsed() < LATE);
        over.store(true, SeqCst);
    });
}
