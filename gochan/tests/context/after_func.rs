//! Row CX-10: functions to run after the end.

use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use crate::common::{Ledger, MOMENT, until, watchdog};
use gochan::context::StopHandle;
use gochan::prelude::*;
use static_assertions::assert_impl_all;

assert_impl_all!(StopHandle: Send, Sync, Unpin, std::panic::UnwindSafe, std::panic::RefUnwindSafe);

#[gochan::test]
fn cx_10_it_runs_once_after_the_end() {
    let (ctx, cancel) = background().with_cancel();
    let runs = chan!(Option<gochan::context::ContextError>, 4);
    let stop = ctx.after_func({
        let (ctx, runs) = (ctx.clone(), runs.clone());
        move || send!(runs <- ctx.err())
    });
    assert!(runs.is_empty());
    cancel.cancel();
    assert_eq!(runs.recv(), Some(ctx.err()));
    cancel.cancel();
    assert!(!stop.stop());
    assert_eq!(runs.recv_timeout(MOMENT).ok(), None);
}

#[gochan::test]
fn cx_10_it_runs_in_a_goroutine_of_its_own() {
    let (ctx, cancel) = background().with_cancel();
    let (first, second) = (chan!(()), chan!(()));
    // The two functions meet each other and the canceller: that takes three goroutines.
    let canceller = go!([first, second] {
        drop(ctx.after_func({
            let (first, second) = (first.clone(), second.clone());
            move || {
                send!(first <- ());
                send!(second <- ());
            }
        }));
        drop(ctx.after_func({
            let first = first.clone();
            move || assert_eq!(first.recv(), Some(()))
        }));
        cancel.cancel();
        second.recv()
    });
    assert_eq!(canceller.join().unwrap(), Some(()));
}

#[test]
fn cx_10_a_function_that_blocks_or_panics_holds_nobody_up() {
    let _watchdog = watchdog();
    let (ctx, cancel) = background().with_cancel();
    let gate = chan!(());
    let done = chan!((), 1);
    drop(ctx.after_func({
        let gate = gate.clone();
        move || assert_eq!(gate.recv(), None)
    }));
    drop(ctx.after_func(|| panic!("on purpose")));
    drop(ctx.after_func({
        let done = done.clone();
        move || send!(done <- ())
    }));
    cancel.cancel();
    assert_eq!(done.recv(), Some(()));
    close!(gate);
}

#[gochan::test]
fn cx_10_on_an_ended_context_it_runs_at_once() {
    let (ctx, _cancel) = background().with_timeout(Duration::ZERO);
    let ran = chan!((), 1);
    let stop = ctx.with_value(1).after_func({
        let ran = ran.clone();
        move || send!(ran <- ())
    });
    assert!(!stop.stop());
    assert_eq!(ran.recv(), Some(()));
}

#[gochan::test]
fn cx_10_a_stopped_function_does_not_run_and_is_dropped_at_once() {
    let ledger = Ledger::default();
    let (ctx, cancel) = background().with_cancel();
    let value = ledger.value(1);
    let stop = ctx.after_func(move || panic!("{value:?} ran"));
    assert_eq!(ledger.dropped(), 0);
    assert!(stop.stop());
    ledger.balances();
    assert!(!stop.stop());
    cancel.cancel();
    assert!(!stop.stop());
}

#[gochan::test]
fn cx_10_a_dropped_stop_handle_stops_nothing() {
    let (ctx, cancel) = background().with_cancel();
    let ran = chan!((), 1);
    drop(ctx.after_func({
        let ran = ran.clone();
        move || send!(ran <- ())
    }));
    drop(ctx);
    drop(cancel);
    assert_eq!(ran.recv(), Some(()));
}

#[gochan::test]
fn cx_10_on_a_context_that_never_ends_it_waits_to_be_stopped() {
    let ledger = Ledger::default();
    for stopped in [true, false] {
        let value = ledger.value(1);
        let stop = background().after_func(move || panic!("{value:?} ran"));
        if stopped {
            assert!(stop.stop());
            assert!(!stop.stop());
        }
        drop(stop);
        ledger.balances();
    }
}

#[gochan::test]
fn cx_10_an_end_from_above_or_by_deadline_runs_it() {
    let ran = chan!(&str, 2);
    let (parent, cancel) = background().with_cancel();
    let (child, _child_cancel) = parent.with_cancel();
    let (timed, _timed_cancel) = background().with_timeout(MOMENT);
    for (ctx, name) in [(&child, "parent"), (&timed, "deadline")] {
        let ran = ran.clone();
        drop(ctx.after_func(move || send!(ran <- name)));
    }
    assert_eq!(ran.recv(), Some("deadline"));
    cancel.cancel();
    assert_eq!(ran.recv(), Some("parent"));
}

#[test]
fn cx_10_stop_beside_cancel_either_stops_or_runs() {
    let _watchdog = watchdog();
    let (stopped, ran) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    let turns = 500;
    for _ in 0..turns {
        let (ctx, cancel) = background().with_cancel();
        let counter = ran.clone();
        let stop = ctx.after_func(move || {
            counter.fetch_add(1, SeqCst);
        });
        let barrier = Arc::new(Barrier::new(2));
        let canceller = {
            let barrier = barrier.clone();
            thread::spawn(move || {
                barrier.wait();
                cancel.cancel();
            })
        };
        barrier.wait();
        stopped.fetch_add(usize::from(stop.stop()), SeqCst);
        canceller.join().unwrap();
    }
    until(|| stopped.load(SeqCst) + ran.load(SeqCst) >= turns);
    assert_eq!(stopped.load(SeqCst) + ran.load(SeqCst), turns);
}

#[gochan::test]
fn cx_10_of_many_functions_all_run_and_stopped_ones_leave() {
    let (ctx, cancel) = background().with_cancel();
    let wg = WaitGroup::new();
    let handles: Vec<_> = (0..1000)
        .map(|number| {
            wg.add(1);
            let wg = wg.clone();
            (number, ctx.after_func(move || wg.done()))
        })
        .collect();
    for (_, stop) in handles.iter().filter(|(number, _)| number % 3 == 0) {
        assert!(stop.stop());
        wg.done();
    }
    cancel.cancel();
    wg.wait();
    assert!(handles.iter().all(|(_, stop)| !stop.stop()));
}

#[gochan::test]
fn cx_10_a_function_may_use_its_own_context() {
    let (ctx, cancel) = background().with_cancel();
    let ran = chan!(bool, 1);
    drop(ctx.after_func({
        let (ctx, cancel, ran) = (ctx.clone(), cancel.clone(), ran.clone());
        move || {
            cancel.cancel();
            let (child, _child_cancel) = ctx.with_cancel();
            let again = ran.clone();
            drop(child.after_func(move || send!(again <- true)));
        }
    }));
    cancel.cancel();
    assert_eq!(ran.recv(), Some(true));
}
