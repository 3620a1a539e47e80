//! How long turns take on a worker, and what follows from it.
//!
//! While turns are short (goroutines that pass values around), a worker serves waiters of its own first: a trip to
//! another core costs more than many hand-overs. While they are long (goroutines that compute), waiters are served in
//! order wherever they live, so that every core gets its share, and goroutines whose last turn was long queue behind
//! those whose was short: whoever feeds the others is not kept waiting by the work it hands out.
//!
//! Time is measured turn by turn while turns are long, and over windows while they are short, where reading the
//! clock each time would cost more than it tells.

use super::ticks;
use std::cell::Cell;

/// Turns of a window while the pace is fine.
const WINDOW: u32 = 16;
/// The average turn above which the pace is coarse, in microseconds.
const COARSE_US: u64 = 10;
/// Of short turns, the windows in a row that are traced, and those that then are only counted.
const TRACED: u32 = 64;
const COUNTED: u32 = 2048;
/// A turn above which a goroutine counts as heavy, in microseconds.
const HEAVY_US: u64 = 20;

#[derive(Debug)]
pub(super) struct Pace {
    last: Cell<u64>,
    left_in_window: Cell<u32>,
    /// Of a turn, in ticks.
    average: Cell<u64>,
    fine: Cell<bool>,
    /// Fine, and nothing is traced now: there is nothing to do beside the work.
    plain: Cell<bool>,
    traced: bool,
    /// Fine ones in a row, if they are traced.
    windows: Cell<u32>,
}

impl Pace {
    /// Starts coarse: nothing is known yet, and in order is always right.
    pub(super) fn new(traced: bool) -> Pace {
        Pace {
            last: Cell::new(0),
            left_in_window: Cell::new(0),
            average: Cell::new(2 * COARSE_US * ticks::PER_US),
            fine: Cell::new(false),
            plain: Cell::new(false),
            traced,
            windows: Cell::new(0),
        }
    }

    /// True while turns are short.
    #[inline]
    pub(super) fn is_fine(&self) -> bool {
        self.fine.get()
    }

    /// True while turns are short and not traced.
    #[inline]
    pub(super) fn is_plain(&self) -> bool {
        self.plain.get()
    }

    /// A pause without goroutines is nobody's turn. What comes after it is traced.
    pub(super) fn resume(&self) {
        self.last.set(ticks::now());
        if self.traced {
            self.windows.set(0);
            self.plain.set(false);
        }
    }

    /// Called after each turn; true if that turn was a heavy one.
    #[inline]
    pub(super) fn after_turn(&self) -> bool {
        match self.left_in_window.get() {
            0 => self.measure(),
            left => {
                self.left_in_window.set(left - 1);
                false
            }
        }
    }

    /// Whether the next turns are to be traced. Where they are short there are so many that all would be too much: it
    /// would take longer than to run them, and the ring would not reach back far.
    fn is_traced_next(&self, fine: bool) -> bool {
        let windows = if fine { (self.windows.get() + 1) % (TRACED + COUNTED) } else { 0 };
        self.windows.set(windows);
        windows < TRACED
    }

    #[cold]
    fn measure(&self) -> bool {
        let now = ticks::now();
        let elapsed = now.saturating_sub(self.last.replace(now));
        let was_fine = self.fine.get();
        let average = if was_fine {
            self.average.get().midpoint(elapsed / u64::from(WINDOW))
        } else {
            (self.average.get() * 15 + elapsed) / 16
        };
        self.average.set(average);
        let fine = average < COARSE_US * ticks::PER_US;
        self.fine.set(fine);
        let traced = self.traced && self.is_traced_next(fine);
        self.plain.set(fine && !traced);
        self.left_in_window.set(if fine { WINDOW - 1 } else { 0 });
        !was_fine && elapsed > HEAVY_US * ticks::PER_US
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_short_turns_some_are_traced_after_each_pause_and_each_long_turn() {
        let pace = Pace::new(true);
        let traced = |windows: u32| (0..windows).filter(|_| pace.is_traced_next(true)).count() as u32;
        assert_eq!((traced(TRACED - 1), traced(COUNTED)), (TRACED - 1, 0));
        assert_eq!((traced(TRACED), traced(COUNTED / 2)), (TRACED, 0));
        assert!(pace.is_traced_next(false));
        assert_eq!((traced(TRACED - 1), traced(1)), (TRACED - 1, 0));
        pace.resume();
        assert_eq!((traced(TRACED - 1), traced(1)), (TRACED - 1, 0));
        assert!(!pace.is_plain());
    }
}
