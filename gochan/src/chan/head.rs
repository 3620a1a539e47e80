//! What of a channel does not depend on its element type: the lock, flags, lengths, and the two queues of waiters.
//!
//! Everything here is changed under the lock only. Flags, length and the heads of the queues may be read at any
//! moment, for the questions [`Head::may_receive`] and [`Head::may_send`]: asking them takes no lock, and a "no" was
//! true at some instant during the call. That holds because no change made under the lock passes through a state that
//! looks less ready than those before and after it.

use super::core::Place;
use super::lock::RawLock;
use super::waiter::{Outcome, WaitQueue, Waiter};
use crate::sched::bubble::{point_before_touching, touch};
use crate::sched::park::Owner;
use crate::sched::touch::Touch;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering::*};

/// Closed by `close`, or by the drop of the last sender.
pub(super) const CLOSED: u8 = 1;
/// Nobody is left who could receive.
pub(super) const NO_RECEIVER: u8 = 2;
/// Values were given back and are to be received first.
pub(super) const RETURNED: u8 = 4;
/// A value was given back at some time: the length alone does not say any more whether there is something.
pub(super) const GAVE_BACK: u8 = 8;
/// A timer's channel: it is ready from a moment on, and nobody sends.
pub(super) const TIMER: u8 = 16;
/// Of an exploration: others may run before every operation as well. Nothing is done here without a look at this flag,
/// which the fast paths have in common with others.
pub(super) const EXPLORED: u8 = 32;
/// Of an exploration: there are, or were, handles that only send or only receive. Which drop is the last then matters.
pub(super) const SPLIT: u8 = 64;

/// What [`Head::withdraw`] has done. Dropping it drops the waker of a future, which is the user's: when the state is final.
#[must_use = "it says whether the waiter was still queued"]
pub(crate) struct Withdrawal {
    pub(crate) was_queued: bool,
    _owner: Option<Owner>,
}

/// See the module documentation.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Head {
    pub(super) lock: RawLock,
    flags: AtomicU8,
    pub(super) receivers: WaitQueue,
    pub(super) senders: WaitQueue,
    len: AtomicUsize,
    pub(super) capacity: usize,
}

impl Head {
    pub(super) fn new(capacity: usize, flags: u8) -> Head {
        Head {
            lock: RawLock::new(),
            flags: AtomicU8::new(flags),
            receivers: WaitQueue::new(),
            senders: WaitQueue::new(),
            len: AtomicUsize::new(0),
            capacity,
        }
    }

    /// True if any of `flags` is set.
    #[inline]
    pub(super) fn has(&self, flags: u8) -> bool {
        self.flags.load(Relaxed) & flags != 0
    }

    /// As `has`; what came before a flag that is found is seen, too.
    #[inline]
    pub(super) fn has_acquire(&self, flags: u8) -> bool {
        self.flags.load(Acquire) & flags != 0
    }

    /// Release: whoever sees an emptied queue after this sees the flag as well.
    pub(super) fn set(&self, flags: u8) {
        self.flags.store(self.flags.load(Relaxed) | flags, Release);
    }

    pub(super) fn clear(&self, flags: u8) {
        self.flags.store(self.flags.load(Relaxed) & !flags, Release);
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len.load(Relaxed)
    }

    #[inline]
    pub(super) fn set_len(&self, len: usize) {
        self.len.store(len, Release);
    }

    /// Without the lock: whether a receive might find something, or find the channel closed.
    #[inline]
    pub(crate) fn may_receive(&self) -> bool {
        // Acquire, because the flags are to be looked at last: closing comes after filling.
        let filled =
            if self.capacity > 0 { self.len.load(Acquire) > 0 } else { !self.senders.is_empty_acquire() };
        filled || self.has(CLOSED | RETURNED | GAVE_BACK | TIMER | EXPLORED)
    }

