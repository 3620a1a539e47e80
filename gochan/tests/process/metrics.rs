//! The numbers of `runtime::metrics`. They are the process's, so each test has a process of its own.

use crate::common::process::scenarios;
use crate::common::{is_waiting, on_threads, until, until_waiting};
use gochan::blocking;
use gochan::prelude::*;
use gochan::runtime::{gosched, metrics, num_goroutine};
use gochan::time::{after_func, sleep};
use std::time::Duration;

scenarios!(goroutines, workers_at_rest, timers, blocking_calls);

/// As `until`, for what needs this worker.
fn until_here(condition: impl Fn() -> bool) {
    while !condition() {
        gosched();
    }
}

#[gochan::main]
fn goroutines() {
    let gate = chan!(());
    let waiting: Vec<_> = (0..100)
        .map(|_| {
            go!([gate] {
                recv!(gate);
            })
        })
        .collect();
    until_here(|| waiting.iter().all(is_waiting));
    let all = metrics();
    assert_eq!((all.spawned, all.ended, all.goroutines), (101, 0, 101), "{all:?}");
    assert_eq!((all.unstarted, all.parked + all.runnable), (0, 101), "{all:?}");
    until_here(|| metrics().parked == 100);
    if !on_threads() {
        until_here(|| metrics().stacks_in_use == 101);
    }
    close!(gate);
    waiting.into_iter().for_each(|one| one.join().unwrap());
    let all = metrics();
    assert_eq!((all.spawned, all.ended, all.goroutines), (101, 100, 1), "{all:?}");
    if !on_threads() {
        until_here(|| metrics().stacks_in_use == 1);
        assert!(metrics().stacks_cached >= 100, "{:?}", metrics());
    }
}

fn workers_at_rest() {
    let gate = chan!(());
    let waiting = go!([gate] { recv!(gate) });
    until_waiting(&waiting);
    if on_threads() {
        assert_eq!(metrics().goroutine_threads, 1);
    } else {
        until(|| metrics().workers_awake == 0);
        let before = metrics();
        assert_eq!(
            (before.workers, before.parked, before.runnable),
            (crate::common::workers(), 1, 0),
            "{before:?}"
        );
        assert!(before.worker_sleeps >= 1, "{before:?}");
        close!(gate);
        waiting.join().unwrap();
        let after = metrics();
        assert!(after.worker_wakes > before.worker_wakes, "{before:?} {after:?}");
    }
}

fn timers() {
    let far = Duration::from_secs(3600);
    let timer = after_func(far, || {});
    let sleepers: Vec<_> = (0..10).map(|_| go!({ sleep(Duration::from_millis(300)) })).collect();
    if !on_threads() {
        until(|| metrics().timers == 11);
    }
    sleepers.into_iter().for_each(|sleeper| sleeper.join().unwrap());
    until(|| metrics().timers == 1);
    assert!(timer.stop());
    until(|| metrics().timers == 0);
}

#[gochan::main]
fn blocking_calls() {
    let (tx, rx) = std::sync::mpsc::channel::<()>();
    let call = go!({ blocking(move || rx.recv().unwrap()) });
    if !on_threads() {
        until_here(|| metrics().blocking_calls > 0);
        assert_eq!(metrics().blocking_threads, 1);
    }
    tx.send(()).unwrap();
    call.join().unwrap();
    until(|| metrics().blocking_calls == 0);
    assert_eq!(num_goroutine(), 1);
}

#[test]
fn metrics_tell_what_there_is() {
    for name in ["goroutines", "workers_at_rest", "timers", "blocking_calls"] {
        let outcome = scenario(name).run();
        assert_eq!((outcome.code(), outcome.stderr.as_str()), (Some(0), ""), "{outcome:#?}");
    }
}
