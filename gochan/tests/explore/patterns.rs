//! The patterns in every order of events: whoever ends first, the source, the context or who receives, nothing is left
//! behind, nothing waits for ever, and what comes out is what went in. The same for what `sync` is put together of.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::time::Duration;

use crate::common::exploration::{join_all, passes};
use gochan::patterns::{broadcast, generate, merge, or_done, pipeline, tee, worker_pool};
use gochan::prelude::*;
use gochan::runtime::{self, gosched};
use gochan::sync::{Cond, Lazy, Mutex, OnceCell, Pool, RwLock, Semaphore, errgroup, singleflight};

/// Ends a context at any moment.
fn cancelled_at_some_time() -> Context {
    let (ctx, cancel) = background().with_cancel();
    go!({
        gosched();
        cancel.cancel();
    });
    ctx
}

/// What has come is a part of what was sent.
#[track_caller]
fn is_part(seen: &[u32], of: std::ops::Range<u32>) {
    let distinct: BTreeSet<_> = seen.iter().copied().collect();
    assert_eq!(distinct.len(), seen.len(), "{seen:?}");
    assert!(distinct.iter().all(|value| of.contains(value)), "{seen:?}");
}

#[test]
fn whole_streams_come_through() {
    passes(|| {
        let ctx = background();
        let squares = worker_pool(&ctx, 2, generate(&ctx, 0..3_u32), |n| n * n);
        let (left, right) = tee(&ctx, squares);
        let doubled = pipeline(&ctx, left).then(|n| 2 * n).output();
        let sum: u32 = merge(&ctx, [doubled, or_done(&ctx, right)]).iter().sum();
        assert_eq!(sum, 3 * (1 + 4));
    });
}

#[test]
fn a_merge_may_end_at_any_time() {
    passes(|| {
        let ctx = cancelled_at_some_time();
        let all: Vec<_> = merge(&ctx, [generate(&ctx, 0..3), generate(&ctx, 3..6)]).iter().collect();
        is_part(&all, 0..6);
    });
}

#[test]
fn a_pool_may_end_at_any_time() {
    passes(|| {
        let ctx = cancelled_at_some_time();
        let begun = Arc::new(AtomicUsize::new(0));
        let counting = begun.clone();
        let done: Vec<_> = worker_pool(&ctx, 2, generate(&ctx, 0..4), move |job| {
            counting.fetch_add(1, SeqCst);
            job
        })
        .iter()
        .collect();
        is_part(&done, 0..4);
        assert!(done.len() <= begun.load(SeqCst));
    });
}

#[test]
fn a_pipeline_may_end_at_any_time() {
    passes(|| {
        let ctx = cancelled_at_some_time();
        let out: Vec<_> =
            pipeline(&ctx, generate(&ctx, 0..4)).then(|n: u32| n).then(|n| n).output().iter().collect();
        // In order, and without a gap.
        assert_eq!(out, (0..out.len() as u32).collect::<Vec<_>>());
    });
}

#[test]
fn a_broadcast_may_end_at_any_time() {
    passes(|| {
        let ctx = cancelled_at_some_time();
        let readers: Vec<_> = broadcast(&ctx, generate(&ctx, 0..3_u32), 3)
            .into_iter()
            .map(|output| go!({ output.iter().collect::<Vec<_>>() }))
            .collect();
        for seen in join_all(readers) {
            assert_eq!(seen, (0..seen.len() as u32).collect::<Vec<_>>());
        }
    });
}

#[test]
fn who_receives_may_leave_at_any_time() {
    passes(|| {
        let ctx = background();
        let numbers = pipeline(&ctx, generate(&ctx, 0..)).then_parallel(2, |n: u32| n).output();
        let (left, right) = tee(&ctx, numbers);
        let reader = go!({ left.iter().take(2).count() });
        assert_eq!(right.iter().take(3).count(), 3);
        drop(right);
        assert_eq!(join_all([reader]), [2]);
    });
}

