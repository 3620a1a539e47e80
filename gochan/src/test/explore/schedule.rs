//! Which goroutine continues: two ways to draw it, both needed.
//!
//! A *random walk* draws anew at every step. It mixes all operations with all others, and rarely lets one goroutine run
//! alone for long. *Priorities* (Burckhardt and others, "A randomized scheduler with probabilistic guarantees of
//! finding bugs", 2010) do the opposite: each goroutine gets a random priority, the highest one runs, and at a few
//! random steps the running one falls behind all others. A bug that needs few such changes, as most do, is found with a
//! probability that does not depend on the length of the program.
//!
//! Priorities alone would let two goroutines that wake each other run forever, although a third one that could run
//! would stop them. So goroutines that can run and do not run age: after some hundreds or thousands of steps, a number
//! that the run draws, the oldest overtakes all others. So every goroutine gets turns, in either way.
//!
//! Time is the third thing that is drawn: see [`strikes`](super::strikes).

use super::settings::Strategy;
use super::strikes::Strikes;
use crate::base::random::Random;
use crate::test::director::{Choice, Current, Options};
use crate::test::options::Jumps;

pub(super) struct Schedule {
    random: Random,
    way: Way,
    strikes: Strikes,
}

enum Way {
    /// In this many of 4 cases the running one continues without a draw.
    Walk {
        stays: u32,
    },
    Priorities(Priorities),
}

struct Priorities {
    /// By the number of the goroutine.
    ranks: Vec<Rank>,
    /// The steps at which the running one falls behind; the next one last.
    changes: Vec<u64>,
    step: u64,
    /// Lower and higher than all priorities given before.
    lowest: i64,
    highest: i64,
    last: u32,
    /// Steps of `last` since another one ran.
    row: u32,
    /// A goroutine that could have run for this many steps is next.
    old_age: u64,
}

#[derive(Clone, Copy, Default)]
struct Rank {
    priority: Option<i64>,
    /// The step since which it could have run. Zero: none.
    waits_since: u64,
}

impl Schedule {
    pub(super) fn new(seed: u64, strategy: Strategy, jumps: Jumps) -> Schedule {
        let mut random = Random(seed);
        // Time is drawn separately, so that it changes nothing where there are no deadlines.
        let strikes = Strikes::new(Random(!seed), jumps);
        // Drawn in any case, so that the following draws are the same.
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

    /// Like [`Director::choose`](crate::test::director::Director::choose).
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
        /// Most programs are short, and the changes of long ones must fall within their length as well.
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

    /// Lets the running one fall behind all others if its step has come.
    fn count_row(&mut self, current: Current) {
        /// A goroutine that takes this many steps while others could run may be waiting for them in a loop.
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

/// Priorities assigned later are below zero, or above this.
const HIGHEST_DRAWN: i64 = i64::MAX >> 1;
