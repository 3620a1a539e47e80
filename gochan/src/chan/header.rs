//! What does not depend on the element type of a channel: the lock, flags, lengths, and the two queues of waiters.
//!
//! All of it changes under the lock only. Flags, length and the first waiters may be read at any time, for the questions
//! [`Header::looks_receivable`] and [`Header::looks_sendable`]: they take no lock, and the answer "no" was true at some
//! instant during the call. That holds because no change made under the lock passes through a state that looks less
//! ready than those before and after it.

use super::channel::{Blocked, Locked, Place};
use super::waiter::{Outcome, WaitQueue, Waiter};
use crate::base::spin::RawLock;
use crate::base::touch::Touch;
use crate::points;
use crate::sched::park::{Completed, Owner, WaitReason};
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering::*};

/// Closed by `close`, or by the drop of the last sender.
pub(super) const CLOSED: u8 = 1;
/// The last handle that could receive is gone.
pub(super) const NO_RECEIVER: u8 = 2;
/// Values were given back and are to be received first.
pub(super) const RETURNED: u8 = 4;
/// A value was given back at some time: a length of zero no longer means that there is no value.
pub(super) const GAVE_BACK: u8 = 8;
/// A timer's channel: it is ready from some time on, and has no sender.
pub(super) const TIMER: u8 = 16;
/// Of an exploration: others may run before every operation as well. Each operation checks this flag, which the fast
/// paths check together with others.
pub(super) const EXPLORED: u8 = 32;
/// Of an exploration: there are, or were, handles that only send or only receive. Which drop is the last then matters.
pub(super) const SPLIT: u8 = 64;
/// Sends never wait: what no receiver waits for is kept as values that were given back are, and there is no ring.
pub(super) const UNBOUNDED: u8 = 128;

/// Which of the two operations of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Send,
    Recv,
}

impl Direction {
    /// Its name in explorations.
    #[inline]
    pub(super) fn name(self) -> &'static str {
        match self {
            Direction::Send => "send",
            Direction::Recv => "recv",
        }
    }

    #[inline]
    pub(super) fn wait_reason(self) -> WaitReason {
        match self {
            Direction::Send => WaitReason::Send,
            Direction::Recv => WaitReason::Recv,
        }
    }
}

/// Why sends on a channel fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SendFailure {
    Closed,
    /// The channel was not closed, but its last receiver is gone.
    Abandoned,
}

/// A direction as a type: the code that sends and the code that receives are compiled apart.
pub(super) trait Directed {
    const DIRECTION: Direction;

    /// Moves the value out of or into `slot` if that needs no waiting. The other side, if it waited, is to be woken.
    ///
    /// # Safety
    /// Of a send, `slot` holds a value, which stays there unless the result is `Ok`. Of a receive it is valid for a write,
    /// and is written if the result is `Ok`.
    unsafe fn attempt<T>(state: &mut Locked<'_, T>, slot: *mut T) -> Result<Option<Completed>, Blocked>;
}

pub(super) enum Sending {}
pub(super) enum Receiving {}

/// See the module documentation.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Header {
    pub(super) lock: RawLock,
    flags: AtomicU8,
    pub(super) receivers: WaitQueue,
    pub(super) senders: WaitQueue,
    len: AtomicUsize,
    pub(super) capacity: usize,
}

/// What [`Header::withdraw`] has done. Its drop drops the waker of a future, which is the user's: drop it once the state
/// is final.
#[must_use = "it says whether the waiter was still queued"]
pub(crate) struct Withdrawal {
    pub(crate) was_queued: bool,
    _owner: Option<Owner>,
}

impl Header {
    pub(super) fn new(capacity: usize, flags: u8) -> Header {
        Header {
            lock: RawLock::new(),
            flags: AtomicU8::new(flags),
            receivers: WaitQueue::new(),
            senders: WaitQueue::new(),
            len: AtomicUsize::new(0),
            capacity,
        }
    }

