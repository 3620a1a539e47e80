//! Rows CX-01 to CX-04, CX-07, CX-12, CX-14, CX-15 and CX-18: the tree of contexts, who ends whom, and what they tell.

mod common;

use std::error::Error;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::*};
use std::sync::{Arc, Barrier};
use std::thread;

use common::{Ledger, MOMENT, Plain, Tracked, seeded, until, until_waiting, watchdog};
use gochan::chan::{RecvTimeoutError, TryRecvError};
use gochan::context::{CancelHandle, Cause, ContextError, todo};
use gochan::prelude::*;
use static_assertions::assert_impl_all;

assert_impl_all!(Context: Clone, Send, Sync, Unpin, std::panic::UnwindSafe, std::panic::RefUnwindSafe);
assert_impl_all!(CancelHandle: Clone, Send, Sync, Unpin, std::panic::UnwindSafe, std::panic::RefUnwindSafe);
assert_impl_all!(ContextError: Copy, Eq, std::hash::Hash, Error, Send, Sync);
assert_impl_all!(Cause: Clone, Error, Send, Sync);

const CANCELED: Option<ContextError> = Some(ContextError::Canceled);

#[track_caller]
fn assert_live(ctx: &Context) {
    assert_eq!(ctx.err(), None);
    assert_eq!(ctx.check(), Ok(()));
    assert!(ctx.cause().is_none());
    assert_eq!(ctx.done().try_recv(), Err(TryRecvError::Empty));
}

#[track_caller]
fn assert_canceled(ctx: &Context) {
    assert_eq!(ctx.err(), CANCELED);
    assert_eq!(ctx.check(), Err(ContextError::Canceled));
    assert_eq!(ctx.done().try_recv(), Err(TryRecvError::Closed));
}

#[test]
fn cx_01_roots_never_end_and_carry_nothing() {
    let _watchdog = watchdog();
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

#[test]
fn cx_02_cancelling_closes_done_and_sets_the_error() {
    let _watchdog = watchdog();
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
struct Numbered(usize);

impl fmt::Display for Numbered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "number {}", self.0)
    }
}

impl Error for Numbered {}

fn number_of(ctx: &Context) -> usize {
    ctx.cause().expect("it has ended").downcast_ref::<Numbered>().expect("somebody numbered ended it").0
}