#[test]
fn a_semaphore_neither_loses_nor_makes_permits() {
    passes(|| {
        let permits = Arc::new(Semaphore::new(3));
        let ctx = cancelled_at_some_time();
        let out = Arc::new(AtomicUsize::new(0));
        let users: Vec<_> = [3, 1, 2, 1]
            .into_iter()
            .map(|weight| {
                go!([permits, ctx, out] {
                    if permits.acquire(&ctx, weight).is_ok() {
                        assert!(out.fetch_add(weight, SeqCst) + weight <= 3);
                        gosched();
                        out.fetch_sub(weight, SeqCst);
                        permits.release(weight);
                    }
                })
            })
            .collect();
        join_all(users);
        assert!(permits.try_acquire(3), "not all came back");
    });
}

#[test]
fn an_errgroup_ends_with_its_first_error_whatever_comes_first() {
    passes(|| {
        let (group, ctx) = errgroup::Group::<usize>::with_context(&background());
        group.set_limit(2);
        let waiting = ctx.clone();
        group.go(move || {
            waiting.done().recv();
            Err(100)
        });
        group.go(|| {
            gosched();
            Err(7)
        });
        // Waits for room, which is there once one of them has ended.
        group.go(|| Ok(()));
        while !group.try_go(|| Ok(())) {}
        assert_eq!(group.wait(), Err(7));
        assert!(ctx.err().is_some());
    });
}

#[test]
fn flights_of_one_key_never_overlap() {
    passes(|| {
        let group = singleflight::Group::new();
        let flying = Arc::new(AtomicUsize::new(0));
        let askers = (0..3).map(|i| {
            go!([group, flying] {
                group
                    .run("key", || {
                        assert_eq!(flying.fetch_add(1, SeqCst), 0, "two at a time");
                        gosched();
                        flying.fetch_sub(1, SeqCst);
                        i
                    })
                    .0
            })
        });
        let answers = join_all(askers.collect::<Vec<_>>());
        assert!(answers.iter().all(|&answer| answer < 3));
    });
}

#[test]
fn a_cond_with_a_timeout_takes_no_signal_with_it() {
    passes(|| {
        let shared = Arc::new((Mutex::new(0), Cond::new()));
        let impatient = go!([shared] {
            let (tokens, cond) = &*shared;
            // Woken in vain if the other one came with the signal, and took what it was for.
            let (mut tokens, _timed_out) = cond.wait_timeout(tokens.lock(), Duration::from_secs(1));
            *tokens = u32::saturating_sub(*tokens, 1);
        });
        let patient = go!([shared] {
            let (tokens, cond) = &*shared;
            *cond.wait_while(tokens.lock(), |tokens| *tokens == 0) -= 1;
        });
        gochan::time::sleep(Duration::from_secs(1));
        for _ in 0..2 {
            *shared.0.lock() += 1;
            shared.1.signal();
        }
        join_all([impatient, patient]);
        assert!(*shared.0.lock() <= 1);
    });
}

#[test]
fn readers_and_writers_exclude_each_other_in_every_order() {
    passes(|| {
        let lock = Arc::new(RwLock::new([0, 0]));
        let tasks: Vec<_> = (0..5)
            .map(|i| {
                go!([lock] {
                    match i {
                        0 | 1 => {
                            let mut pair = lock.write();
                            pair[0] += 1;
                            gosched();
                            pair[1] += 1;
                        }
                        2 => {
                            if let Some(pair) = lock.try_read() {
                                assert_eq!(pair[0], pair[1]);
                            }
                        }
                        _ => {
                            let pair = lock.read();
                            let before = *pair;
                            gosched();
                            assert_eq!((before, pair[0]), (*pair, pair[1]));
                        }
                    }
                })
            })
            .collect();
        join_all(tasks);
        assert_eq!(*lock.read(), [2, 2]);
    });
}

