//! The queues of a worker: started goroutines that are ready (only its own thread touches them), and the
//! inbox through which other threads return the goroutines they wake.

use crate::shim::atomic::{AtomicPtr, Ordering::*};
use std::cell::Cell;
use std::ptr;

/// Something with room for one link, which belongs to whichever queue it is on.
pub(super) trait Linked: 'static {
    fn link(&self) -> &Cell<Option<&'static Self>>;
}

/// A FIFO, linked through its members; for one thread.
#[derive(Debug)]
pub(super) struct RunQueue<G: 'static> {
    head: Cell<Option<&'static G>>,
    tail: Cell<Option<&'static G>>,
}

impl<G: Linked> RunQueue<G> {
    pub(super) fn new() -> Self {
        RunQueue { head: Cell::new(None), tail: Cell::new(None) }
    }

    #[inline]
    pub(super) fn push(&self, goroutine: &'static G) {
        goroutine.link().set(None);
        match self.tail.replace(Some(goroutine)) {
            Some(tail) => tail.link().set(Some(goroutine)),
            None => self.head.set(Some(goroutine)),
        }
    }

    #[inline]
    pub(super) fn pop(&self) -> Option<&'static G> {
        let goroutine = self.head.get()?;
        let next = goroutine.link().get();
        self.head.set(next);
        if next.is_none() {
            self.tail.set(None);
        }
        Some(goroutine)
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.head.get().is_none()
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
