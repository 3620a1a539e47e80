//! The state of a source, one word for each direction.
//!
//! ```text
//!                  event                       attempt
//!   UNKNOWN, DRY ---------> READY ---------------------> UNKNOWN
//!   UNKNOWN, DRY ---park--> a waiter ---event--> READY   (the waiter is woken)
//!   a waiter ---poke, withdraw--> UNKNOWN                (the waiter is woken, or wakes itself)
//!   UNKNOWN ---drained--> DRY
//! ```
//!
//! At most one waiter uses a direction at a time; an event, a close, a new deadline or the end of a context may come at
//! any moment. `READY` stays until the next attempt, so an event between an attempt that found nothing and the parking
//! after it is not lost: the waiter cannot park. `DRY` says that the last attempt has taken all that there was, so the
//! next one would find nothing unless an event comes first.
//!
//! The thread that takes the waiter out of the word wakes it, once.

use crate::shim::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering::*};
use std::ptr::{self, NonNull};

/// The low bits that no pointer to a waiter has all set.
const TAG: usize = 3;

const UNKNOWN: *mut () = ptr::null_mut();
const READY: *mut () = ptr::without_provenance_mut(TAG);
const DRY: *mut () = ptr::without_provenance_mut(TAG + 4);

/// One direction of a source; see the module documentation.
#[derive(Debug)]
pub(crate) struct Word(AtomicPtr<()>);

impl Word {
    fn new() -> Word {
        Word(AtomicPtr::new(UNKNOWN))
    }

    fn waiter(word: *mut ()) -> Option<NonNull<()>> {
        NonNull::new(word).filter(|_| word != READY && word != DRY)
    }

    pub(crate) fn has_waiter(&self) -> bool {
        Word::waiter(self.0.load(Relaxed)).is_some()
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.0.load(Acquire) == READY
    }

    /// Before an attempt. False if it would find nothing.
    #[inline]
    pub(crate) fn begin_attempt(&self) -> bool {
        match self.0.load(Relaxed) {
            DRY => false,
            READY => {
                // Acquire pairs with the Release in `event`: what the event says of the source is known. Nothing else
                // leaves `READY`, so this succeeds.
                let _ = self.0.compare_exchange(READY, UNKNOWN, Acquire, Relaxed);
                true
            }
            _ => true,
        }
    }

    /// The attempt has taken all that there was.
    #[inline]
    fn drained(&self) {
        // Fails if an event has come since the beginning of the attempt.
        let _ = self.0.compare_exchange(UNKNOWN, DRY, Relaxed, Relaxed);
    }

    /// The source may be ready. Returns the waiter to be woken.
    #[must_use = "the waiter is to be woken"]
    pub(crate) fn event(&self) -> Option<NonNull<()>> {
        // Release publishes what is known of the source to the next attempt; Acquire pairs with the Release in `park`.
        Word::waiter(self.0.swap(READY, AcqRel))
    }

    /// Puts `waiter` into the word. False if the source may be ready.
    ///
    /// Sequentially consistent: it is followed by a look at what [`poke`](Word::poke) tells of.
    pub(crate) fn park(&self, waiter: NonNull<()>) -> bool {
        debug_assert!(waiter.addr().get() & TAG != TAG, "a waiter with the mark of a state");
        let mut word = self.0.load(Relaxed);
        loop {
            if word == READY {
                return false;
            }
            debug_assert!(Word::waiter(word).is_none(), "two waiters in one direction");
            match self.0.compare_exchange_weak(word, waiter.as_ptr(), SeqCst, Relaxed) {
                Ok(_) => return true,
                Err(now) => word = now,
            }
        }
    }

    /// Takes the waiter out so that it looks again at what else may end its wait, which has changed. Returns the waiter
    /// to be woken.
    ///
    /// Sequentially consistent: it follows the change.
    #[must_use = "the waiter is to be woken"]
    pub(crate) fn poke(&self) -> Option<NonNull<()>> {
        let word = self.0.load(SeqCst);
        let waiter = Word::waiter(word)?;
        // If it fails, the waiter has been taken out since, and looks again anyway.
        self.0.compare_exchange(word, UNKNOWN, SeqCst, Relaxed).is_ok().then_some(waiter)
    }

    /// Takes `waiter` out on its own behalf. False if it has been taken out already, and is going to be woken.
    pub(crate) fn withdraw(&self, waiter: NonNull<()>) -> bool {
        self.0.compare_exchange(waiter.as_ptr(), UNKNOWN, AcqRel, Relaxed).is_ok()
    }
}

/// A direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Reading,
    Writing,
}

/// Both directions of a source, and what its waiters and events have to know of it.
#[derive(Debug)]
pub(crate) struct Words {
    reading: Word,
    writing: Word,
    /// The peer has ended its direction, or the source has failed: there is no further edge, so reading is never dry.
    hung_up: AtomicBool,
    /// Counts the ended contexts that end the waits: cancelled ones, and from the 16th bit on those with a deadline.
    pub(crate) ended: AtomicU32,
}

impl Words {
    pub(crate) fn new() -> Words {
        Words {
            reading: Word::new(),
            writing: Word::new(),
            hung_up: AtomicBool::new(false),
            ended: AtomicU32::new(0),
        }
    }

    #[inline]
    pub(crate) fn side(&self, side: Side) -> &Word {
        match side {
            Side::Reading => &self.reading,
            Side::Writing => &self.writing,
        }
    }

    /// An attempt to read has got less than it asked for, and so all that there was.
    #[inline]
    pub(crate) fn drained(&self) {
        // Relaxed: the attempt has seen the event before which this was stored, or the event leaves the word `READY`.
        if !self.hung_up.load(Relaxed) {
            self.reading.drained();
        }
    }

    /// From now on no event tells of what there is to read.
    pub(crate) fn hang_up(&self) {
        self.hung_up.store(true, Relaxed);
    }

    pub(crate) fn count_waiters(&self) -> usize {
        usize::from(self.reading.has_waiter()) + usize::from(self.writing.has_waiter())
    }
}

#[cfg(all(test, not(any(gochan_model, gochan_loom))))]
mod tests {
    use super::*;

    fn waiter(value: &mut u64) -> NonNull<()> {
        NonNull::from(value).cast()
    }

    #[test]
    fn an_event_before_the_parking_keeps_the_waiter_awake() {
        let (word, mut value) = (Word::new(), 0);
        assert!(word.begin_attempt());
        assert_eq!(word.event(), None);
        assert!(!word.park(waiter(&mut value)));
        assert!(word.begin_attempt());
        assert!(word.park(waiter(&mut value)), "the event is used up");
    }

    #[test]
    fn a_waiter_is_taken_out_once() {
        let (word, mut value) = (Word::new(), 0);
        let waiter = waiter(&mut value);
        assert!(word.park(waiter) && word.has_waiter());
        assert_eq!(word.event(), Some(waiter));
        assert_eq!((word.poke(), word.withdraw(waiter)), (None, false));
        assert!(word.begin_attempt() && word.park(waiter));
        assert_eq!((word.poke(), word.withdraw(waiter), word.event()), (Some(waiter), false, None));
    }

    #[test]
    fn a_dry_source_is_not_tried_until_an_event_comes() {
        let words = Words::new();
        let word = words.side(Side::Reading);
        assert!(word.begin_attempt());
        words.drained();
        assert!(!word.begin_attempt());
        assert_eq!(word.event(), None);
        assert!(word.begin_attempt());
        words.hang_up();
        words.drained();
        assert!(word.begin_attempt(), "the end has no edge of its own");
    }
}