#[test]
fn cells_are_filled_once_by_the_first_that_does_not_fail() {
    passes(|| {
        let cell = Arc::new(OnceCell::new());
        let tries = (0..3).map(|i| {
            go!([cell] {
                cell.get_or_try_init(|| {
                    gosched();
                    if i == 0 { Err(()) } else { Ok(i) }
                })
                .copied()
            })
        });
        let seen: BTreeSet<_> = join_all(tries.collect::<Vec<_>>()).into_iter().flatten().collect();
        assert_eq!(seen.len(), 1, "{seen:?}");
        let lazy = Arc::new(Lazy::new(|| {
            gosched();
            5
        }));
        let users = (0..2).map(|_| go!([lazy] { **lazy }));
        assert_eq!(join_all(users.collect::<Vec<_>>()), [5, 5]);
    });
}

#[test]
fn a_call_over_a_channel_is_made_by_who_has_begun_it() {
    passes(|| {
        let group = singleflight::Group::new();
        let made = Arc::new(AtomicUsize::new(0));
        let make = |n: u32| {
            let made = made.clone();
            move || {
                made.fetch_add(1, SeqCst);
                gosched();
                n
            }
        };
        let forgetful = go!([group] { group.forget(&()) });
        let first = group.run_chan((), make(1));
        let second = group.run_chan((), make(2));
        let third = go!({
            let make = make(3);
            move || group.run((), make)
        }())
        .join()
        .unwrap();
        let answers = [first.recv().unwrap(), second.recv().unwrap(), third];
        join_all([forgetful]);
        // Whoever asked first has begun a call, which nobody else makes.
        assert_eq!(answers[0].0, 1);
        let others: BTreeSet<_> = answers.iter().map(|(n, _)| *n).collect();
        assert_eq!(made.load(SeqCst), others.len(), "{answers:?}");
        for (n, shared) in answers {
            assert_eq!(shared, answers.iter().filter(|(other, _)| *other == n).count() > 1, "{answers:?}");
        }
    });
}

#[test]
fn a_call_that_is_left_by_panic_over_a_channel_leaves_nobody_waiting() {
    passes(|| {
        let group = singleflight::Group::new();
        let first = group.run_chan((), || runtime::goexit());
        let asking = go!([group] { group.run((), || 7) });
        assert_eq!(first.recv(), None);
        // It has asked while that call was under way, or made one of its own.
        match asking.join() {
            Ok(answer) => assert_eq!(answer, (7, false)),
            Err(payload) => assert!(payload.is::<runtime::Goexit>()),
        }
        assert_eq!(group.run((), || 8), (8, false));
    });
}

#[test]
fn the_cause_of_the_end_of_an_errgroup_is_the_error_that_wait_returns() {
    passes(|| {
        let (group, ctx) = errgroup::Group::with_context_cause(&background(), |n: &u32| n.to_string());
        (0..3).for_each(|n| group.go(move || Err(n)));
        let told = go!([ctx] {
            ctx.done().recv();
            ctx.cause().unwrap().to_string()
        });
        let error = group.wait().unwrap_err().to_string();
        assert_eq!(told.join().unwrap(), error);
        assert_eq!(ctx.cause().unwrap().to_string(), error);
    });
}

#[test]
fn a_pool_gives_no_value_to_two() {
    passes(|| {
        let pool = Arc::new(Pool::new({
            let made = AtomicUsize::new(0);
            move || made.fetch_add(1, SeqCst)
        }));
        let out = Arc::new(Mutex::new(BTreeSet::new()));
        let tasks: Vec<_> = (0..3)
            .map(|_| {
                go!([pool, out] {
                    for _ in 0..2 {
                        let value = pool.lease();
                        assert!(out.lock().insert(*value));
                        gosched();
                        assert!(out.lock().remove(&*value));
                    }
                })
            })
            .collect();
        join_all(tasks);
    });
}
