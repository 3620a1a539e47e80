//! Which goroutine goes on: two ways to draw it, both needed.
//!
//! A *random walk* draws anew at every step. It mixes everything with everything, and rarely lets one goroutine alone
//! for long. *Priorities* (Burckhardt and others, "A randomized scheduler with probabilistic guarantees of finding
//! bugs", 2010) do the opposite: each goroutine gets a random priority, the highest one runs, and at a few random steps
//! the one that runs falls behind all others. A bug that needs few such changes, as most do, is met with a probability
//! that does not depend on how long the program is.
//!
//! Priorities alone would let two goroutines that wake each other run for ever, although a third one could run that would
//! stop them. So those age that can run and do not: after some hundreds or thousands of steps, as the run draws, the oldest
//! gets ahead of all others. Every goroutine has its turns then, in either way.
//!
//! Time is the third thing that is drawn: see [`strikes`](super::strikes).

use super::settings::Strategy;
use super::strikes::Strikes;
use crate::sched::bubble::{Choice, Current, Options};
use crate::test::options::Jumps;

pub(super) struct Schedule {
    random: Random,
    way: Way,
    strikes: Strikes,
}

enum Way {
    /// The one that runs goes on without a draw in so many of 4 cases.
    Walk {
        stays: u32,
    },
    Priorities(Priorities),
}

struct Priorities {
    /// By the number of the goroutine.
    ranks: Vec<Rank>,
    /// The steps at which the one that runs falls behind; the next one last.
    changes: Vec<u64>,
    step: u64,
    /// Lower than any that was given before, and higher.
    lowest: i64,
    highest: i64,
    last: u32,
    /// Steps of `last` since anybody else ran.
    row: u32,
    /// Who could have run for so many steps is next.
    old_age: u64,
}

#[derive(Clone, Copy, Default)]
struct Rank {
    priority: Option<i64>,
    /// The step since which it could run and has not. Zero: none.
    waits_since: u64,
}

impl Schedule {
    pub(super) fn new(seed: u64, strategy: Strategy, jumps: Jumps) -> Schedule {
        let mut random = Random(seed);
        // What time does is drawn apart, so that it changes nothing where there are no deadlines.
        let strikes = Strikes::new(Random(!seed), jumps);
        // Drawn in any case: what comes after that is the same.
        let walks = random.below(2) == 0;
        let walks = match strategy {
            Strategy::Mixed => walks,
            Strategy::Walk => true,
            Strategy::Priorities => false,
        };
        let way = if walks {
            Way::Walk { stays: [0, 0, 2, 3][random.below(4)] }
        } else {
            Way::Priorities(Priorities::new(&mut random))
        };
        Schedule { random, way, strikes }
    }

    /// As [`Director::choose`](crate::sched::bubble::Director::choose).
    pub(super) fn choose(&mut self, options: &Options<'_>) -> Choice {
        if let Some(ahead) = options.deadline
            && self.strikes.strike(ahead)
        {
            return Choice::Jump;
        }
        if options.ready.len() == 0 {
            return Choice::Stay;
        }
        match &mut self.way {
            Way::Walk { stays } => {
                let stayer = usize::from(options.can_stay());
                if stayer == 1 && (self.random.below(4) as u32) < *stays {
                    return Choice::Stay;
                }
                let draw = self.random.below(options.ready.len() + stayer);
                if draw < options.ready.len() { Choice::Run(draw) } else { Choice::Stay }
            }
            Way::Priorities(priorities) => priorities.choose(&mut self.random, options),
        }
    }
}

impl Priorities {
    fn new(random: &mut Random) -> Priorities {
        /// Short programs are the rule, and long ones have their changes somewhere, too.
        const LENGTHS: [u64; 5] = [8, 24, 72, 216, 1000];
        let length = LENGTHS[random.below(LENGTHS.len())];
        let mut changes: Vec<u64> = (0..random.below(4)).map(|_| 1 + random.next() % length).collect();
        changes.sort_unstable_by(|a, b| b.cmp(a));
        let old_age = [300, 1000, 3000][Random(random.0).below(3)];
        Priorities {
            ranks: Vec::new(),
            changes,
            step: 0,
            lowest: -1,
            highest: HIGHEST_DRAWN,
            last: 0,
            row: 0,
            old_age,
        }
    }

    fn choose(&mut self, random: &mut Random, options: &Options<'_>) -> Choice {
        let Options { ready, current, .. } = *options;
        self.step += 1;
        if let Some(current) = current {
            self.count_row(current);
        }
        let (mut best, mut oldest) = ((0, i64::MIN), (0, u64::MAX));
        for index in 0..ready.len() {
            let step = self.step;
            let (priority, rank) = self.rank(random, ready.number(index));
            if rank.waits_since == 0 {
                rank.waits_since = step;
            }
            if rank.waits_since < oldest.1 {
                oldest = (index, rank.waits_since);
            }
            if priority > best.1 {
                best = (index, priority);
            }
        }
        if self.step - oldest.1 >= self.old_age {
            self.highest += 1;
            best = (oldest.0, self.highest);
            self.ranks[ready.number(oldest.0) as usize].priority = Some(self.highest);
        }
        if current.is_some_and(|current| self.rank(random, current.number).0 > best.1) {
            return Choice::Stay;
        }
        self.ranks[ready.number(best.0) as usize].waits_since = 0;
        Choice::Run(best.0)
    }

    /// Lets the one that runs fall behind all others if it is its time.
    fn count_row(&mut self, current: Current) {
        /// Who takes so many steps while others could run may be waiting for them in a loop.
        const LONG_ROW: u32 = 200;
        self.row = if current.number == self.last { self.row + 1 } else { 0 };
        self.last = current.number;
        let mut falls = current.yields || self.row >= LONG_ROW;
        while self.changes.last().is_some_and(|&change| change <= self.step) {
            self.changes.pop();
            falls = true;
        }
        if falls {
            self.row = 0;
            self.rank_of(current.number).priority = Some(self.lowest);
            self.lowest -= 1;
        }
    }

    /// The priority of a goroutine, drawn now if it has none yet.
    fn rank(&mut self, random: &mut Random, number: u32) -> (i64, &mut Rank) {
        let rank = self.rank_of(number);
        let priority = *rank.priority.get_or_insert_with(|| (random.next() as i64) & HIGHEST_DRAWN);
        (priority, rank)
    }

    fn rank_of(&mut self, number: u32) -> &mut Rank {
        let index = number as usize;
        if index >= self.ranks.len() {
            self.ranks.resize(index + 1, Rank::default());
        }
        &mut self.ranks[index]
    }
}

/// Priorities that are given later are below zero, or above this.
const HIGHEST_DRAWN: i64 = i64::MAX >> 1;

/// SplitMix64: passes the tests that matter here, and any seed is as good as any other.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// A number below `bound`, which is not zero.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        (((self.next() >> 32) * bound as u64) >> 32) as usize
    }
}
