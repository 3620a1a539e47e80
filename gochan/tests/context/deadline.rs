//! Rows CX-05 to CX-07 for contexts that end by themselves.

use std::sync::Arc;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use crate::common::{Ledger, patience, watchdog};
use gochan::chan::TryRecvError;
use gochan::context::ContextError;
use gochan::prelude::*;

const CANCELED: Option<ContextError> = Some(ContextError::Canceled);
const EXCEEDED: Option<ContextError> = Some(ContextError::DeadlineExceeded);
const SHORT: Duration = Duration::from_millis(20);

#[gochan::test]
fn cx_05_at_the_deadline_it_ends_and_not_before() {
    let start = Instant::now();
    let (ctx, _cancel) = background().with_deadline(start + SHORT);
    assert_eq!(ctx.deadline(), Some(start + SHORT));
    let waiting = go!([ctx] { (ctx.done().recv(), Instant::now()) });
    let (received, at) = waiting.join().unwrap();
    assert_eq!(received, None);
    assert!(at >= start + SHORT);
    assert_eq!(ctx.err(), EXCEEDED);
    assert_eq!(ctx.check(), Err(ContextError::DeadlineExceeded));
}

#[gochan::test]
fn cx_05_a_timeout_counts_from_the_call() {
    let before = Instant::now();
    let (ctx, _cancel) = background().with_timeout(SHORT);
    let after = Instant::now();
    let deadline = ctx.deadline().unwrap();
    assert!(before + SHORT <= deadline && deadline <= after + SHORT);
    assert_eq!(ctx.done().recv(), None);
    assert!(Instant::now() >= deadline);
}

#[gochan::test]
fn cx_05_an_end_by_deadline_reaches_all_below() {
    let (ctx, _cancel) = background().with_timeout(SHORT);
    let (child, _child_cancel) = ctx.with_cancel();
    let (later, _later_cancel) = child.with_timeout(patience());
    let waiting = go!([later] { later.done().recv() });
    waiting.join().unwrap();
    for ctx in [&ctx, &child, &later] {
        assert_eq!(ctx.err(), EXCEEDED);
        assert_eq!(ctx.done().try_recv(), Err(TryRecvError::Closed));
    }
}

#[gochan::test]
fn cx_05_the_earlier_deadline_holds_and_is_reported() {
    let now = Instant::now();
    let (early, late) = (now + patience(), now + 2 * patience());
    let (outer, _outer) = background().with_deadline(early);
    let (inner, _inner) = outer.with_deadline(late);
    assert_eq!(inner.deadline(), Some(early));
    let (outer, _outer) = background().with_deadline(late);
    let (inner, _inner) = outer.with_deadline(early);
    assert_eq!((outer.deadline(), inner.deadline()), (Some(late), Some(early)));
    assert_eq!(inner.with_value(1).with_cancel().0.deadline(), Some(early));
}

#[gochan::test]
fn cx_05_a_child_may_end_before_its_parent() {
    let (parent, _cancel) = background().with_timeout(patience());
    let (child, _child_cancel) = parent.with_timeout(SHORT);
    child.done().recv();
    assert_eq!((parent.err(), child.err()), (None, EXCEEDED));
}

#[gochan::test]
fn cx_05_a_deadline_that_has_passed_ends_it_at_birth() {
    let passed = Instant::now();
    for (ctx, cancel) in [
        background().with_deadline(passed),
        background().with_timeout(Duration::ZERO),
        background().with_cancel().0.with_value(1).without_cancel().with_deadline(passed),
    ] {
        assert_eq!(ctx.err(), EXCEEDED);
        assert_eq!(ctx.done().try_recv(), Err(TryRecvError::Closed));
        cancel.cancel();
        assert_eq!(ctx.err(), EXCEEDED);
        assert!(ctx.deadline().is_some());
    }
}

#[gochan::test]
fn cx_05_a_timeout_beyond_the_clock_never_comes() {
    let (ctx, cancel) = background().with_timeout(Duration::MAX);
    assert_eq!((ctx.err(), ctx.deadline()), (None, None));
    let far = Duration::from_secs(3600 * 24 * 365 * 1000);
    let (far, far_cancel) = background().with_timeout(far);
    assert_eq!(far.err(), None);
    cancel.cancel();
    far_cancel.cancel();
    assert_eq!((ctx.err(), far.err()), (CANCELED, CANCELED));
}

#[gochan::test]
fn cx_05_many_deadlines_in_any_order() {
    let mut random = crate::common::seeded();
    let start = Instant::now();
    let contexts: Vec<_> =
        (0..2000).map(|_| background().with_deadline(start + random.u32(..50) * (SHORT / 20))).collect();
    for (ctx, _) in &contexts {
        ctx.done().recv();
        assert!(Instant::now() >= ctx.deadline().unwrap());
        assert_eq!(ctx.err(), EXCEEDED);
    }
}