    #[inline]
    pub(crate) fn lock(&self) {
        self.lock.lock();
        #[cfg(debug_assertions)]
        self.check();
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

    // Flags and length.

    /// True if any of `flags` is set.
    #[inline]
    pub(super) fn has(&self, flags: u8) -> bool {
        self.flags.load(Relaxed) & flags != 0
    }

    /// As `has`; if it is true, what happened before the flag was set is seen too.
    #[inline]
    pub(super) fn has_acquire(&self, flags: u8) -> bool {
        self.flags.load(Acquire) & flags != 0
    }

    /// Release: a thread that sees a queue emptied after this sees the flag too.
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

    #[inline]
    pub(crate) fn is_timer(&self) -> bool {
        self.has(TIMER)
    }

    /// True if several values can be buffered.
    #[inline]
    pub(crate) fn is_buffered(&self) -> bool {
        self.capacity > 1 || self.has(UNBOUNDED)
    }

    /// Of a channel on which a send has failed.
    pub(crate) fn send_failure(&self) -> SendFailure {
        let is_abandoned = self.has(NO_RECEIVER) && !self.has(CLOSED);
        if is_abandoned { SendFailure::Abandoned } else { SendFailure::Closed }
    }

    // Without the lock: is it worth locking?

    /// True if the operation might be completed now, or fail.
    #[inline]
    pub(crate) fn looks_ready(&self, direction: Direction) -> bool {
        match direction {
            Direction::Send => self.looks_sendable(),
            Direction::Recv => self.looks_receivable(),
        }
    }

    /// True if a receive might find a value, or find the channel closed.
    #[inline]
    fn looks_receivable(&self) -> bool {
        // Acquire, because the flags are to be read last: closing comes after filling.
        let filled =
            if self.capacity > 0 { self.len.load(Acquire) > 0 } else { !self.senders.is_empty_acquire() };
        filled || self.has(CLOSED | RETURNED | GAVE_BACK | TIMER | EXPLORED)
    }

    /// True if a send might find room or a receiver, or find that it must fail.
    #[inline]
    fn looks_sendable(&self) -> bool {
        let room = if self.capacity > 0 {
            self.len.load(Acquire) < self.capacity
        } else {
            !self.receivers.is_empty_acquire()
        };
        room || self.has(CLOSED | NO_RECEIVER | EXPLORED | UNBOUNDED)
    }

    // Under the lock.

    /// True if the operation would be completed now, or fail. Not for timers.
    #[cold]
    pub(super) fn is_ready(&self, direction: Direction) -> bool {
        match direction {
            Direction::Send => {
                self.has(CLOSED | NO_RECEIVER | UNBOUNDED)
                    || self.len() < self.capacity
                    || self.receivers.has_live()
            }
            Direction::Recv => self.has(CLOSED | RETURNED) || self.len() > 0 || self.senders.has_live(),
        }
    }

    /// Where operations of this direction wait.
    #[inline]
    pub(crate) fn queue(&self, direction: Direction) -> &WaitQueue {
        match direction {
            Direction::Send => &self.senders,
            Direction::Recv => &self.receivers,
        }
    }

    /// Takes `waiter` off its queue if it is still there; then its outcome is `TimedOut`. Takes the lock.
    ///
    /// # Safety
    /// `waiter` is valid and, if queued, on that queue of this channel.
    pub(crate) unsafe fn withdraw(&self, waiter: *mut Waiter, direction: Direction) -> Withdrawal {
        self.lock();
        // SAFETY: the caller's promise; while it is queued, the lock gives access to the waiter.
        unsafe {
            let queued = (*waiter).is_queued();
            let mut owner = None;
            if queued {
                self.queue(direction).unlink(waiter);
                (*waiter).outcome = Outcome::TimedOut;
                owner = (*waiter).give_up_owner();
            }
            self.unlock();
            Withdrawal { was_queued: queued, _owner: owner }
        }
    }

    /// Asserts the invariants of [`super::channel`].
    #[cfg(debug_assertions)]
    pub(super) fn check(&self) {
        let len = self.len();
        assert!(len <= self.capacity, "more is buffered than fits");
        assert!(self.receivers.is_empty() || len == 0, "a receiver waits although a value is buffered");
        assert!(self.senders.is_empty() || len == self.capacity, "a sender waits although there is room");
        // Only selects may wait on both sides: a select does not complete its own arms.
        assert!(
            self.receivers.is_empty()
                || self.senders.is_empty()
                || (self.receivers.starts_with_select() && self.senders.starts_with_select()),
            "a receiver and a sender miss each other"
        );
        let waiting = !self.receivers.is_empty() || !self.senders.is_empty();
        assert!(!self.has(CLOSED) || !waiting, "an operation waits on a closed channel");
    }

    // Explorations.

    /// True if others may run before every operation.
    #[inline]
    pub(crate) fn is_explored(&self) -> bool {
        self.has(EXPLORED)
    }

    /// Before an operation, and without the lock.
    #[inline]
    pub(crate) fn point_before(&self, what: &'static str, place: Option<Place>) {
        if self.has(EXPLORED) {
            points::before(|| Touch::write(self), what, place);
        }
    }

    /// An operation that is no point begins.
    #[inline]
    pub(super) fn touch(&self) {
        if self.has(EXPLORED) {
            points::touch(Touch::write(self));
        }
    }
}
