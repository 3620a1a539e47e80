//! One-time execution with waiting callers: the mechanism of `Once`, `OnceCell` and `Lazy`.
//!
//! `state` says how far the execution has come; the queue holds the callers that wait for the running one. The state
//! changes from `RUNNING` only under the lock of the queue, and a caller queues up only if it finds `RUNNING` under
//! that lock: so the end of a run finds all its waiters. A run that fails is passed on to the first of them.

use super::queue::{Queue, Waiter};
use crate::base::location::SourceLocation;
use crate::base::spin::SpinLock;
use crate::base::touch::Touch;
use crate::knots::{self, Held, Party};
use crate::points;
use crate::sched::park::{Owner, Parker, WaitReason};
use crate::shim::atomic::{AtomicU8, AtomicU64, Ordering::*};
use std::cell::Cell;

const NEW: u8 = 0;
const RUNNING: u8 = 1;
const DONE: u8 = 2;

/// The value of `runner` while the runner has yet to come.
const RESERVED: u64 = u64::MAX;

#[derive(Debug)]
pub(super) struct RawOnce {
    state: AtomicU8,
    /// The caller that runs it, if any.
    runner: AtomicU64,
    waiters: SpinLock<Queue<Cell<bool>>>,
}

/// The duty to run it. Dropping it without `complete` passes the duty on.
#[must_use = "others wait for it"]
pub(super) struct Run<'a>(&'a RawOnce);

impl RawOnce {
    #[cfg_attr(gochan_loom, const_fn::const_fn(cfg(not(gochan_loom))))]
    pub(super) const fn new() -> RawOnce {
        RawOnce { state: AtomicU8::new(NEW), runner: AtomicU64::new(0), waiters: SpinLock::new(Queue::new()) }
    }

    #[inline]
    pub(super) fn is_done(&self) -> bool {
        // Acquire pairs with the Release of `complete`.
        self.state.load(Acquire) == DONE
    }

    /// Makes it not done again.
    pub(super) fn reset(&mut self) {
        self.state = AtomicU8::new(NEW);
    }

    /// Marks it as done; the exclusive borrow proves that it is not running.
    pub(super) fn set_done(&mut self) {
        self.state = AtomicU8::new(DONE);
    }

    /// The duty to run it; `None` if it is done. Waits while another caller runs it.
    ///
    /// # Panics
    /// If the caller itself is running it, and would wait for itself.
    #[cold]
    #[track_caller]
    pub(super) fn begin(&self, reason: WaitReason, what: &str, place: SourceLocation) -> Option<Run<'_>> {
        let me = caller();
        let waiter = Waiter::new(Cell::new(false));
        let parker = {
            let mut waiters = self.waiters.lock();
            match self.state.load(Acquire) {
                DONE => return None,
                NEW => {
                    self.state.store(RUNNING, Relaxed);
                    self.runner.store(me, Relaxed);
                    return Some(Run(self));
                }
                _ if self.runner.load(Relaxed) == me => {
                    drop(waiters);
                    recursion(what, place);
                }
                _ => {
                    let parker = Parker::current();
                    // SAFETY: parked below until the owner is woken.
                    unsafe { waiters.push(&waiter, parker.owner()) };
                    parker
                }
            }
        };
        // SAFETY: it was pushed on this queue.
        let withdraw = || unsafe { self.waiters.lock().remove(&waiter) };
        knots::park(&parker, reason, place, &|| self.depends_on(), withdraw);
        let my_turn = waiter.data.get();
        if my_turn {
            self.runner.store(me, Relaxed);
        }
        my_turn.then(|| Run(self))
    }
}

impl RawOnce {
    /// What a waiter depends on: the runner.
    fn depends_on(&self) -> Vec<Held> {
        let _unchanged = self.waiters.lock();
        let runs = self.state.load(Acquire) == RUNNING;
        // A failed runner has removed its id, and the next one has yet to come.
        let runner = Some(self.runner.load(Relaxed)).filter(|&runner| runs && runner != RESERVED);
        Vec::from_iter(runner.and_then(Party::from_bits).map(Held::by))
    }

    /// Makes all callers wait for the one that will call [`RawOnce::begin_reserved`].
    pub(super) fn reserve(&mut self) {
        self.state = AtomicU8::new(RUNNING);
        self.runner = AtomicU64::new(RESERVED);
    }

    /// Begins a run that was reserved for the caller.
    pub(super) fn begin_reserved(&self) -> Run<'_> {
        let reserved = self.runner.compare_exchange(RESERVED, caller(), Relaxed, Relaxed);
        assert!(reserved.is_ok(), "it was reserved for one caller");
        Run(self)
    }
}

impl Run<'_> {
    /// Marks it as done and wakes all waiters.
    pub(super) fn complete(self) {
        points::before_fine(|| Touch::write(self.0), "the end of an initialiser");
        let owners: Vec<_> = {
            let mut waiters = self.0.waiters.lock();
            // Release publishes the effects of the run.
            self.0.state.store(DONE, Release);
            std::iter::from_fn(|| waiters.pop()).map(Waiter::take_owner).collect()
        };
        std::mem::forget(self);
        owners.into_iter().for_each(Owner::wake);
    }
}

impl Drop for Run<'_> {
    /// The run has failed.
    fn drop(&mut self) {
        points::before_fine(|| Touch::write(self.0), "the end of an initialiser");
        let next = {
            let mut waiters = self.0.waiters.lock();
            self.0.runner.store(0, Relaxed);
            let next = waiters.pop();
            match next {
                Some(next) => next.data.set(true),
                None => self.0.state.store(NEW, Release),
            }
            next.map(Waiter::take_owner)
        };
        if let Some(owner) = next {
            owner.wake();
        }
    }
}

/// The identity of the caller. In a blocking call, it is that of the goroutine that waits for the call.
fn caller() -> u64 {
    crate::sched::here::current_id().map_or_else(Party::thread, Party::goroutine).to_bits()
}

#[cold]
#[track_caller]
fn recursion(what: &str, place: SourceLocation) -> ! {
    panic!("sync: {what} at {place} calls itself recursively, and would wait for its own end")
}
