//! The channel itself: a lock, a ring, two queues of waiters.
//!
//! Invariants, whenever the lock is free:
//!
//! * receivers wait only while nothing is buffered, senders only while the ring is full;
//! * receivers and senders never wait at the same time, unless all are arms of selects that have both, or are stale;
//! * a closed channel has no waiter;
//! * `len <= capacity`.
//!
//! A sender that finds a receiver writes into the receiver's own slot; a receiver that finds a sender takes from the
//! sender's. Values are moved under the lock, owners are woken after it, and nothing of the user runs in between.

use super::head::{CLOSED, EXPLORED, GAVE_BACK, Head, NO_RECEIVER, RETURNED};
use super::ring::Ring;
use super::timer::TimerState;
use super::waiter::{Ended, Outcome};
use crate::callback::Callbacks;
use crate::sched::bubble::{is_explored, point, point_before_touching};
use crate::sched::touch::Touch;
use std::cell::UnsafeCell;
use std::collections::VecDeque;
use std::panic::{Location, RefUnwindSafe};

pub(crate) type Place = &'static Location<'static>;

/// What all handles of a channel use. Lock, flags, queues and length are together in one cache line, which
/// [`super::shared`] aligns: an unbuffered hand-over touches no other of the channel's.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Core<T> {
    pub(super) head: Head,
    /// Used under the lock.
    body: UnsafeCell<Body<T>>,
}

/// What depends on the element type.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Body<T> {
    pub(super) ring: Ring<T>,
    pub(super) rare: Rare<T>,
}

/// What few channels have.
#[derive(Debug)]
pub(super) enum Rare<T> {
    None,
    /// Values that were handed to an async receive which was dropped before it could return them: older than
    /// anything in the ring.
    Returned(VecDeque<T>),
    Timer(TimerState),
}

// SAFETY: the pointers are to the ring, which the channel owns, and to waiters, which are used under the lock.
unsafe impl<T: Send> Send for Core<T> {}
// SAFETY: everything is used under the lock, or is atomic; values only move through.
unsafe impl<T: Send> Sync for Core<T> {}

// Nothing of the user runs under the lock, so a panic never leaves a channel half changed.
impl<T> RefUnwindSafe for Core<T> {}

/// Access to a channel whose lock is held.
pub(super) struct Locked<'a, T> {
    pub(super) core: &'a Core<T>,
}

impl<T> Drop for Locked<'_, T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: whoever has made this holds the lock, and what could be reached through this ends here.
        unsafe { self.core.head.unlock() };
    }
}

/// Why a send or receive could not be completed without waiting.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Blocked {
    Wait,
    Closed,
}

impl<T> Core<T> {
    /// # Panics
    /// If a ring of that capacity cannot be allocated.
    #[track_caller]
    pub(super) fn new(capacity: usize) -> Core<T> {
        let flags = if is_explored() { EXPLORED } else { 0 };
        Core::with_head(Head::new(capacity, flags), Rare::None)
    }

    #[inline(always)]
    #[track_caller]
    pub(super) fn with_head(head: Head, rare: Rare<T>) -> Core<T> {
        let ring = Ring::allocate(head.capacity);
        Core { head, body: UnsafeCell::new(Body { ring, rare }) }
    }

