//! Rows CX-01 to CX-04, CX-07, CX-12, CX-14, CX-15 and CX-18: the tree of contexts, who ends whom, and what they tell.

use std::error::Error;
use std::fmt;
use std::sync::{Arc, Barrier};
use std::thread;

use crate::common::{Ledger, MOMENT, Tracked, seeded, until_waiting, watchdog};
use gochan::chan::{RecvTimeoutError, TryRecvError};
use gochan::context::{CancelHandle, Cause, ContextError, todo};
use gochan::prelude::*;
use static_assertions::assert_impl_all;

assert_impl_all!(Context: Clone, Send, Sync, Unpin, std::panic::UnwindSafe, std::panic::RefUnwindSafe);
assert_impl_all!(CancelHandle: Clone, Send, Sync, Unpin, std::panic::UnwindSafe, std::panic::RefUnwindSafe);
assert_impl_all!(ContextError: Copy, Eq, std::hash::Hash, Error, Send, Sync);
assert_impl_all!(Cause: Clone, Error, Send, Sync);

pub(super) const CANCELED: Option<ContextError> = Some(ContextError::Canceled);

#[track_caller]
pub(super) fn assert_live(ctx: &Context) {
    assert_eq!(ctx.err(), None);
    assert_eq!(ctx.check(), Ok(()));
    assert!(ctx.cause().is_none());
    assert_eq!(ctx.done().try_recv(), Err(TryRecvError::Empty));
}

#[track_caller]
pub(super) fn assert_canceled(ctx: &Context) {
    assert_eq!(ctx.err(), CANCELED);
    assert_eq!(ctx.check(), Err(ContextError::Canceled));
    assert_eq!(ctx.done().try_recv(), Err(TryRecvError::Closed));
}

#[gochan::test]
fn cx_01_roots_never_end_and_carry_nothing() {
    for root in [background(), todo(), background().clone(), todo().without_cancel()] {
        assert_live(&root);
        assert!(root.done().is_nil());
        assert_eq!(root.deadline(), None);
        assert_eq!(root.value::<u32>(), None);
        assert_eq!(root.done().recv_timeout(MOMENT), Err(RecvTimeoutError::Timeout));
    }
}

#[test]
fn cx_01_roots_are_named_as_in_go() {
    assert_eq!(background().to_string(), "context.Background");
    assert_eq!(todo().to_string(), "context.TODO");
}

#[gochan::test]
fn cx_02_cancelling_closes_done_and_sets_the_error() {
    let (ctx, cancel) = background().with_cancel();
    assert_live(&ctx);
    cancel.cancel();
    assert_canceled(&ctx);
    cancel.cancel();
    cancel.cancel_cause("too late");
    assert_canceled(&ctx);
    assert_eq!(ctx.cause().unwrap().to_string(), "context canceled");
}

#[test]
fn cx_02_waiting_goroutines_and_threads_are_released() {
    let _watchdog = watchdog();
    let (ctx, cancel) = todo().with_cancel();
    let goroutines: Vec<_> = (0..10).map(|_| go!([ctx] { (ctx.done().recv(), ctx.err()) })).collect();
    let threads: Vec<_> = (0..3)
        .map(|_| {
            let ctx = ctx.clone();
            thread::spawn(move || (ctx.done().recv(), ctx.err()))
        })
        .collect();
    goroutines.iter().for_each(until_waiting);
    cancel.cancel();
    for goroutine in goroutines {
        assert_eq!(goroutine.join().unwrap(), (None, CANCELED));
    }
    for thread in threads {
        assert_eq!(thread.join().unwrap(), (None, CANCELED));
    }
}

#[test]
fn cx_02_of_many_that_cancel_at_once_one_wins() {
    let _watchdog = watchdog();
    for _ in 0..200 {
        let (ctx, cancel) = background().with_cancel_cause();
        let barrier = Arc::new(Barrier::new(4));
        let threads: Vec<_> = (0..4)
            .map(|number: usize| {
                let (ctx, cancel, barrier) = (ctx.clone(), cancel.clone(), barrier.clone());
                thread::spawn(move || {
                    barrier.wait();
                    cancel.cancel_cause(Numbered(number));
                    assert_canceled(&ctx);
                    number_of(&ctx)
                })
            })
            .collect();
        let seen: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert!(seen.iter().all(|number| *number == seen[0]), "{seen:?}");
    }
}

