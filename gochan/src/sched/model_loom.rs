//! Sleeping, parking, counting down and the end of a goroutine, in weak memory.
//!
//! A missed wake ends in a deadlock, which loom reports. It also reports an access to a cell that is not ordered after the
//! last write.

use super::fresh::FreshRef;
use super::park::{Parker, WaitReason};
use crate::base::inbox::{Inbox, Link, Linked};
use crate::base::origin::Origin;
use crate::base::sleeper::Sleeper;
use crate::shim::{self, Cell, UnsafeCell, check};
use crate::spawn::block_on::block_on;
use crate::spawn::countdown::Countdown;
use crate::spawn::join::JoinHandle;
use loom::thread;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Waker};

/// A value that threads hand to each other. loom checks the accesses to the cell.
struct Shared(UnsafeCell<u32>);

// SAFETY: the models check that no access is concurrent with a write.
unsafe impl Sync for Shared {}
// SAFETY: as above.
unsafe impl Send for Shared {}

impl Shared {
    fn new() -> Arc<Shared> {
        Arc::new(Shared(UnsafeCell::new(0)))
    }

    fn set(&self, value: u32) {
        // SAFETY: see `Sync`.
        self.0.with_mut(|place| unsafe { *place = value });
    }

    fn get(&self) -> u32 {
        // SAFETY: see `Sync`.
        self.0.with(|place| unsafe { *place })
    }
}

struct Item {
    link: Cell<Link<Item>>,
    value: Arc<Shared>,
}

impl Linked for Item {
    fn link(&self) -> &Cell<Link<Item>> {
        &self.link
    }
}

/// The item of one value, which is set already.
fn item(value: u32) -> &'static Item {
    let item = Item { link: Cell::new(Link::NONE), value: Shared::new() };
    item.value.set(value);
    Box::leak(Box::new(item))
}

/// Takes items, asleep in between, until it has so many values; returns their sum.
fn drain(sleeper: &Sleeper, inbox: &Inbox<Item>, values: usize) -> u32 {
    let (seen, sum) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let take = |item: &'static Item| {
        seen.set(seen.get() + 1);
        sum.set(sum.get() + item.value.get());
    };
    loop {
        inbox.drain(take, |items| items.into_iter().for_each(take));
        if seen.get() == values {
            return sum.get();
        }
        sleeper.lie_down();
        while inbox.is_empty_seqcst() && sleeper.is_asleep() {
            shim::park();
        }
        sleeper.get_up();
    }
}

#[test]
fn two_pushers_wake_the_sleeper() {
    check(3, || {
        let shared = Arc::new((Sleeper::new(), Inbox::<Item>::new()));
        let (sleeper, inbox) = &*shared;
        sleeper.adopt_thread();
        let pushers = [false, true].map(|batch| {
            let shared = shared.clone();
            thread::spawn(move || {
                if batch {
                    shared.1.push_many(vec![item(1), item(2)]);
                } else {
                    shared.1.push(item(4));
                }
                shared.0.wake();
            })
        });
        assert_eq!(drain(sleeper, inbox, 3), 7);
        pushers.into_iter().for_each(|pusher| pusher.join().unwrap());
    });
}

#[test]
fn a_pusher_wakes_the_sleeper_twice() {
    check(3, || {
        let shared = Arc::new((Sleeper::new(), Inbox::<Item>::new()));
        let (sleeper, inbox) = &*shared;
        sleeper.adopt_thread();
        let pusher = {
            let shared = shared.clone();
            thread::spawn(move || {
                for value in [1, 2] {
                    shared.1.push(item(value));
                    shared.0.wake();
                }
            })
        };
        assert_eq!(drain(sleeper, inbox, 2), 3);
        pusher.join().unwrap();
    });
}

#[test]
fn the_parker_of_a_thread_serves_one_wait_after_the_other() {
    check(3, || {
        let wakers = [1, 2].map(|round| {
            let parker = Parker::current();
            let owner = parker.owner();
            let value = Shared::new();
            let waker = {
                let value = value.clone();
                thread::spawn(move || {
                    value.set(round);
                    owner.wake();
                })
            };
            parker.park(WaitReason::Recv, Location::caller());
            assert_eq!(value.get(), round);
            waker
        });
        wakers.into_iter().for_each(|waker| waker.join().unwrap());
    });
}

/// As at the end of a scope: what the children have borrowed is dropped when the wait is over.
#[test]
fn a_wait_for_zero_comes_after_what_was_counted_down() {
    check(3, || {
        let shared = Arc::new((Countdown::new(2), Shared(UnsafeCell::new(0))));
        let children = [(); 2].map(|()| {
            let shared = shared.clone();
            thread::spawn(move || {
                assert_eq!(shared.1.get(), 0);
                shared.0.add(-1, "done", None).unwrap();
            })
        });
        shared.0.wait("wait", WaitReason::WaitGroup, Location::caller()).unwrap();
        shared.1.set(1);
        children.into_iter().for_each(|child| child.join().unwrap());
    });
}

#[test]
fn every_waiter_for_zero_is_woken() {
    check(3, || {
        let shared = Arc::new((Countdown::new(1), Shared(UnsafeCell::new(0))));
        let waiters = [(); 2].map(|()| {
            let shared = shared.clone();
            thread::spawn(move || {
                shared.0.wait("wait", WaitReason::WaitGroup, Location::caller()).unwrap();
                assert_eq!(shared.1.get(), 1);
            })
        });
        shared.1.set(1);
        shared.0.add(-1, "done", None).unwrap();
        waiters.into_iter().for_each(|waiter| waiter.join().unwrap());
    });
}

/// What a goroutine returns. It is written by the goroutine, and counts its drops.
struct Returned {
    value: Arc<Shared>,
    drops: Arc<AtomicUsize>,
}

impl Drop for Returned {
    fn drop(&mut self) {
        assert_eq!(self.value.get(), 42);
        self.value.set(0);
        self.drops.fetch_add(1, Relaxed);
    }
}

/// A goroutine that runs on a thread of its own, while `handle` does what it does with its handle.
fn goroutine(handle: impl Fn(JoinHandle<Returned>) + Send + Sync + 'static) {
    check(3, move || {
        let drops = Arc::new(AtomicUsize::new(0));
        let value = Shared::new();
        // The goroutine gets what the spawner has written.
        value.set(41);
        let body = {
            let drops = drops.clone();
            move || {
                value.set(value.get() + 1);
                Returned { value, drops }
            }
        };
        let task = FreshRef::new(1, false, Origin::at(Location::caller()), body);
        let thread = {
            let task = task;
            // SAFETY: run once.
            thread::spawn(move || unsafe { task.run() })
        };
        handle(JoinHandle::of(task));
        thread.join().unwrap();
        assert_eq!(drops.load(Relaxed), 1);
    });
}

#[test]
fn a_join_gets_the_result_and_frees_the_task() {
    goroutine(|handle| drop(handle.join().unwrap()));
}

#[test]
fn a_detached_task_is_freed_by_the_side_that_ends_last() {
    goroutine(drop);
}

#[test]
fn a_handle_that_sees_the_end_may_take_the_result() {
    goroutine(|handle| {
        if handle.is_finished() {
            drop(handle.join().unwrap());
        }
    });
}

#[test]
fn a_future_gets_the_result_and_frees_the_task() {
    goroutine(|handle| drop(block_on(handle).unwrap()));
}

#[test]
fn a_future_that_is_dropped_early_detaches() {
    goroutine(|handle| {
        let mut future = handle.into_future();
        let _ = Pin::new(&mut future).poll(&mut Context::from_waker(Waker::noop()));
    });
}
