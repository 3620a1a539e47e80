//! Something that is done once while others wait for it: the mechanism of `Once`, `OnceCell` and `Lazy`.
//!
//! The word says what has been done; the queue holds those who wait for the one that is at it. The word changes from
//! `RUNNING` only under the lock of the queue, and nobody queues up unless it finds `RUNNING` under that lock: so the
//! one who ends the run finds everybody who waits for it. A run that fails is passed on to the first of them.

use super::queue::{Queue, Waiter};
use crate::chan::lock::SpinLock;
use crate::sched::bubble::fine_point_before;
use crate::sched::knots::{self, Held, Party};
use crate::sched::park::{Owner, Parker, WaitReason};
use crate::sched::touch::Touch;
use crate::shim::atomic::{AtomicU8, AtomicU64, Ordering::*};
use std::cell::Cell;
use std::panic::Location;

const NEW: u8 = 0;
const RUNNING: u8 = 1;
const DONE: u8 = 2;

/// In the place of a runner: it will come.
const RESERVED: u64 = u64::MAX;

#[derive(Debug)]
pub(super) struct RawOnce {
    state: AtomicU8,
    /// Who runs it, while somebody does.
    runner: AtomicU64,
    waiters: SpinLock<Queue<Cell<bool>>>,
}

/// The caller is to do it. Dropped without `complete`, the next one is.
#[must_use = "others wait for it"]
pub(super) struct Run<'a>(&'a RawOnce);

impl RawOnce {
    #[cfg_attr(gochan_loom, const_fn::const_fn(cfg(not(gochan_loom))))]
    pub(super) const fn new() -> RawOnce {
        RawOnce { state: AtomicU8::new(NEW), runner: AtomicU64::new(0), waiters: SpinLock::new(Queue::new()) }
    }

    #[inline]
    pub(super) fn is_done(&self) -> bool {
        // Acquire: what has been done is visible.
        self.state.load(Acquire) == DONE
    }

    /// Takes back that it was done.
    pub(super) fn reset(&mut self) {
        self.state = AtomicU8::new(NEW);
    }

    /// Marks it as done; the exclusive borrow proves that nobody is at it.
    pub(super) fn set_done(&mut self) {
        self.state = AtomicU8::new(DONE);
    }

    /// None: it is done. Waits while somebody else is at it.
    ///
    /// # Panics
    /// If the caller is at it itself, and would wait for itself.
    #[cold]
    #[track_caller]
    pub(super) fn begin(
        &self,
        reason: WaitReason,
        what: &str,
        place: &'static Location<'static>,
    ) -> Option<Run<'_>> {
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
        knots::park(&parker, reason, place, &|| self.depends_on());
        let my_turn = waiter.data.get();
        if my_turn {
            self.runner.store(me, Relaxed);
        }
        my_turn.then(|| Run(self))
    }
}

impl RawOnce {
    /// What those wait for who wait until it is done.
    fn depends_on(&self) -> Vec<Held> {
        let _unchanged = self.waiters.lock();
        let runs = self.state.load(Acquire) == RUNNING;
        // A runner that has failed has taken its name out, and the next one has yet to come.
        let runner = Some(self.runner.load(Relaxed)).filter(|&runner| runs && runner != RESERVED);
        Vec::from_iter(runner.and_then(Party::from_bits).map(Held::by))
    }

    /// Lets everybody wait for somebody who will do it: the one who calls [`RawOnce::begin_reserved`].
    pub(super) fn reserve(&mut self) {
        self.state = AtomicU8::new(RUNNING);
        self.runner = AtomicU64::new(RESERVED);
    }

    /// The caller is the one it was reserved for.
    pub(super) fn begin_reserved(&self) -> Run<'_> {
        let reserved = self.runner.compare_exchange(RESERVED, caller(), Relaxed, Relaxed);
        assert!(reserved.is_ok(), "it was reserved for one only");
        Run(self)
    }
}

impl Run<'_> {
    /// It is done.
    pub(super) fn complete(self) {
        fine_point_before(|| Touch::write(self.0), "the end of an initialiser");
        let owners: Vec<_> = {
            let mut waiters = self.0.waiters.lock();
            // Release publishes what has been done.
            self.0.state.store(DONE, Release);
            std::iter::from_fn(|| waiters.pop()).map(Waiter::take_owner).collect()
        };
        std::mem::forget(self);
        owners.into_iter().for_each(Owner::wake);
    }
}

impl Drop for Run<'_> {
    /// It has failed.
    fn drop(&mut self) {
        fine_point_before(|| Touch::write(self.0), "the end of an initialiser");
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

/// Tells apart who could run it. In a blocking call, it is the goroutine that waits for it.
fn caller() -> u64 {
    crate::sched::current_id().map_or_else(Party::thread, Party::goroutine).to_bits()
}

#[cold]
#[track_caller]
fn recursion(what: &str, place: &'static Location<'static>) -> ! {
    panic!("sync: {what} at {place} is called by what it runs itself, and would wait for its own end")
}
