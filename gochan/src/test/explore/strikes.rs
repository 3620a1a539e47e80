//! When the clock jumps although some can run: this makes timers, timeouts and tickers race with the code.
//!
//! In real time a goroutine may be delayed between any two operations, for longer than another one waits. So a run may
//! have a few such jumps: none in some runs, and otherwise at drawn occasions, among the first few or any of hundreds.
//! They are few because a bug needs few. Their total length is limited as well, unless the test sets their number: a
//! program may rely on no goroutine being delayed for as long as [`Jumps::DEFAULT`] says.
//!
//! An event that is due *now* may come at any step, and needs no budget. A very long run may be one that ends only when
//! time passes: from some length on time passes now and then, whatever the budget.

use crate::base::random::Random;
use crate::test::options::Jumps;
use std::time::Duration;

pub(super) struct Strikes {
    random: Random,
    /// The number of jumps left, and how far they may go.
    left: Jumps,
    when: When,
    /// A due event strikes at one in this many occasions.
    due: usize,
    /// The number of occasions at which the clock could have jumped ahead.
    occasions: u64,
}

enum When {
    /// The occasions at which it jumps, or at the next one where the deadline is near enough; the next one last.
    At(Vec<u64>),
    /// At one in this many.
    OneIn(usize),
}

impl Strikes {
    pub(super) fn new(mut random: Random, jumps: Jumps) -> Strikes {
        const LENGTHS: [u64; 4] = [4, 16, 64, 256];
        const RARITIES: [usize; 3] = [2, 8, 32];
        const DUE: [usize; 3] = [1, 4, 32];
        let count = random.below(jumps.count as usize + 1);
        let when = if random.below(3) > 0 {
            let length = LENGTHS[random.below(LENGTHS.len())];
            let mut at: Vec<u64> = (0..count).map(|_| 1 + random.next() % length).collect();
            at.sort_unstable_by(|a, b| b.cmp(a));
            When::At(at)
        } else {
            When::OneIn(RARITIES[random.below(RARITIES.len())])
        };
        let due = DUE[random.below(DUE.len())];
        Strikes { random, left: Jumps { count: count as u32, ..jumps }, when, due, occasions: 0 }
    }

    /// True if the clock should jump to the next deadline, which is `ahead` away.
    pub(super) fn strike(&mut self, ahead: Duration) -> bool {
        if ahead.is_zero() {
            return self.random.below(self.due) == 0;
        }
        self.occasions += 1;
        let strikes = self.is_within_budget(ahead) && self.is_drawn();
        if strikes {
            self.left.count -= 1;
            self.left.ahead = self.left.ahead.map(|left| left - ahead);
        }
        strikes || self.is_overdue()
    }

    fn is_within_budget(&self, ahead: Duration) -> bool {
        self.left.count > 0 && self.left.ahead.is_none_or(|left| ahead <= left)
    }

    fn is_drawn(&mut self) -> bool {
        match &mut self.when {
            When::At(at) => at.pop_if(|at| *at <= self.occasions).is_some(),
            When::OneIn(rarity) => self.random.below(*rarity) == 0,
        }
    }

    /// True now and then in a run that is so long that it may be waiting for time to pass in a loop.
    fn is_overdue(&self) -> bool {
        const LONG: u64 = 50_000;
        const STEP: u64 = 500;
        self.occasions >= LONG && self.occasions.is_multiple_of(STEP)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// At which of this many occasions it strikes.
    fn strikes(seed: u64, jumps: Jumps, ahead: Duration, occasions: usize) -> Vec<usize> {
        let mut strikes = Strikes::new(Random(seed), jumps);
        (0..occasions).filter(|_| strikes.strike(ahead)).collect()
    }

    #[test]
    fn a_run_has_no_more_jumps_than_its_budget_and_some_have_none() {
        let jumps = Jumps { count: 3, ahead: None };
        let counts: Vec<_> = (0..1000).map(|seed| strikes(seed, jumps, MS, 1000).len()).collect();
        for count in 0..=3 {
            assert!(counts.iter().filter(|&&other| other == count).count() > 100, "{count}");
        }
        assert_eq!(counts.iter().max(), Some(&3));
        assert!((0..100).all(|seed| strikes(seed, Jumps { count: 0, ahead: None }, MS, 1000).is_empty()));
    }

    #[test]
    fn every_early_occasion_is_struck_at_by_some_run() {
        let jumps = Jumps { count: 1, ahead: None };
        for occasion in 0..64 {
            let struck = (0..50_000).any(|seed| strikes(seed, jumps, MS, 64) == [occasion]);
            assert!(struck, "{occasion}");
        }
    }

    #[test]
    fn jumps_go_no_further_in_all_than_they_may() {
        let jumps = Jumps { count: 100, ahead: Some(5 * MS) };
        let most = (0..1000).map(|seed| strikes(seed, jumps, 2 * MS, 1000).len()).max();
        assert_eq!(most, Some(2));
        assert!((0..100).all(|seed| strikes(seed, jumps, 6 * MS, 1000).is_empty()));
    }

    #[test]
    fn what_is_due_needs_no_budget_and_a_long_run_has_time_pass() {
        let none = Jumps { count: 0, ahead: None };
        assert!((0..100).all(|seed| !strikes(seed, none, Duration::ZERO, 1000).is_empty()));
        assert_eq!(strikes(1, none, MS, 51_000), [49_999, 50_499, 50_999]);
    }
}
