//! Rows CX-12, CX-14, CX-15 and CX-18: handles of contexts, what they see, and their drops.

use std::error::Error;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::*};
use std::sync::{Arc, Barrier};
use std::thread;

use crate::common::{Ledger, Plain, seeded, until, watchdog};
use gochan::chan::TryRecvError;
use gochan::context::{CancelHandle, Cause, ContextError};
use gochan::prelude::*;
use static_assertions::assert_impl_all;

assert_impl_all!(Context: Clone, Send, Sync, Unpin, std::panic::UnwindSafe, std::panic::RefUnwindSafe);
assert_impl_all!(CancelHandle: Clone, Send, Sync, Unpin, std::panic::UnwindSafe, std::panic::RefUnwindSafe);
assert_impl_all!(ContextError: Copy, Eq, std::hash::Hash, Error, Send, Sync);
assert_impl_all!(Cause: Clone, Error, Send, Sync);
use super::tree::{CANCELED, assert_canceled, assert_live};

#[gochan::test]
fn cx_12_the_last_handle_cancels_and_a_clone_keeps() {
    let (ctx, cancel) = background().with_cancel();
    let clones: Vec<_> = (0..10).map(|_| cancel.clone()).collect();
    drop(cancel);
    for clone in clones {
        assert_live(&ctx);
        drop(clone);
    }
    assert_canceled(&ctx);
}

#[gochan::test]
fn cx_12_a_handle_that_is_not_kept_cancels_at_once() {
    let (ctx, _) = background().with_cancel();
    // `_` binds nothing: the handle lives to the end of the statement above.
    assert_canceled(&ctx);
    let (ctx, _kept) = background().with_cancel();
    assert_live(&ctx);
}

#[gochan::test]
fn cx_12_a_handle_cancels_when_a_panic_unwinds_past_it() {
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

#[gochan::test]
fn cx_14_done_is_one_channel() {
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

#[gochan::test]
fn cx_18_handles_dropped_in_any_order_leak_nothing() {
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
                    let (child, handle) = parent.with_timeout(crate::common::patience());
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

#[gochan::test]
fn cx_18_a_destructor_may_use_contexts() {
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

#[gochan::test]
fn cx_18_a_panicking_destructor_keeps_nothing_else_from_going() {
    struct Bad;
    impl Drop for Bad {
        fn drop(&mut self) {
            panic!("on purpose");
        }
    }
    let ledger = Ledger::default();
    let ctx = background().with_value(ledger.value(1)).with_value(Bad).with_value(ledger.value(2));
    assert_eq!(crate::common::panic_of(move || drop(ctx)), "on purpose");
    ledger.balances();
}
