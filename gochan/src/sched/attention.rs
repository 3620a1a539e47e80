//! The one look that every operation takes before it goes its fast way: is anything wanted of it?
//!
//! That is so once there are bubbles, in which other goroutines may run at an operation; where [knots](super::knots) are
//! watched for; and while some goroutine has kept its worker to itself for long. Such a goroutine may be polling, in a loop,
//! for what a neighbour is to do. Go would interrupt it; here few operations let others run then. If it stands still, the
//! others report where the loop is.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

const BUBBLES: u32 = 1 << 31;
/// Holders of locks are recorded.
const WATCHED: u32 = 1 << 30;
/// One more turn in which a worker stands still.
const STILL: u32 = 1 << 16;
/// One more long turn.
const LONG: u32 = 1;

/// `BUBBLES`, `WATCHED`, and how many turns are known to be long or to stand still.
static ATTENTION: AtomicU32 = AtomicU32::new(0);

/// For operations that end long turns.
#[inline(always)]
pub(super) fn is_due() -> bool {
    ATTENTION.load(Relaxed) != 0
}

/// For all others.
#[inline(always)]
pub(super) fn is_due_everywhere() -> bool {
    ATTENTION.load(Relaxed) >= STILL
}

/// From now on, for the rest of the process.
pub(super) fn bubbles_begin() {
    ATTENTION.fetch_or(BUBBLES, Relaxed);
}

/// From now on, for the rest of the process.
pub(super) fn watch_begins() {
    ATTENTION.fetch_or(WATCHED, Relaxed);
}

#[cfg(not(any(gochan_model, gochan_loom)))]
#[inline]
pub(super) fn is_watched() -> bool {
    ATTENTION.load(Relaxed) & WATCHED != 0
}

/// Something that is asked of the turn that a worker is in.
#[derive(Debug)]
pub(super) struct Request {
    is_made: AtomicBool,
    weight: u32,
}

impl Request {
    /// Asks for an end of the turn.
    pub(super) const fn end() -> Request {
        Request { is_made: AtomicBool::new(false), weight: LONG }
    }

    /// Asks for a report of the turn.
    pub(super) const fn report() -> Request {
        Request { is_made: AtomicBool::new(false), weight: STILL }
    }

    #[inline]
    pub(super) fn is_made(&self) -> bool {
        self.is_made.load(Relaxed)
    }

    pub(super) fn make(&self) {
        // Counted in first: the worker may take the request back at once, and the count never falls below zero.
        ATTENTION.fetch_add(self.weight, Relaxed);
        if self.is_made.swap(true, Relaxed) {
            ATTENTION.fetch_sub(self.weight, Relaxed);
        }
    }

    /// True if it was made.
    pub(super) fn take_back(&self) -> bool {
        let was_made = self.is_made() && self.is_made.swap(false, Relaxed);
        if was_made {
            ATTENTION.fetch_sub(self.weight, Relaxed);
        }
        was_made
    }
}
