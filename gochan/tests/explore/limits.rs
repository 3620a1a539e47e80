//! Waits that are given up, in explorations: whoever gives up takes nothing with it, and holds nobody up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::*};
use std::time::Duration;

use crate::common::exploration::{DEADLOCK, classics, finds, join_all, passes};
use gochan::prelude::*;
use gochan::sync::{Cond, Mutex, RwLock};
use gochan::time::sleep;

const SECOND: Duration = Duration::from_secs(1);

classics! {
    /// Counts on the lock to come in time.
    lock_that_is_surely_free("it was held") |buggy| {
        let mutex = Arc::new(Mutex::new(0));
        let other = go!([mutex] {
            let mut value = mutex.lock();
            sleep(2 * SECOND);
            *value += 1;
        });
        let limit = if buggy { SECOND } else { Duration::MAX };
        let locked = mutex.lock_timeout(limit).map(|value| *value);
        other.join().unwrap();
        assert!(locked.is_some(), "it was held");
    };

    /// The one that gives up was to wake the next.
    baton_is_dropped(DEADLOCK) |buggy| {
        let shared = Arc::new((Mutex::new(false), Cond::new()));
        let (ctx, cancel) = background().with_cancel();
        let waiters = (0..2).map(|_| go!([shared, ctx] {
            let (ready, changed) = &*shared;
            let mut ready = ready.lock();
            let mut waited = Ok(());
            while !*ready && (waited.is_ok() || buggy) {
                (ready, waited) = if buggy {
                    (changed.wait(ready), Ok(()))
                } else {
                    changed.wait_ctx(&ctx, ready)
                };
            }
        })).collect::<Vec<_>>();
        cancel.cancel();
        join_all(waiters);
    };

    /// A wait for a time counts as one for the end.
    group_is_taken_for_done("too early") |buggy| {
        let (wg, done) = (WaitGroup::new(), Arc::new(AtomicU32::new(0)));
        for seconds in 0..3 {
            let done = done.clone();
            wg.go(move || {
                sleep(seconds * SECOND);
                done.fetch_add(1, SeqCst);
            });
        }
        if buggy {
            let _ = wg.wait_timeout(SECOND);
        } else {
            while !wg.wait_timeout(SECOND / 2) {}
        }
        assert_eq!(done.load(SeqCst), 3, "too early");
    };
}

#[test]
fn mutexes_exclude_each_other_in_every_order() {
    passes(|| {
        let mutex = Arc::new(Mutex::new([0, 0]));
        let (ctx, cancel) = background().with_cancel();
        let tasks: Vec<_> = (0..4)
            .map(|task| {
                go!([mutex, ctx] {
                    let guard = match task {
                        0 => mutex.lock_timeout(SECOND),
                        1 => mutex.lock_ctx(&ctx).ok(),
                        _ => Some(mutex.lock()),
                    };
                    if let Some(mut pair) = guard {
                        pair[0] += 1;
                        if task == 2 {
                            sleep(SECOND);
                        }
                        pair[1] += 1;
                    }
                })
            })
            .collect();
        cancel.cancel();
        join_all(tasks);
        let pair = *mutex.try_lock().expect("it is free");
        assert!(pair[0] == pair[1] && pair[0] >= 2);
    });
}

#[test]
fn readers_and_writers_exclude_each_other_in_every_order() {
    passes(|| {
        let lock = Arc::new(RwLock::new([0, 0]));
        let (ctx, cancel) = background().with_cancel();
        let tasks: Vec<_> = (0..6)
            .map(|task| {
                go!([lock, ctx] {
                    let write = match task {
                        0 => lock.write_timeout(SECOND),
                        1 => lock.write_ctx(&ctx).ok(),
                        2 => Some(lock.write()),
                        _ => None,
                    };
                    if let Some(mut pair) = write {
                        pair[0] += 1;
                        gochan::runtime::gosched();
                        pair[1] += 1;
                    }
                    let read = match task {
                        3 => lock.read_timeout(SECOND),
                        4 => lock.read_ctx(&ctx).ok(),
                        _ => Some(lock.read()),
                    };
                    if let Some(pair) = read {
                        if task == 5 {
                            sleep(SECOND);
                        }
                        assert_eq!(pair[0], pair[1]);
                    }
                })
            })
            .collect();
        cancel.cancel();
        join_all(tasks);
        let pair = *lock.try_write().expect("it is free");
        assert!(pair[0] == pair[1] && pair[0] >= 1);
    });
}

#[test]
fn an_end_is_seen_in_every_order() {
    passes(|| {
        let gate = chan!(());
        let goroutine = go!([gate] {
            gate.recv();
        });
        let finished = goroutine.finished();
        let watching = go!({ finished.recv() });
        go!([gate] {
            gate.close();
        });
        if let Err(goroutine) = goroutine.join_timeout(SECOND) {
            drop(goroutine);
        }
        assert_eq!(watching.join().unwrap(), None);
    });
}
