//! The queues of a worker: started goroutines that are ready (only its own thread touches them), and the
//! inbox through which other threads return the goroutines they wake.

use crate::shim::atomic::{AtomicPtr, Ordering::*};
use std::cell::{Cell, UnsafeCell};
use std::collections::VecDeque;
use std::ptr;

/// Something with room for one link, which belongs to the inbox it is in.
pub(super) trait Linked: 'static {
    fn link(&self) -> &Cell<Option<&'static Self>>;
}

/// A FIFO for one thread. A ring of pointers rather than a linked list: queueing a goroutine does not touch the
/// goroutine, whose cache lines are cold, and those about to run can be seen in time to fetch them.
#[derive(Debug)]
pub(super) struct RunQueue<G: 'static> {
    ring: UnsafeCell<VecDeque<&'static G>>,
}

impl<G> RunQueue<G> {
    pub(super) fn new() -> Self {
        RunQueue { ring: UnsafeCell::new(VecDeque::with_capacity(64)) }
    }

    #[inline]
    fn with<R>(&self, f: impl FnOnce(&mut VecDeque<&'static G>) -> R) -> R {
        // SAFETY: not `Sync`, and no caller below runs foreign code inside `f`, so there is one reference at a time.
        f(unsafe { &mut *self.ring.get() })
    }

    #[inline]
    pub(super) fn push(&self, goroutine: &'static G) {
        self.with(|ring| ring.push_back(goroutine));
    }

    #[inline]
    pub(super) fn pop(&self) -> Option<&'static G> {
        self.with(VecDeque::pop_front)
    }

    /// The one that will be popped after `ahead` others.
    #[inline]
    pub(super) fn peek(&self, ahead: usize) -> Option<&'static G> {
        self.with(|ring| ring.get(ahead).copied())
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.with(|ring| ring.is_empty())
    }

    /// Gives back the room that a rush has needed.
    pub(super) fn shrink(&self) {
        const USUAL: usize = 4096;
        self.with(|ring| {
            if ring.capacity() > USUAL && ring.len() < USUAL / 4 {
                ring.shrink_to(USUAL);
            }
        });
    }
}

/// A lock-free stack of goroutines that anybody pushes to and whose whole content is taken at once. Taking by one
/// swap leaves no room for the ABA problem.
#[derive(Debug)]
pub(super) struct Inbox<G> {
    newest: AtomicPtr<G>,
}

impl<G: Linked> Inbox<G> {
    pub(super) fn new() -> Self {
        Inbox { newest: AtomicPtr::new(ptr::null_mut()) }
    }

    /// Sequentially consistent with the `sleeping` flag of the worker: push, then look whether it sleeps.
    #[inline]
    pub(super) fn push(&self, goroutine: &'static G) {
        let mut newest = self.newest.load(Relaxed);
        loop {
            // SAFETY: null or pushed as a `&'static`.
            goroutine.link().set(unsafe { newest.as_ref() });
            let pushed = ptr::from_ref(goroutine).cast_mut();
            // Release publishes the link and all the pusher did before; pairs with Acquire in `take_all`.
            match self.newest.compare_exchange_weak(newest, pushed, SeqCst, Relaxed) {
                Ok(_) => return,
                Err(now) => newest = now,
            }
        }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.newest.load(Relaxed).is_null()
    }

    /// As `is_empty`, ordered after an earlier store of the `sleeping` flag.
    pub(super) fn is_empty_seqcst(&self) -> bool {
        self.newest.load(SeqCst).is_null()
    }

    /// Takes everything and hands it to `each`, oldest first.
    #[inline]
    pub(super) fn drain(&self, mut each: impl FnMut(&'static G)) {
        let newest = self.newest.swap(ptr::null_mut(), AcqRel);
        // SAFETY: null or pushed as a `&'static`; the swap made the whole chain ours.
        let mut rest = unsafe { newest.as_ref() };
        let mut oldest = None;
        while let Some(goroutine) = rest {
            rest = goroutine.link().get();
            goroutine.link().set(oldest);
            oldest = Some(goroutine);
        }
        while let Some(goroutine) = oldest {
            oldest = goroutine.link().get();
            each(goroutine);
        }
    }
}