    #[inline]
    pub(super) fn lock(&self) -> Locked<'_, T> {
        self.head.lock();
        #[cfg(debug_assertions)]
        self.head.check();
        Locked { core: self }
    }

    /// True if this call closed the channel.
    #[track_caller]
    pub(super) fn close(&self) -> bool {
        self.head.point_before("close", Some(Location::caller()));
        let closed = self.close_without_waking();
        let is_first = closed.is_some();
        if let Some(closed) = closed {
            closed.wake_all();
        }
        point("close");
        is_first
    }

    /// Closes the channel, which runs none of the user's code, and leaves the waking to the caller. None if it was
    /// closed before.
    pub(super) fn close_without_waking(&self) -> Option<Closed> {
        let _state = self.lock();
        if self.head.has(CLOSED) {
            return None;
        }
        self.head.set(CLOSED);
        let receivers = self.head.receivers.end_all(Outcome::Closed);
        let senders = self.head.senders.end_all(Outcome::Closed);
        Some(Closed { receivers, senders })
    }

    /// The last handle that could receive is gone: senders get their values back, buffered values are dropped. Runs none
    /// of the user's code: that is left to the caller. None if there is none to run.
    pub(super) fn receivers_gone(&self) -> Option<Abandoned<T>> {
        if self.head.is_timer() {
            // Nobody sends, and nothing is buffered.
            return None;
        }
        let mut state = self.lock();
        self.head.set(NO_RECEIVER);
        let senders = self.head.senders.end_all(Outcome::Closed);
        let mut orphans = match std::mem::replace(&mut state.body().rare, Rare::None) {
            Rare::Returned(values) => values,
            Rare::None | Rare::Timer(_) => VecDeque::new(),
        };
        self.head.clear(RETURNED);
        orphans.reserve(self.head.len());
        while self.head.len() > 0 {
            // SAFETY: the first of `len` values; taken off the ring.
            orphans.push_back(unsafe { state.pop_front().read() });
        }
        drop(state);
        (!senders.is_empty() || !orphans.is_empty()).then_some(Abandoned { senders, orphans })
    }

    pub(super) fn len(&self) -> usize {
        if !self.head.has(RETURNED) {
            return self.head.len();
        }
        let mut state = self.lock();
        let returned = if let Rare::Returned(values) = &state.body().rare { values.len() } else { 0 };
        (self.head.len() + returned).min(self.head.capacity.max(self.head.len()))
    }

    pub(super) fn capacity(&self) -> usize {
        self.head.capacity
    }

    pub(super) fn is_closed(&self) -> bool {
        self.head.has_acquire(CLOSED | NO_RECEIVER)
    }
}

/// The receivers and senders that waited on a channel when it was closed.
#[must_use = "they sleep until they are woken"]
pub(crate) struct Closed {
    receivers: Ended,
    senders: Ended,
}

impl Closed {
    pub(crate) fn is_empty(&self) -> bool {
        self.receivers.is_empty() && self.senders.is_empty()
    }

    pub(crate) fn wake_all(self) {
        let mut callbacks = Callbacks::new();
        callbacks.run(|| self.receivers.wake_all());
        callbacks.run(|| self.senders.wake_all());
        callbacks.finish();
    }
}

/// The senders that waited when the last receiver went, and the values that nobody will receive.
#[must_use = "the senders sleep until they are woken"]
pub(super) struct Abandoned<T> {
    senders: Ended,
    orphans: VecDeque<T>,
}

impl<T> Abandoned<T> {
    pub(super) fn finish(self, callbacks: &mut Callbacks) {
        callbacks.run(|| self.senders.wake_all());
        callbacks.drop_each(self.orphans);
    }
}

impl<T> Locked<'_, T> {
    #[inline]
    pub(super) fn body(&mut self) -> &mut Body<T> {
        // SAFETY: the lock is held, and `self` borrowed for as long as the result is used.
        unsafe { &mut *self.core.body.get() }
    }

    /// Lets go of the lock for others, before anything is done.
    #[cold]
    pub(super) fn let_others_run(self, what: &'static str, place: Place) -> Self {
        let core = self.core;
        drop(self);
        point_before_touching(|| Touch::write(&core.head), what, Some(place));
        core.lock()
    }

    /// Puts a value before all others.
    #[cold]
    pub(super) fn put_back(&mut self, value: T) {
        match &mut self.body().rare {
            Rare::Returned(values) => values.push_back(value),
            rare => *rare = Rare::Returned(VecDeque::from([value])),
        }
        self.core.head.set(RETURNED | GAVE_BACK);
    }
}

impl<T> Drop for Core<T> {
    fn drop(&mut self) {
        // Nobody else is left, but the values are taken off in the same way.
        let mut state = self.lock();
        let capacity = state.core.head.capacity;
        while state.core.head.len() > 0 {
            // SAFETY: the first of `len` values; taken off the ring.
            drop(unsafe { state.pop_front().read() });
        }
        // SAFETY: this is the end of the only owner.
        unsafe { state.body().ring.free(capacity) };
    }
}
