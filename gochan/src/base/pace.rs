//! How long turns take on a worker: its pace.
//!
//! While turns are short (goroutines that pass values around), a worker serves its own waiters first: a wake on another
//! core costs more than many hand-overs. While they are long (goroutines that compute), waiters are served in order
//! wherever they live, so that every core gets its share, and goroutines whose last turn was long queue behind the
//! others: a goroutine that hands out work is not kept waiting by the work that it hands out.
//!
//! Time is measured turn by turn while turns are long, and over windows of several turns while they are short: reading the
//! clock in each would cost more than it is worth.

use super::policy::{COUNTED_WINDOWS, LONG_AVERAGE_US, LONG_RUNNING_US, PACE_WINDOW, TRACED_WINDOWS};
use super::ticks;
use std::cell::Cell;

#[derive(Debug)]
pub(crate) struct Pace {
    last: Cell<u64>,
    left_in_window: Cell<u32>,
    /// Of a turn, in ticks.
    average: Cell<u64>,
    short: Cell<bool>,
    /// Turns are short, and those of this window are not traced.
    untraced_and_short: Cell<bool>,
    /// Whether this worker has a trace at all.
    traced: bool,
    /// Short ones in a row, if there is a trace.
    windows: Cell<u32>,
}

impl Pace {
    /// Starts with long turns: nothing is known yet, and serving in order is always right.
    pub(crate) fn new(traced: bool) -> Pace {
        Pace {
            last: Cell::new(0),
            left_in_window: Cell::new(0),
            average: Cell::new(2 * LONG_AVERAGE_US * ticks::PER_US),
            short: Cell::new(false),
            untraced_and_short: Cell::new(false),
            traced,
            windows: Cell::new(0),
        }
    }

    /// True while turns are short.
    #[inline]
    pub(crate) fn turns_are_short(&self) -> bool {
        self.short.get()
    }

    /// True while turns are short and not traced.
    #[inline]
    pub(crate) fn untraced_and_short(&self) -> bool {
        self.untraced_and_short.get()
    }

    /// A pause without goroutines is over, which is part of no turn. The turns after it are traced.
    pub(crate) fn resume(&self) {
        self.last.set(ticks::now());
        if self.traced {
            self.windows.set(0);
            self.untraced_and_short.set(false);
        }
    }

    /// Called after each turn. True if that turn makes its goroutine a long-running one.
    #[inline]
    pub(crate) fn after_turn(&self) -> bool {
        match self.left_in_window.get() {
            0 => self.measure(),
            left => {
                self.left_in_window.set(left - 1);
                false
            }
        }
    }

    /// True if the next turns are to be traced. Of short turns only some are: tracing all of them would take longer than
    /// running them, and the ring would not reach back far.
    fn is_traced_next(&self, short: bool) -> bool {
        let windows = if short { (self.windows.get() + 1) % (TRACED_WINDOWS + COUNTED_WINDOWS) } else { 0 };
        self.windows.set(windows);
        windows < TRACED_WINDOWS
    }

    #[cold]
    fn measure(&self) -> bool {
        let now = ticks::now();
        let elapsed = now.saturating_sub(self.last.replace(now));
        let was_short = self.short.get();
        let average = if was_short {
            self.average.get().midpoint(elapsed / u64::from(PACE_WINDOW))
        } else {
            (self.average.get() * 15 + elapsed) / 16
        };
        self.average.set(average);
        let short = average < LONG_AVERAGE_US * ticks::PER_US;
        self.short.set(short);
        let traced = self.traced && self.is_traced_next(short);
        self.untraced_and_short.set(short && !traced);
        self.left_in_window.set(if short { PACE_WINDOW - 1 } else { 0 });
        !was_short && elapsed > LONG_RUNNING_US * ticks::PER_US
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_short_turns_some_are_traced_after_each_pause_and_each_long_turn() {
        let pace = Pace::new(true);
        let traced = |windows: u32| (0..windows).filter(|_| pace.is_traced_next(true)).count() as u32;
        assert_eq!((traced(TRACED_WINDOWS - 1), traced(COUNTED_WINDOWS)), (TRACED_WINDOWS - 1, 0));
        assert_eq!((traced(TRACED_WINDOWS), traced(COUNTED_WINDOWS / 2)), (TRACED_WINDOWS, 0));
        assert!(pace.is_traced_next(false));
        assert_eq!((traced(TRACED_WINDOWS - 1), traced(1)), (TRACED_WINDOWS - 1, 0));
        pace.resume();
        assert_eq!((traced(TRACED_WINDOWS - 1), traced(1)), (TRACED_WINDOWS - 1, 0));
        assert!(!pace.untraced_and_short());
    }
}
