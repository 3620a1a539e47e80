//! Errands: what other threads ask of a worker between two turns. What they ask of a thread while it waits goes by a
//! [`Doorbell`](crate::base::doorbell::Doorbell).
//!
//! A worker runs its errands for a fraction of a millisecond at a time. An errand may *visit* a goroutine of the worker that
//! is switched out: the goroutine is resumed only to call the visitor, and switches out again.

use super::goroutine::Goroutine;
use super::worker::Worker;
use crate::base::lock::lock;
use crate::base::policy::ERRANDS;
use std::cell::Cell;
use std::collections::VecDeque;
use std::fmt;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, Ordering::*};
use std::sync::{Mutex, MutexGuard};
use std::time::Instant;

/// Something that another thread asks a worker to do.
pub(crate) trait Errand: Send {
    /// True if no thread waits for it any more.
    fn is_revoked(&self) -> bool;

    /// Does the next part. True if another part is left.
    fn step(&mut self, worker: &'static Worker) -> bool;
}

/// The errands that are left for a worker.
pub(crate) struct Errands {
    /// True if the queue is not empty.
    is_asked: AtomicBool,
    queue: Mutex<VecDeque<Box<dyn Errand>>>,
}

impl fmt::Debug for Errands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Errands").field("is_asked", &self.is_asked).finish_non_exhaustive()
    }
}

impl Errands {
    pub(crate) fn new() -> Errands {
        Errands { is_asked: AtomicBool::new(false), queue: Mutex::default() }
    }

    #[inline]
    pub(crate) fn is_asked(&self) -> bool {
        self.is_asked.load(Relaxed)
    }

    /// As `is_asked`, ordered after an earlier store of the worker's sleep flag.
    pub(crate) fn is_asked_seqcst(&self) -> bool {
        self.is_asked.load(SeqCst)
    }

    fn queue(&self) -> MutexGuard<'_, VecDeque<Box<dyn Errand>>> {
        lock(&self.queue)
    }

    /// Leaves an errand. The caller nudges the worker afterwards.
    pub(crate) fn leave(&self, errand: Box<dyn Errand>) {
        let mut queue = self.queue();
        // A stuck worker does not collect them.
        queue.retain(|errand| !errand.is_revoked());
        queue.push_back(errand);
        self.is_asked.store(true, SeqCst);
    }

    /// Runs errands of the calling worker for a while, on the stack of its loop or on a goroutine's parent stack.
    #[cold]
    #[inline(never)]
    pub(crate) fn run(&self, worker: &'static Worker) {
        let begin = Instant::now();
        loop {
            // In a statement of its own, which ends the lock.
            let next = self.queue().pop_front();
            let Some(mut errand) = next else { break };
            while !errand.is_revoked() && errand.step(worker) {
                if begin.elapsed() >= ERRANDS {
                    return self.queue().push_front(errand);
                }
            }
        }
        let queue = self.queue();
        self.is_asked.store(!queue.is_empty(), SeqCst);
    }
}

type Visit = dyn FnMut(&Goroutine);

/// What a visited goroutine calls.
pub(crate) struct Visitor(Cell<Option<NonNull<Visit>>>);

impl fmt::Debug for Visitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Visitor")
    }
}

impl Visitor {
    pub(crate) const fn new() -> Visitor {
        Visitor(Cell::new(None))
    }

    /// Has `goroutine`, which is switched out, call `visit`. Called on its worker's thread.
    pub(crate) fn send(&self, goroutine: &Goroutine, visit: &mut dyn FnMut(&Goroutine)) {
        let visit = NonNull::from(visit);
        // SAFETY: only the lifetime changes. The pointer is taken back below, before the borrow of `visit` ends.
        let visit =
            unsafe { std::mem::transmute::<NonNull<dyn FnMut(&Goroutine) + '_>, NonNull<Visit>>(visit) };
        self.0.set(Some(visit));
        goroutine.resume_for_visit();
        self.0.set(None);
    }

    /// Called by a goroutine that has been resumed for a visit. False: there is none.
    pub(crate) fn call(&self, goroutine: &Goroutine) -> bool {
        let Some(mut visit) = self.0.get() else { return false };
        // SAFETY: `send` has put it there and waits for this call.
        unsafe { visit.as_mut()(goroutine) };
        true
    }
}
