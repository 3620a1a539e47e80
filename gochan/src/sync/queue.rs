//! The goroutines and threads that wait for a primitive, in order of arrival.
//!
//! A waiter lives on the stack of the goroutine that waits, so waiting allocates nothing. Other threads reach it only under
//! the spin lock that its queue is behind. The thread that takes it off takes its owner too, and wakes the owner when the
//! lock is free; from then on the waiter is its goroutine's again.

use crate::base::list::{Linked, Links, List};
use crate::sched::park::Owner;
use std::cell::Cell;
use std::ptr;

/// One wait, with what the primitive has to know of it.
pub(super) struct Waiter<D> {
    links: Links<Waiter<D>>,
    /// None if the primitive wakes it by other means.
    owner: Cell<Option<Owner>>,
    pub(super) data: D,
}

// SAFETY: it has one such field.
unsafe impl<D> Linked for Waiter<D> {
    #[inline]
    unsafe fn links(waiter: *const Self) -> *const Links<Self> {
        // SAFETY: the caller's promise.
        unsafe { &raw const (*waiter).links }
    }
}

/// A FIFO of waiters. Leaving it from anywhere takes constant time.
pub(super) struct Queue<D> {
    waiters: List<Waiter<D>>,
}

// SAFETY: the pointers are to waiters whose frames wait until they are taken off; owners are `Send`, and what is
// beside them is touched under the queue's lock only.
unsafe impl<D: Send> Send for Queue<D> {}

impl<D> Waiter<D> {
    pub(super) fn new(data: D) -> Waiter<D> {
        Waiter { links: Links::new(), owner: Cell::new(None), data }
    }

    /// True until it is taken off. Under the lock of the queue.
    pub(super) fn is_queued(&self) -> bool {
        self.links.is_listed()
    }

    /// Whom to wake, once the waiter is off its queue.
    pub(super) fn take_owner(&self) -> Owner {
        self.owner.take().expect("a waiter is woken once")
    }
}

impl<D> Queue<D> {
    pub(super) const fn new() -> Queue<D> {
        Queue { waiters: List::new() }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.waiters.is_empty()
    }

    #[inline]
    pub(super) fn first(&self) -> Option<&Waiter<D>> {
        // SAFETY: queued waiters are valid.
        unsafe { self.waiters.first().as_ref() }
    }

    /// Queues `waiter` behind all others.
    ///
    /// # Safety
    /// It is on no queue, and stays where it is until it has been taken off and, if another thread does that, until
    /// `owner` has been woken.
    pub(super) unsafe fn push(&mut self, waiter: &Waiter<D>, owner: impl Into<Option<Owner>>) {
        waiter.owner.set(owner.into());
        // SAFETY: the caller's promise.
        unsafe { self.waiters.push_last(ptr::from_ref(waiter).cast_mut()) };
    }

    /// Queues `waiter` before all others.
    ///
    /// # Safety
    /// As for `push`.
    pub(super) unsafe fn push_first(&mut self, waiter: &Waiter<D>, owner: impl Into<Option<Owner>>) {
        waiter.owner.set(owner.into());
        // SAFETY: the caller's promise.
        unsafe { self.waiters.push_first(ptr::from_ref(waiter).cast_mut()) };
    }

    /// Takes the first waiter off. It stays valid until its owner is woken, or for good if it is the caller's own.
    pub(super) fn pop<'a>(&mut self) -> Option<&'a Waiter<D>> {
        // SAFETY: a waiter that was queued is valid.
        unsafe { self.waiters.pop_first().as_ref() }
    }

    /// Takes `waiter` off, wherever it stands; false if it is no longer on the queue.
    ///
    /// # Safety
    /// It was pushed on this queue.
    pub(super) unsafe fn remove(&mut self, waiter: &Waiter<D>) -> bool {
        let is_queued = waiter.is_queued();
        if is_queued {
            // SAFETY: it is on this queue.
            unsafe { self.waiters.remove(ptr::from_ref(waiter).cast_mut()) };
            waiter.owner.set(None);
        }
        is_queued
    }
}
