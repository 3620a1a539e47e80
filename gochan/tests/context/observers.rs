//! Row CX-15: nobody ever sees a context whose `err()` is set and whose `done()` is open, or the other way round.
//!
//! An observer goes through many contexts, one after the other, while somebody else ends them. It looks without a pause
//! and compares what it sees at the first moment of the end.

use std::hint::spin_loop;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::{until, watchdog};
use gochan::chan::TryRecvError;
use gochan::context::{CancelSource, EndSignal};
use gochan::prelude::*;

const ROUNDS: usize = 3_000;

/// One context to watch, and how to end it. None: it ends by itself.
struct Round {
    watched: Context,
    end: Option<Box<dyn FnOnce() + Send>>,
    /// What else is to live that long.
    _kept: Box<dyn std::any::Any + Send>,
}

fn round<K: Send + 'static>(watched: Context, end: impl FnOnce() + Send + 'static, kept: K) -> Round {
    Round { watched, end: Some(Box::new(end)), _kept: Box::new(kept) }
}

fn is_closed(ctx: &Context) -> bool {
    ctx.done().try_recv() == Err(TryRecvError::Closed)
}

fn selects(ctx: &Context) -> bool {
    select! {
        <-ctx.done() => true,
        default => false,
    }
}

/// What an observer waits for, and what it must find then. The name says which half of the rule that is.
type Observer = (&'static str, fn(&Context) -> bool, fn(&Context) -> bool);

const OBSERVERS: [Observer; 6] = [
    ("err, then a receive from done", |ctx| ctx.err().is_some(), is_closed),
    ("check, then done is closed", |ctx| ctx.check().is_err(), |ctx| ctx.done().is_closed()),
    ("cause, then a select of done", |ctx| ctx.cause().is_some(), selects),
    ("a receive from done, then err", is_closed, |ctx| ctx.err().is_some()),
    ("done is closed, then check", |ctx| ctx.done().is_closed(), |ctx| ctx.check().is_err()),
    ("a select of done, then cause", selects, |ctx| ctx.cause().is_some()),
];

/// Lets every observer in turn look at contexts that `make` makes; `asked`: their done channels are there before.
fn watch(asked: bool, make: impl Fn() -> Round) {
    let _watchdog = watchdog();
    for (name, sees, finds) in OBSERVERS {
        let mut rounds: Vec<Round> = (0..ROUNDS / OBSERVERS.len()).map(|_| make()).collect();
        let contexts: Vec<Context> = rounds.iter().map(|round| round.watched.clone()).collect();
        if asked {
            contexts.iter().for_each(|ctx| _ = ctx.done());
        }
        let at = Arc::new(AtomicUsize::new(0));
        let observer = thread::spawn({
            let at = at.clone();
            move || {
                let (mut missed, mut looks) = (0, 0_u64);
                for (index, ctx) in contexts.iter().enumerate() {
                    at.store(index, SeqCst);
                    while !sees(ctx) {
                        looks += 1;
                        if looks.is_multiple_of(1_000) { thread::yield_now() } else { spin_loop() }
                    }
                    missed += u32::from(!finds(ctx));
                }
                missed
            }
        });
        for (index, round) in rounds.iter_mut().enumerate() {
            until(|| at.load(SeqCst) >= index);
            if let Some(end) = round.end.take() {
                end();
            }
        }
        assert_eq!(observer.join().unwrap(), 0, "{name}: missed so many times");
    }
}

#[test]
fn cx_15_err_and_done_change_at_once_when_a_handle_cancels() {
    watch(true, || {
        let (ctx, cancel) = background().with_cancel();
        round(ctx, move || cancel.cancel(), ())
    });
}

#[test]
fn cx_15_err_and_done_change_at_once_when_done_is_asked_for_beside_the_end() {
    watch(false, || {
        let (ctx, cancel) = background().with_cancel();
        round(ctx, move || cancel.cancel(), ())
    });
}

#[test]
fn cx_15_err_and_done_change_at_once_with_a_cause() {
    watch(true, || {
        let (ctx, cancel) = background().with_cancel_cause();
        round(ctx.with_value(7_u32), move || cancel.cancel_cause("enough"), ())
    });
}

#[test]
fn cx_15_err_and_done_change_at_once_when_the_last_handle_is_dropped() {
    watch(true, || {
        let (ctx, cancel) = background().with_cancel();
        round(ctx, move || drop(cancel), ())
    });
}

#[test]
fn cx_15_err_and_done_change_at_once_in_children_and_grandchildren() {
    watch(true, || {
        let (top, cancel) = background().with_cancel();
        let (child, child_cancel) = top.with_cancel();
        let (grandchild, grandchild_cancel) =
            child.with_value(7_u32).with_timeout(Duration::from_secs(1_000));
        let (_, _) = (top.done(), child.done());
        round(grandchild, move || cancel.cancel(), (child_cancel, grandchild_cancel))
    });
}

#[test]
fn cx_15_err_and_done_change_at_once_when_a_deadline_passes() {
    watch(true, || {
        let (ctx, cancel) = background().with_deadline(Instant::now() + Duration::from_millis(1));
        Round { watched: ctx, end: None, _kept: Box::new(cancel) }
    });
}

#[test]
fn cx_15_err_and_done_change_at_once_when_a_source_ends() {
    struct Source(Chan<EndSignal>);

    impl CancelSource for Source {
        type Watch = ();

        fn watch(self, end: EndSignal) {
            send!(self.0 <- end);
        }
    }

    watch(true, || {
        let signals = chan!(EndSignal, 1);
        let ctx = Context::from_source(Source(signals.clone()));
        let signal = signals.recv().unwrap();
        round(ctx, move || signal.end(gochan::context::ContextError::Canceled), ())
    });
}

#[test]
fn cx_15_a_child_that_is_born_ended_has_a_parent_that_has_ended() {
    let _watchdog = watchdog();
    let mut contexts = Vec::new();
    let mut cancels = Vec::new();
    for _ in 0..ROUNDS {
        let (ctx, cancel) = background().with_cancel();
        let _ = ctx.done();
        contexts.push(ctx);
        cancels.push(cancel);
    }
    let at = Arc::new(AtomicUsize::new(0));
    let observer = thread::spawn({
        let at = at.clone();
        move || {
            let mut missed = 0;
            for (index, ctx) in contexts.iter().enumerate() {
                at.store(index, SeqCst);
                // It may be listed in time, and end with the parent, or come too late.
                while {
                    let (child, _cancel) = ctx.with_cancel();
                    child.err().is_none()
                } {}
                missed += u32::from(ctx.err().is_none() || !is_closed(ctx));
            }
            missed
        }
    });
    for (index, cancel) in cancels.into_iter().enumerate() {
        until(|| at.load(SeqCst) >= index);
        cancel.cancel();
    }
    assert_eq!(observer.join().unwrap(), 0);
}

#[gochan::test]
fn cx_15_a_function_after_the_end_finds_both() {
    let found = chan!((bool, bool));
    for asked in [false, true].repeat(300) {
        let (ctx, cancel) = background().with_cancel();
        let (child, _child_cancel) = ctx.with_cancel();
        if asked {
            let _ = child.done();
        }
        let _stop = child.after_func({
            let (child, found) = (child.clone(), found.clone());
            move || send!(found <- (child.err().is_some(), is_closed(&child)))
        });
        let late = go!([found, ctx] {
            _ = ctx.after_func({
                let (ctx, found) = (ctx.clone(), found.clone());
                move || send!(found <- (ctx.err().is_some(), is_closed(&ctx)))
            });
        });
        cancel.cancel();
        late.join().unwrap();
        assert_eq!((found.recv(), found.recv()), (Some((true, true)), Some((true, true))));
    }
}

#[cfg(feature = "tokio-util")]
#[test]
fn cx_15_whoever_sees_a_token_cancelled_finds_err_and_done() {
    let _watchdog = watchdog();
    for _ in 0..1_000 {
        let (ctx, cancel) = background().with_cancel();
        let token = ctx.to_cancellation_token();
        let _ = ctx.done();
        let observer = thread::spawn(move || {
            while !token.is_cancelled() {
                thread::yield_now();
            }
            (ctx.err().is_some(), is_closed(&ctx))
        });
        cancel.cancel();
        assert_eq!(observer.join().unwrap(), (true, true));
    }
}