#[derive(Debug, PartialEq)]
pub(super) struct Numbered(usize);

impl fmt::Display for Numbered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "number {}", self.0)
    }
}

impl Error for Numbered {}

pub(super) fn number_of(ctx: &Context) -> usize {
    ctx.cause().expect("it has ended").downcast_ref::<Numbered>().expect("somebody numbered ended it").0
}

#[gochan::test]
fn cx_03_an_end_reaches_all_below_and_none_beside_or_above() {
    let (root, _root_cancel) = background().with_cancel();
    let (left, cancel_left) = root.with_cancel();
    let (right, _cancel_right) = root.with_cancel();
    let mut below = vec![left.clone(), left.with_value(1)];
    let mut handles = Vec::new();
    for turn in 0..200 {
        let (child, handle) = below[turn / 2].with_cancel();
        below.push(if turn % 3 == 0 { child.with_value(turn) } else { child });
        handles.push(handle);
    }
    cancel_left.cancel();
    below.iter().for_each(assert_canceled);
    assert_live(&root);
    assert_live(&right);
    assert_live(&left.without_cancel());
}

#[test]
fn cx_03_whoever_cancels_finds_all_below_ended_afterwards() {
    let _watchdog = watchdog();
    let mut random = seeded();
    for _ in 0..300 {
        // A random tree, two of whose nodes are cancelled from several threads at once.
        let mut tree = vec![(background().with_cancel(), 0)];
        for number in 1..24 {
            let parent = random.usize(..number);
            let child = tree[parent].0.0.with_cancel();
            // Half of the done channels exist before the end.
            if random.bool() {
                assert!(!child.0.done().is_closed());
            }
            tree.push((child, parent));
        }
        let tree = Arc::new(tree);
        let picks = [random.usize(..24), random.usize(..24)];
        let barrier = Arc::new(Barrier::new(4));
        let threads: Vec<_> = (0..4)
            .map(|thread| {
                let (tree, barrier, pick) = (tree.clone(), barrier.clone(), picks[thread % 2]);
                thread::spawn(move || {
                    let is_below = |mut number: usize| {
                        while number > pick {
                            number = tree[number].1;
                        }
                        number == pick
                    };
                    barrier.wait();
                    tree[pick].0.1.cancel();
                    for number in (0..24).filter(|&number| is_below(number)) {
                        assert_canceled(&tree[number].0.0);
                    }
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    }
}

#[gochan::test]
fn cx_04_a_child_of_an_ended_parent_is_born_ended() {
    let (parent, cancel) = background().with_cancel_cause();
    cancel.cancel_cause(Numbered(4));
    let (child, child_cancel) = parent.with_cancel();
    let (timed, _timed_cancel) = child.with_timeout_cause(crate::common::patience(), "not this one");
    let valued = timed.with_value(3);
    for ctx in [&child, &timed, &valued] {
        assert_canceled(ctx);
        assert_eq!(number_of(ctx), 4);
    }
    child_cancel.cancel_cause(Numbered(5));
    assert_eq!(number_of(&child), 4);
}

#[gochan::test]
fn cx_04_a_child_of_an_exceeded_parent_is_exceeded() {
    let (parent, _cancel) = background().with_timeout_cause(std::time::Duration::ZERO, Numbered(8));
    let (child, child_cancel) = parent.with_cancel();
    child_cancel.cancel();
    assert_eq!(child.err(), Some(ContextError::DeadlineExceeded));
    assert_eq!(number_of(&child), 8);
}

#[test]
fn cx_04_births_beside_a_cancel_end_with_it() {
    let _watchdog = watchdog();
    for _ in 0..500 {
        let (parent, cancel) = background().with_cancel();
        let barrier = Arc::new(Barrier::new(2));
        let births = {
            let (parent, barrier) = (parent.clone(), barrier.clone());
            thread::spawn(move || {
                barrier.wait();
                (0..20).map(|_| parent.with_cancel()).collect::<Vec<_>>()
            })
        };
        barrier.wait();
        cancel.cancel();
        births.join().unwrap().iter().for_each(|(child, _)| assert_canceled(child));
    }
}

#[gochan::test]
fn cx_07_the_first_cause_wins_and_is_inherited() {
    let (parent, cancel) = background().with_cancel_cause();
    let (child, child_cancel) = parent.with_cancel();
    let (early, early_cancel) = parent.with_cancel();
    early_cancel.cancel_cause(Numbered(1));
    cancel.cancel_cause(Numbered(2));
    cancel.cancel_cause(Numbered(3));
    child_cancel.cancel_cause(Numbered(4));
    assert_eq!([number_of(&parent), number_of(&child), number_of(&early)], [2, 2, 1]);
    assert_eq!(number_of(&child.with_value("x")), 2);
    assert!(child.without_cancel().cause().is_none());
    assert_canceled(&child);
}

#[gochan::test]
fn cx_07_without_a_cause_the_cause_is_the_error() {
    let (ctx, cancel) = background().with_cancel_cause();
    cancel.cancel();
    let cause = ctx.cause().unwrap();
    assert_eq!(cause.to_string(), "context canceled");
    assert_eq!(cause.downcast_ref(), CANCELED.as_ref());
    let (ctx, _cancel) = background().with_timeout(std::time::Duration::ZERO);
    assert!(ctx.cause().unwrap().is::<ContextError>());
    assert_eq!(ctx.cause().unwrap().to_string(), "context deadline exceeded");
}

#[gochan::test]
fn cx_07_a_cause_given_to_a_child_does_not_reach_its_parent() {
    let (parent, cancel) = background().with_cancel();
    let (child, child_cancel) = parent.with_cancel();
    child_cancel.cancel_cause(Numbered(1));
    assert_live(&parent);
    cancel.cancel();
    assert!(parent.cause().unwrap().is::<ContextError>());
    assert_eq!(number_of(&child), 1);
}

#[gochan::test]
fn cx_07_causes_are_errors_texts_and_causes_passed_on() {
    #[derive(Debug)]
    struct Outer(std::io::Error);
    impl fmt::Display for Outer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("outer")
        }
    }
    impl Error for Outer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }
    let (first, cancel) = background().with_cancel();
    cancel.cancel_cause(Outer(std::io::Error::other("inner")));
    let cause = first.cause().unwrap();
    assert_eq!(cause.to_string(), "outer");
    assert_eq!(cause.source().unwrap().to_string(), "inner");

    // One context's cause is another's: the error stays what it is.
    let (second, cancel) = background().with_cancel();
    cancel.cancel_cause(cause);
    assert!(second.cause().unwrap().is::<Outer>());

    let (third, cancel) = background().with_cancel();
    cancel.cancel_cause(String::from("a text"));
    assert_eq!(format!("{0} {0:?}", third.cause().unwrap()), "a text \"a text\"");
}

#[gochan::test]
fn cx_07_a_cause_is_dropped_once_with_the_last_who_knows_it() {
    #[derive(Debug)]
    struct Counted(#[expect(dead_code, reason = "it is the drop that counts")] Tracked);
    impl fmt::Display for Counted {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("counted")
        }
    }
    impl Error for Counted {}
    let ledger = Ledger::default();
    let (parent, cancel) = background().with_cancel();
    let (child, child_cancel) = parent.with_cancel();
    cancel.cancel_cause(Counted(ledger.value(1)));
    cancel.cancel_cause(Counted(ledger.value(2)));
    assert_eq!(ledger.dropped(), 1, "the second came too late");
    let (timed, timed_cancel) = child.with_timeout_cause(crate::common::patience(), Counted(ledger.value(3)));
    assert_eq!(ledger.dropped(), 2, "the context had ended");
    drop((parent, cancel, child_cancel, timed, timed_cancel));
    assert_eq!(ledger.dropped(), 2);
    drop(child);
    ledger.balances();
}

#[test]
fn cx_02_an_error_that_is_known_to_be_there_needs_no_option() {
    let (ctx, cancel) = background().with_cancel();
    assert!(crate::common::panic_of(|| _ = ctx.error()).contains("has not ended"));
    cancel.cancel();
    recv!(ctx.done());
    assert_eq!(Some(ctx.error()), CANCELED);
}
