//! Contexts under shuttle: ends, births, drops and the making of done channels, in every order that thousands of
//! schedules come up with.
//!
//! Built only with `--cfg gochan_model`; `cargo xtask model` does that.

use gochan::chan::TryRecvError;
use gochan::context::{CancelHandle, Context, ContextError, background};
use shuttle::thread;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

const RANDOM: usize = 6_000;
const PCT: usize = 6_000;

fn check(body: fn()) {
    shuttle::check_random(body, RANDOM);
    shuttle::check_pct(body, PCT, 3);
}

#[track_caller]
fn assert_ended(ctx: &Context) {
    assert_eq!(ctx.err(), Some(ContextError::Canceled));
    assert_eq!(ctx.done().try_recv(), Err(TryRecvError::Closed));
}

/// Counts how often it is dropped.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}

#[test]
fn a_cancel_beside_births_misses_nobody() {
    check(|| {
        let (parent, cancel) = background().with_cancel();
        let births = {
            let parent = parent.clone();
            thread::spawn(move || {
                let first = parent.with_cancel();
                let second = first.0.with_cancel();
                (first, second)
            })
        };
        cancel.cancel();
        let (first, second) = births.join().unwrap();
        assert_ended(&first.0);
        assert_ended(&second.0);
    });
}

#[test]
fn whoever_cancels_finds_all_below_ended() {
    check(|| {
        let (top, top_cancel) = background().with_cancel();
        let (middle, middle_cancel) = top.with_cancel();
        let (low, low_cancel) = middle.with_cancel();
        let (leaf, _leaf_cancel) = low.with_cancel();
        let _ = leaf.done();
        let cancelling = |cancel: CancelHandle, below: Vec<Context>| {
            thread::spawn(move || {
                cancel.cancel();
                below.iter().for_each(assert_ended);
            })
        };
        let others = [
            cancelling(middle_cancel, vec![middle.clone(), low.clone(), leaf.clone()]),
            cancelling(low_cancel, vec![low.clone(), leaf.clone()]),
        ];
        top_cancel.cancel();
        [&top, &middle, &low, &leaf].into_iter().for_each(assert_ended);
        others.into_iter().for_each(|other| other.join().unwrap());
    });
}

#[test]
fn drops_beside_a_cancel_free_everything_once() {
    check(|| {
        let drops = Arc::new(AtomicUsize::new(0));
        let (parent, cancel) = background().with_value(Counted(drops.clone())).with_cancel();
        let (child, child_cancel) = parent.with_value(Counted(drops.clone())).with_cancel();
        let (leaf, leaf_cancel) = child.with_cancel();
        let first = thread::spawn(move || drop((child, leaf)));
        let second = thread::spawn(move || drop((child_cancel, leaf_cancel)));
        drop(parent);
        cancel.cancel();
        drop(cancel);
        first.join().unwrap();
        second.join().unwrap();
        assert_eq!(drops.load(SeqCst), 2);
    });
}

#[test]
fn siblings_leave_beside_each_other_and_a_cancel() {
    check(|| {
        let (parent, cancel) = background().with_cancel();
        let children: Vec<_> = (0..3).map(|_| parent.with_cancel()).collect();
        let leaving: Vec<_> = children
            .into_iter()
            .map(|(child, child_cancel)| {
                thread::spawn(move || {
                    child_cancel.cancel();
                    assert_ended(&child);
                })
            })
            .collect();
        cancel.cancel();
        leaving.into_iter().for_each(|leaving| leaving.join().unwrap());
        assert_ended(&parent);
    });
}

#[test]
fn a_done_channel_made_beside_the_end_is_one_and_is_closed() {
    check(|| {
        let (ctx, cancel) = background().with_cancel();
        let asking: Vec<_> = (0..2)
            .map(|_| {
                let ctx = ctx.clone();
                thread::spawn(move || {
                    let done = ctx.done().clone();
                    assert_eq!(done.recv(), None);
                    assert_eq!(ctx.err(), Some(ContextError::Canceled));
                    done
                })
            })
            .collect();
        cancel.cancel();
        for asking in asking {
            assert!(asking.join().unwrap().same_channel(ctx.done()));
        }
        assert_ended(&ctx);
    });
}

#[test]
fn the_last_of_several_handles_cancels() {
    check(|| {
        let (ctx, cancel) = background().with_cancel();
        let others: Vec<_> = (0..2)
            .map(|_| {
                let cancel = cancel.clone();
                thread::spawn(move || drop(cancel))
            })
            .collect();
        let waiting = {
            let ctx = ctx.clone();
            thread::spawn(move || ctx.done().recv())
        };
        drop(cancel);
        assert_eq!(waiting.join().unwrap(), None);
        assert_ended(&ctx);
        others.into_iter().for_each(|other| other.join().unwrap());
    });
}

