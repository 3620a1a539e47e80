//! The one flag that every operation checks before its fast path: must the operation take the slow path?
//!
//! It must while there are bubbles, in which other goroutines may run at an operation; where [knots](crate::knots) are
//! detected; and while some goroutine has kept its worker for long. Such a goroutine may be polling in a loop for the
//! result of another goroutine of its worker. Go would interrupt it; here some operations then let other goroutines
//! run. If the worker stands still, the other operations report where the loop is.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

const BUBBLES: u32 = 1 << 31;
/// Holders of locks are recorded.
const WATCHED: u32 = 1 << 30;
/// One more turn in which a worker stands still.
const STILL: u32 = 1 << 16;
/// One more long turn.
const LONG: u32 = 1;

/// `BUBBLES`, `WATCHED`, and the number of turns that are known to be long or to stand still.
static WANTED: AtomicU32 = AtomicU32::new(0);

/// For operations that end long turns.
#[inline(always)]
pub(crate) fn is_wanted() -> bool {
    WANTED.load(Relaxed) != 0
}

/// For all others.
#[inline(always)]
pub(crate) fn is_wanted_everywhere() -> bool {
    WANTED.load(Relaxed) >= STILL
}

/// Sets the flag for the rest of the process.
pub(crate) fn bubbles_begin() {
    WANTED.fetch_or(BUBBLES, Relaxed);
}

/// Makes locks record their holders for the rest of the process, in any build. Builds with debug assertions always
/// record them.
pub(crate) fn watch_holders() {
    if cfg!(not(debug_assertions)) {
        WANTED.fetch_or(WATCHED, Relaxed);
    }
}

#[cfg(not(any(gochan_model, gochan_loom)))]
#[inline]
pub(crate) fn is_watched() -> bool {
    WANTED.load(Relaxed) & WATCHED != 0
}

/// A request to the turn that a worker is in.
#[derive(Debug)]
pub(crate) struct Request {
    is_made: AtomicBool,
    weight: u32,
}

impl Request {
    /// Requests the end of the turn.
    pub(crate) const fn end() -> Request {
        Request { is_made: AtomicBool::new(false), weight: LONG }
    }

    /// Requests a report of the turn.
    pub(crate) const fn report() -> Request {
        Request { is_made: AtomicBool::new(false), weight: STILL }
    }

    #[inline]
    pub(crate) fn is_made(&self) -> bool {
        self.is_made.load(Relaxed)
    }

    pub(crate) fn make(&self) {
        // Counted first: the worker may withdraw the request at once, and the count must never fall below zero.
        WANTED.fetch_add(self.weight, Relaxed);
        if self.is_made.swap(true, Relaxed) {
            WANTED.fetch_sub(self.weight, Relaxed);
        }
    }

    /// True if there was a request.
    pub(crate) fn take_back(&self) -> bool {
        let was_made = self.is_made() && self.is_made.swap(false, Relaxed);
        if was_made {
            WANTED.fetch_sub(self.weight, Relaxed);
        }
        was_made
    }
}