    /// Without the lock: whether a send might find room or a receiver, or find that it must fail.
    #[inline]
    pub(crate) fn may_send(&self) -> bool {
        let room = if self.capacity > 0 {
            self.len.load(Acquire) < self.capacity
        } else {
            !self.receivers.is_empty_acquire()
        };
        room || self.has(CLOSED | NO_RECEIVER | EXPLORED)
    }

    /// Before an operation, and without the lock.
    #[inline]
    pub(crate) fn point_before(&self, what: &'static str, place: Option<Place>) {
        if self.has(EXPLORED) {
            point_before_touching(|| Touch::write(self), what, place);
        }
    }

    /// An operation that is no point begins.
    #[inline]
    pub(super) fn touch(&self) {
        if self.has(EXPLORED) {
            touch(Touch::write(self));
        }
    }

    /// True if others may run before every operation.
    #[inline]
    pub(crate) fn is_explored(&self) -> bool {
        self.has(EXPLORED)
    }

    /// True if a send, or a receive, would be completed now or fail. For channels that are no timers'; the lock is held.
    #[cold]
    pub(super) fn is_ready(&self, sends: bool) -> bool {
        if sends {
            self.has(CLOSED | NO_RECEIVER) || self.len() < self.capacity || self.receivers.has_live()
        } else {
            self.has(CLOSED | RETURNED) || self.len() > 0 || self.senders.has_live()
        }
    }

    /// True if several values can be buffered.
    #[inline]
    pub(crate) fn is_buffered(&self) -> bool {
        self.capacity > 1
    }

    /// True if sends fail because nobody can receive, rather than because of a close.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.has(NO_RECEIVER) && !self.has(CLOSED)
    }

    #[inline]
    pub(crate) fn is_timer(&self) -> bool {
        self.has(TIMER)
    }

    #[inline]
    pub(crate) fn lock(&self) {
        self.lock.lock();
    }

    /// # Safety
    /// The caller holds the lock.
    #[inline]
    pub(crate) unsafe fn unlock(&self) {
        #[cfg(debug_assertions)]
        self.check();
        // SAFETY: the caller's promise.
        unsafe { self.lock.unlock() };
    }

    /// The queue of those who wait to send, or to receive.
    #[inline]
    pub(crate) fn queue(&self, sends: bool) -> &WaitQueue {
        if sends { &self.senders } else { &self.receivers }
    }

    /// Takes `waiter` off its queue if it is still there; then its outcome is `TimedOut`.
    ///
    /// # Safety
    /// `waiter` is valid and, if queued, on that queue of this channel.
    pub(crate) unsafe fn withdraw(&self, waiter: *mut Waiter, sends: bool) -> Withdrawal {
        self.lock();
        // SAFETY: the caller's promise; the lock makes the waiter ours while it is queued.
        unsafe {
            let queued = (*waiter).is_queued();
            let mut owner = None;
            if queued {
                self.queue(sends).unlink(waiter);
                (*waiter).outcome = Outcome::TimedOut;
                owner = (*waiter).give_up_owner();
            }
            self.unlock();
            Withdrawal { was_queued: queued, _owner: owner }
        }
    }

    /// The invariants of [`super::core`], while the lock is held.
    #[cfg(debug_assertions)]
    pub(super) fn check(&self) {
        let len = self.len();
        assert!(len <= self.capacity, "more is buffered than fits");
        assert!(self.receivers.is_empty() || len == 0, "a receiver waits beside a buffered value");
        assert!(self.senders.is_empty() || len == self.capacity, "a sender waits beside free room");
        // Only selects may wait on both sides: none serves itself.
        assert!(
            self.receivers.is_empty()
                || self.senders.is_empty()
                || (self.receivers.starts_with_select() && self.senders.starts_with_select()),
            "a receiver and a sender miss each other"
        );
        let waiting = !self.receivers.is_empty() || !self.senders.is_empty();
        assert!(!self.has(CLOSED) || !waiting, "somebody waits on a closed channel");
    }
}
