//! Those who wait for a primitive, in order of arrival.
//!
//! A waiter lives on the stack of whoever waits, so waiting allocates nothing. It is queued, taken off and read by
//! others only under the spin lock that its queue is behind. Who takes it off takes its owner, too, and wakes it when
//! the lock is free; from then on the waiter is its goroutine's again.

use crate::sched::park::Owner;
use std::cell::Cell;
use std::ptr;

/// One who waits, with what the primitive wants to know of it.
pub(super) struct Waiter<D> {
    next: Cell<*const Waiter<D>>,
    prev: Cell<*const Waiter<D>>,
    queued: Cell<bool>,
    /// None if the primitive wakes it by other means.
    owner: Cell<Option<Owner>>,
    pub(super) data: D,
}

/// A FIFO of waiters. Leaving it from anywhere takes constant time.
pub(super) struct Queue<D> {
    first: *const Waiter<D>,
    last: *const Waiter<D>,
}

// SAFETY: the pointers are to waiters whose frames wait until they are taken off; owners are `Send`, and what is
// beside them is touched under the queue's lock only.
unsafe impl<D: Send> Send for Queue<D> {}

impl<D> Waiter<D> {
    pub(super) fn new(data: D) -> Waiter<D> {
        Waiter {
            next: Cell::new(ptr::null()),
            prev: Cell::new(ptr::null()),
            queued: Cell::new(false),
            owner: Cell::new(None),
            data,
        }
    }

    /// True until it is taken off. Under the lock of the queue.
    pub(super) fn is_queued(&self) -> bool {
        self.queued.get()
    }

    /// Whom to wake, once the waiter is off its queue.
    pub(super) fn take_owner(&self) -> Owner {
        self.owner.take().expect("a waiter is woken once")
    }
}

impl<D> Queue<D> {
    pub(super) const fn new() -> Queue<D> {
        Queue { first: ptr::null(), last: ptr::null() }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.first.is_null()
    }

    #[inline]
    pub(super) fn first(&self) -> Option<&Waiter<D>> {
        // SAFETY: queued waiters are valid.
        unsafe { self.first.as_ref() }
    }

    /// Queues `waiter` behind all others.
    ///
    /// # Safety
    /// It is on no queue, and stays where it is until it has been taken off and, if somebody else does that, until
    /// `owner` has been woken.
    pub(super) unsafe fn push(&mut self, waiter: &Waiter<D>, owner: impl Into<Option<Owner>>) {
        waiter.queued.set(true);
        waiter.owner.set(owner.into());
        waiter.next.set(ptr::null());
        waiter.prev.set(self.last);
        // SAFETY: queued waiters are valid.
        match unsafe { self.last.as_ref() } {
            Some(last) => last.next.set(waiter),
            None => self.first = waiter,
        }
        self.last = waiter;
    }

    /// Queues `waiter` before all others.
    ///
    /// # Safety
    /// As for `push`.
    pub(super) unsafe fn push_first(&mut self, waiter: &Waiter<D>, owner: impl Into<Option<Owner>>) {
        waiter.queued.set(true);
        waiter.owner.set(owner.into());
        waiter.prev.set(ptr::null());
        waiter.next.set(self.first);
        // SAFETY: queued waiters are valid.
        match unsafe { self.first.as_ref() } {
            Some(first) => first.prev.set(waiter),
            None => self.last = waiter,
        }
        self.first = waiter;
    }

    /// Takes the first waiter off. It stays valid until its owner is woken, or for good if it is the caller's own.
    pub(super) fn pop<'a>(&mut self) -> Option<&'a Waiter<D>> {
        // SAFETY: queued waiters are valid.
        let first = unsafe { self.first.as_ref() }?;
        self.unlink(first);
        Some(first)
    }

    /// Takes `waiter` off, wherever it stands; false if it is on the queue no more.
    ///
    /// # Safety
    /// It was pushed on this queue.
    pub(super) unsafe fn remove(&mut self, waiter: &Waiter<D>) -> bool {
        let queued = waiter.queued.get();
        if queued {
            self.unlink(waiter);
            waiter.owner.set(None);
        }
        queued
    }

    fn unlink(&mut self, waiter: &Waiter<D>) {
        waiter.queued.set(false);
        let (prev, next) = (waiter.prev.get(), waiter.next.get());
        // SAFETY: neighbours are queued, hence valid.
        unsafe {
            match prev.as_ref() {
                Some(prev) => prev.next.set(next),
                None => self.first = next,
            }
            match next.as_ref() {
                Some(next) => next.prev.set(prev),
                None => self.last = prev,
            }
        }
    }
}