#[test]
fn what_came_before_the_cancel_is_seen_with_the_error() {
    check(|| {
        let (ctx, cancel) = background().with_cancel();
        let (child, _child_cancel) = ctx.with_cancel();
        let watching = thread::spawn(move || {
            while child.err().is_none() {
                thread::yield_now();
            }
            child.cause().unwrap().to_string()
        });
        cancel.cancel_cause("said before");
        assert_eq!(watching.join().unwrap(), "said before");
    });
}

#[test]
fn a_stop_beside_the_end_of_another_thread_takes_the_function_once() {
    check(|| {
        let drops = Arc::new(AtomicUsize::new(0));
        let (ctx, cancel) = background().with_cancel();
        let stops: Vec<_> = (0..2)
            .map(|_| {
                let counted = Counted(drops.clone());
                ctx.after_func(move || drop(counted))
            })
            .collect();
        // Stopped before the end, so that no goroutine is started, which a model has no room for.
        let stopping: Vec<_> = stops
            .into_iter()
            .map(|stop| {
                thread::spawn(move || {
                    assert!(stop.stop());
                    assert!(!stop.stop());
                })
            })
            .collect();
        let (child, child_cancel) = ctx.with_cancel();
        child_cancel.cancel();
        assert_ended(&child);
        stopping.into_iter().for_each(|stopping| stopping.join().unwrap());
        assert_eq!(drops.load(SeqCst), 2);
        cancel.cancel();
        assert_ended(&ctx);
    });
}

/// What an observer sees at one moment of a context whose end comes from elsewhere.
fn assert_err_and_done_agree(ctx: &Context) {
    if ctx.err().is_some() {
        assert_eq!(ctx.done().try_recv(), Err(TryRecvError::Closed));
        assert!(ctx.done().is_closed());
    }
    if ctx.done().try_recv() == Err(TryRecvError::Closed) {
        assert_eq!(ctx.err(), Some(ContextError::Canceled));
    }
    if ctx.done().is_closed() {
        assert!(ctx.cause().is_some());
    }
}

#[test]
fn nobody_sees_err_without_done_or_done_without_err() {
    for asked in [false, true] {
        let body = move || {
            let (ctx, cancel) = background().with_cancel();
            if asked {
                let _ = ctx.done();
            }
            let observers: Vec<_> = (0..2)
                .map(|_| {
                    let ctx = ctx.clone();
                    thread::spawn(move || (0..2).for_each(|_| assert_err_and_done_agree(&ctx)))
                })
                .collect();
            cancel.cancel();
            assert_ended(&ctx);
            observers.into_iter().for_each(|observer| observer.join().unwrap());
        };
        shuttle::check_random(body, RANDOM);
        shuttle::check_pct(body, PCT, 3);
    }
}

#[test]
fn nobody_sees_a_descendant_end_in_two_steps_or_before_those_above() {
    check(|| {
        let (top, cancel) = background().with_cancel();
        let (middle, _middle_cancel) = top.with_cancel();
        let (leaf, leaf_cancel) = middle.with_cancel();
        let (_, _) = (top.done(), leaf.done());
        let observer = {
            let (top, middle) = (top.clone(), middle.clone());
            thread::spawn(move || {
                assert_err_and_done_agree(&leaf);
                if middle.err().is_some() {
                    assert_ended(&top);
                }
                assert_err_and_done_agree(&middle);
                let (born, _cancel) = middle.with_cancel();
                if born.err().is_some() {
                    assert_ended(&middle);
                    assert_ended(&top);
                }
                assert_err_and_done_agree(&born);
            })
        };
        let other = thread::spawn(move || leaf_cancel.cancel());
        cancel.cancel();
        assert_ended(&middle);
        observer.join().unwrap();
        other.join().unwrap();
    });
}

#[test]
fn whoever_is_woken_by_the_end_finds_the_error() {
    check(|| {
        let (ctx, cancel) = background().with_cancel();
        let waiting = {
            let ctx = ctx.clone();
            thread::spawn(move || {
                gochan::select! {
                    <-ctx.done() => assert_ended(&ctx),
                }
            })
        };
        let observer = {
            let ctx = ctx.clone();
            thread::spawn(move || assert_err_and_done_agree(&ctx))
        };
        drop(cancel);
        waiting.join().unwrap();
        observer.join().unwrap();
    });
}