#[gochan::test]
fn cx_06_cancel_before_the_deadline_gives_canceled_for_good() {
    let (ctx, cancel) = background().with_timeout(SHORT);
    cancel.cancel();
    let err = ctx.err();
    gochan::time::sleep(2 * SHORT);
    // On a machine so slow that the deadline came first, there is nothing to see.
    if err == CANCELED {
        assert_eq!(ctx.err(), CANCELED);
    }
    assert!(ctx.err().is_some());
}

#[gochan::test]
fn cx_06_a_cancelled_deadline_leaves_nothing_behind() {
    // The cause and the values go as soon as the handles do: no alarm holds on to them.
    let ledger = Ledger::default();
    #[derive(Debug)]
    struct Why(#[expect(dead_code, reason = "it is the drop that counts")] crate::common::Tracked);
    impl std::fmt::Display for Why {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("why")
        }
    }
    impl std::error::Error for Why {}
    for turn in 0..100 {
        let root = background().with_value(ledger.value(turn));
        let (ctx, cancel) = root.with_timeout_cause(patience(), Why(ledger.value(turn)));
        if turn % 2 == 0 {
            cancel.cancel();
            assert_eq!(ledger.dropped() % 2, 1, "the cause is not needed any more");
        }
        drop((root, ctx, cancel));
        ledger.balances();
    }
}

#[gochan::test]
fn cx_06_parents_and_handles_stop_timers_too() {
    let ledger = Ledger::default();
    let (parent, cancel) = background().with_cancel();
    let children: Vec<_> =
        (0..100).map(|n| parent.with_value(ledger.value(n)).with_timeout(patience())).collect();
    cancel.cancel();
    drop(children);
    ledger.balances();
}

#[test]
fn cx_06_cancel_beside_the_deadline_is_one_or_the_other() {
    let _watchdog = watchdog();
    let turns = if crate::common::on_threads() { 50 } else { 300 };
    for turn in 0..turns {
        let timeout = Duration::from_micros(200 + turn % 50);
        let (ctx, cancel) = background().with_timeout_cause(timeout, "time");
        let (child, _child_cancel) = ctx.with_cancel();
        let barrier = Arc::new(Barrier::new(2));
        let canceller = {
            let barrier = barrier.clone();
            thread::spawn(move || {
                barrier.wait();
                thread::sleep(timeout);
                cancel.cancel_cause("will");
                cancel
            })
        };
        barrier.wait();
        child.done().recv();
        assert_eq!(ctx.err(), child.err());
        let cause = if ctx.err() == CANCELED { "will" } else { "time" };
        assert_eq!(ctx.cause().unwrap().to_string(), cause);
        assert_eq!(child.cause().unwrap().to_string(), cause);
        drop(canceller.join().unwrap());
    }
}

#[gochan::test]
fn cx_07_the_cause_of_a_deadline_is_told_if_the_deadline_ended_it() {
    let (timed, _cancel) = background().with_timeout_cause(SHORT, "too slow");
    let (dated, _dated) = background().with_deadline_cause(Instant::now() + SHORT, "too late");
    let (child, _child) = timed.with_cancel();
    let waiting = go!([child, dated] { (child.done().recv(), dated.done().recv()) });
    waiting.join().unwrap();
    assert_eq!(timed.cause().unwrap().to_string(), "too slow");
    assert_eq!(child.cause().unwrap().to_string(), "too slow");
    assert_eq!(dated.cause().unwrap().to_string(), "too late");
    assert_eq!(timed.err(), EXCEEDED);
}

#[gochan::test]
fn cx_07_the_cause_of_a_deadline_is_not_told_otherwise() {
    let (timed, cancel) = background().with_timeout_cause(patience(), "too slow");
    cancel.cancel();
    assert_eq!(timed.cause().unwrap().to_string(), "context canceled");
    let (timed, cancel) = background().with_timeout_cause(patience(), "too slow");
    cancel.cancel_cause("no need");
    assert_eq!(timed.cause().unwrap().to_string(), "no need");
    // The parent's deadline comes first, so it is the parent's cause that counts.
    let (parent, _parent) = background().with_timeout_cause(SHORT, "the parent's");
    let (child, _child) = parent.with_timeout_cause(patience(), "the child's");
    let waiting = go!([child] { child.done().recv() });
    waiting.join().unwrap();
    assert_eq!(child.cause().unwrap().to_string(), "the parent's");
}

#[test]
fn cx_05_threads_wait_for_deadlines_as_goroutines_do() {
    let _watchdog = watchdog();
    let (ctx, _cancel) = background().with_timeout(SHORT);
    let waiting = go!([ctx] { ctx.done().recv() });
    let thread = thread::spawn(move || (ctx.done().recv(), ctx.err()));
    assert_eq!(thread.join().unwrap(), (None, EXCEEDED));
    waiting.join().unwrap();
}