#[test]
fn cx_03_an_end_reaches_all_below_and_none_beside_or_above() {
    let _watchdog = watchdog();
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

#[test]
fn cx_04_a_child_of_an_ended_parent_is_born_ended() {
    let _watchdog = watchdog();
    let (parent, cancel) = background().with_cancel_cause();
    cancel.cancel_cause(Numbered(4));
    let (child, child_cancel) = parent.with_cancel();
    let (timed, _timed_cancel) = child.with_timeout_cause(common::patience(), "not this one");
    let valued = timed.with_value(3);
    for ctx in [&child, &timed, &valued] {
        assert_canceled(ctx);
        assert_eq!(number_of(ctx), 4);
    }
    child_cancel.cancel_cause(Numbered(5));
    assert_eq!(number_of(&child), 4);
}

#[test]
fn cx_04_a_child_of_an_exceeded_parent_is_exceeded() {
    let _watchdog = watchdog();
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

#[test]
fn cx_07_the_first_cause_wins_and_is_inherited() {
    let _watchdog = watchdog();
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

#[test]
fn cx_07_without_a_cause_the_cause_is_the_error() {
    let _watchdog = watchdog();
    let (ctx, cancel) = background().with_cancel_cause();
    cancel.cancel();
    let cause = ctx.cause().unwrap();
    assert_eq!(cause.to_string(), "context canceled");
    assert_eq!(cause.downcast_ref(), CANCELED.as_ref());
    let (ctx, _cancel) = background().with_timeout(std::time::Duration::ZERO);
    assert!(ctx.cause().unwrap().is::<ContextError>());
    assert_eq!(ctx.cause().unwrap().to_string(), "context deadline exceeded");
}

#[test]
fn cx_07_a_cause_given_to_a_child_does_not_reach_its_parent() {
    let _watchdog = watchdog();
    let (parent, cancel) = background().with_cancel();
    let (child, child_cancel) = parent.with_cancel();
    child_cancel.cancel_cause(Numbered(1));
    assert_live(&parent);
    cancel.cancel();
    assert!(parent.cause().unwrap().is::<ContextError>());
    assert_eq!(number_of(&child), 1);
}

#[test]
fn cx_07_causes_are_errors_texts_and_causes_passed_on() {
    let _watchdog = watchdog();
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

#[test]
fn cx_07_a_cause_is_dropped_once_with_the_last_who_knows_it() {
    let _watchdog = watchdog();
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
    let (timed, timed_cancel) = child.with_timeout_cause(common::patience(), Counted(ledger.value(3)));
    assert_eq!(ledger.dropped(), 2, "the context had ended");
    drop((parent, cancel, child_cancel, timed, timed_cancel));
    assert_eq!(ledger.dropped(), 2);
    drop(child);
    ledger.balances();
}

#[test]
fn cx_12_the_last_handle_cancels_and_a_clone_keeps() {
    let _watchdog = watchdog();
    let (ctx, cancel) = background().with_cancel();
    let clones: Vec<_> = (0..10).map(|_| cancel.clone()).collect();
    drop(cancel);
    for clone in clones {
        assert_live(&ctx);
        drop(clone);
    }
    assert_canceled(&ctx);
}

#[test]
fn cx_12_a_handle_that_is_not_kept_cancels_at_once() {
    let _watchdog = watchdog();
    let (ctx, _) = background().with_cancel();
    // `_` binds nothing: the handle lives to the end of the statement above.
    assert_canceled(&ctx);
    let (ctx, _kept) = background().with_cancel();
    assert_live(&ctx);
}

#[test]
fn cx_12_a_handle_cancels_when_a_panic_unwinds_past_it() {
    let _watchdog = watchdog();
    let (ctx, cancel) = background().with_cancel();
    let goroutine = go!({
        let _cancel = cancel;
        panic!("on purpose");
    });
    assert!(goroutine.join().is_err());
    assert_canceled(&ctx);
}

#[test]
fn cx_12_handles_dropped_by_many_threads_cancel_once_all_are_gone() {
    let _watchdog = watchdog();
    for _ in 0..200 {
        let (ctx, cancel) = background().with_cancel();
        let keep = cancel.clone();
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let cancel = cancel.clone();
                thread::spawn(move || drop(cancel.clone()))
            })
            .collect();
        drop(cancel);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_live(&ctx);
        drop(keep);
        assert_canceled(&ctx);
    }
}

#[test]
fn cx_14_done_is_one_channel() {
    let _watchdog = watchdog();
    let (ctx, cancel) = background().with_cancel();
    let first = ctx.done().clone();
    assert!(std::ptr::eq(ctx.done(), ctx.clone().done()));
    assert!(ctx.with_value(1).done().same_channel(&first));
    let (child, child_cancel) = ctx.with_cancel();
    assert!(!child.done().same_channel(&first));
    cancel.cancel();
    assert!(ctx.done().same_channel(&first));
    assert!(first.is_closed());
    drop((ctx, cancel));
    // It outlives its context, closed.
    assert_eq!(first.recv(), None);
    drop(child_cancel);
}

#[test]
fn cx_14_threads_that_ask_for_done_at_once_get_one_channel() {
    let _watchdog = watchdog();
    for turn in 0..300 {
        let (ctx, cancel) = background().with_cancel();
        let barrier = Arc::new(Barrier::new(4));
        let threads: Vec<_> = (0..3)
            .map(|_| {
                let (ctx, barrier) = (ctx.clone(), barrier.clone());
                thread::spawn(move || {
                    barrier.wait();
                    ctx.done().clone()
                })
            })
            .collect();
        barrier.wait();
        // Every other time beside the end.
        if turn % 2 == 0 {
            cancel.cancel();
        }
        for thread in threads {
            assert!(thread.join().unwrap().same_channel(ctx.done()));
        }
        assert_eq!(ctx.done().is_closed(), turn % 2 == 0);
    }
}

#[test]
fn cx_15_who_sees_done_closed_sees_the_error() {
    let _watchdog = watchdog();
    for turn in 0..500 {
        let (ctx, cancel) = background().with_cancel();
        let (child, _child_cancel) = ctx.with_cancel();
        let seen = Arc::new(AtomicBool::new(false));
        let watcher = {
            let (child, seen) = (child.clone(), seen.clone());
            thread::spawn(move || {
                let done = child.done().clone();
                seen.store(true, SeqCst);
                while done.try_recv() != Err(TryRecvError::Closed) {
                    std::hint::spin_loop();
                }
                child.err()
            })
        };
        if turn % 2 == 0 {
            until(|| seen.load(SeqCst));
        }
        cancel.cancel();
        assert_eq!(watcher.join().unwrap(), CANCELED);
    }
}

#[test]
fn cx_15_what_came_before_the_cancel_is_visible_to_who_sees_the_error() {
    let _watchdog = watchdog();
    for turn in 1..=500 {
        let (ctx, cancel) = background().with_cancel();
        let (child, _child_cancel) = ctx.with_cancel();
        let memory = Arc::new(Plain::default());
        let watcher = {
            let memory = memory.clone();
            thread::spawn(move || {
                while child.err().is_none() {
                    std::hint::spin_loop();
                }
                memory.get()
            })
        };
        memory.set(turn);
        cancel.cancel();
        assert_eq!(watcher.join().unwrap(), turn);
    }
}

#[test]
fn cx_18_handles_dropped_in_any_order_leak_nothing() {
    let _watchdog = watchdog();
    let mut random = seeded();
    for _ in 0..300 {
        let ledger = Ledger::default();
        let mut contexts = vec![background().with_value(ledger.value(0))];
        let mut handles = Vec::new();
        for number in 1..30 {
            let parent = &contexts[random.usize(..contexts.len())];
            let child = match random.usize(..5) {
                0 => parent.with_value(ledger.value(number)),
                1 => parent.without_cancel().with_value(ledger.value(number)),
                2 => {
                    let (child, handle) = parent.with_timeout(common::patience());
                    handles.push(handle);
                    child
                }
                _ => {
                    let (child, handle) = parent.with_cancel();
                    handles.push(handle);
                    child
                }
            };
            if random.bool() {
                assert!(child.done().is_empty());
            }
            contexts.push(child);
        }
        while !contexts.is_empty() || !handles.is_empty() {
            if !contexts.is_empty() && random.bool() {
                contexts.swap_remove(random.usize(..contexts.len()));
            }
            if !handles.is_empty() && random.bool() {
                let handle = handles.swap_remove(random.usize(..handles.len()));
                if random.bool() {
                    handle.cancel();
                }
            }
        }
        ledger.balances();
    }
}

#[test]
fn cx_18_drops_on_several_threads_beside_a_cancel_leak_nothing() {
    let _watchdog = watchdog();
    for _ in 0..200 {
        let ledger = Ledger::default();
        let (root, cancel) = background().with_value(ledger.value(0)).with_cancel();
        let barrier = Arc::new(Barrier::new(3));
        let threads: Vec<_> = (1..3)
            .map(|number| {
                let (root, barrier, ledger) = (root.clone(), barrier.clone(), ledger.clone());
                thread::spawn(move || {
                    let children: Vec<_> = (0..10)
                        .map(|child| root.with_value(ledger.value(number * 100 + child)).with_cancel())
                        .collect();
                    drop(root);
                    barrier.wait();
                    for (number, (child, cancel)) in children.into_iter().enumerate() {
                        let grandchild = child.with_cancel();
                        if number % 2 == 0 {
                            drop((cancel, child));
                        } else {
                            drop((child, cancel));
                        }
                        drop(grandchild);
                    }
                })
            })
            .collect();
        drop(root);
        barrier.wait();
        cancel.cancel();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        drop(cancel);
        ledger.balances();
    }
}

#[test]
fn cx_18_a_destructor_may_use_contexts() {
    let _watchdog = watchdog();
    /// Derives and cancels while it is dropped, and counts that.
    struct Busy(Context, Arc<AtomicUsize>);
    impl Drop for Busy {
        fn drop(&mut self) {
            let (child, cancel) = self.0.with_cancel();
            cancel.cancel();
            assert_eq!(child.err(), CANCELED);
            self.1.fetch_add(1, SeqCst);
        }
    }
    let drops = Arc::new(AtomicUsize::new(0));
    let (root, cancel) = background().with_cancel();
    let (below, below_cancel) = root.with_value(Busy(root.clone(), drops.clone())).with_cancel();
    drop(below);
    cancel.cancel();
    assert_eq!(drops.load(SeqCst), 0, "the handle still has it");
    drop(below_cancel);
    assert_eq!(drops.load(SeqCst), 1);
}

#[test]
fn cx_18_a_panicking_destructor_keeps_nothing_else_from_going() {
    let _watchdog = watchdog();
    struct Bad;
    impl Drop for Bad {
        fn drop(&mut self) {
            panic!("on purpose");
        }
    }
    let ledger = Ledger::default();
    let ctx = background().with_value(ledger.value(1)).with_value(Bad).with_value(ledger.value(2));
    assert_eq!(common::panic_of(move || drop(ctx)), "on purpose");
    ledger.balances();
}
