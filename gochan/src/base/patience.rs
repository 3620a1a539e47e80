//! Whether an idle worker should look around before it sleeps, by what came of it the last times.

use super::policy::{MOST_REWARDS, SPIN, SPIN_IF_REWARDED, TRY_AGAIN, VAIN_COSTS};
use std::cell::Cell;
use std::time::Duration;

#[derive(Debug)]
pub(crate) struct Patience {
    /// How much more often looking around was rewarded than in vain, weighted.
    credit: Cell<u32>,
    /// The times without credit, until it is tried again.
    skipped: Cell<u32>,
}

impl Patience {
    pub(crate) const fn new() -> Patience {
        Patience { credit: Cell::new(1), skipped: Cell::new(0) }
    }

    /// How long to look around this time.
    pub(crate) fn next(&self) -> Duration {
        match self.credit.get() {
            0 => {
                self.skipped.set((self.skipped.get() + 1) % TRY_AGAIN);
                if self.skipped.get() == 0 { SPIN_IF_REWARDED } else { Duration::ZERO }
            }
            1 => SPIN,
            _ => SPIN_IF_REWARDED,
        }
    }

    /// Whether work has come in that time. Later is too late: the thread has lost its processor meanwhile.
    pub(crate) fn note(&self, is_rewarded: bool) {
        let credit = self.credit.get();
        self.credit.set(if is_rewarded {
            (credit + 1).min(MOST_REWARDS)
        } else {
            credit.saturating_sub(VAIN_COSTS)
        });
    }
}

#[cfg(all(test, not(any(gochan_model, gochan_loom))))]
mod tests {
    use super::*;

    #[test]
    fn in_vain_means_seldom_and_rewards_mean_always() {
        let patience = Patience::new();
        assert_eq!(patience.next(), SPIN);
        patience.note(false);
        let tries = (0..10 * TRY_AGAIN).filter(|_| patience.next() > Duration::ZERO).count();
        assert_eq!(tries, 10);
        patience.note(true);
        assert!((0..10 * TRY_AGAIN).all(|_| patience.next() == SPIN));
        patience.note(true);
        assert_eq!(patience.next(), SPIN_IF_REWARDED);
    }
}
