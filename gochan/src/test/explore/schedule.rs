//! Which goroutine goes on: two ways to draw it, both needed.
//!
//! A *random walk* draws anew at every step. It mixes everything with everything, and rarely lets one goroutine alone
//! for long. *Priorities* (Burckhardt and others, "A randomized scheduler with probabilistic guarantees of finding
//! bugs", 2010) do the opposite: each goroutine gets a random priority, the highest one runs, and at a few random steps
//! the one that runs falls behind all others. A bug that needs few such changes, as most do, is met with a probability
//! that does not depend on how long the program is.

use crate::sched::bubble::{Current, Ready};
use std::collections::HashMap;

pub(super) struct Schedule {
    random: Random,
    way: Way,
}

enum Way {
    /// The one that runs goes on without a draw in so many of 4 cases.
    Walk {
        stays: u32,
    },
    Priorities(Priorities),
}

struct Priorities {
    of: HashMap<u32, i64>,
    /// The steps at which the one that runs falls behind; the next one last.
    changes: Vec<u64>,
    step: u64,
    /// Lower than any that was given before.
    lowest: i64,
    last: u32,
    /// Steps of `last` since anybody else ran.
    row: u32,
}

impl Schedule {
    pub(super) fn new(seed: u64) -> Schedule {
        let mut random = Random(seed);
        let way = if random.below(2) == 0 {
            Way::Walk { stays: [0, 0, 2, 3][random.below(4)] }
        } else {
            Way::Priorities(Priorities::new(&mut random))
        };
        Schedule { random, way }
    }

    /// As [`Director::choose`](crate::sched::bubble::Director::choose).
    pub(super) fn choose(&mut self, ready: &Ready, current: Option<Current>) -> Option<usize> {
        match &mut self.way {
            Way::Walk { stays } => {
                // Who asks others to run is not a candidate.
                let stayer = usize::from(current.is_some_and(|current| !current.yields));
                if stayer == 1 && (self.random.below(4) as u32) < *stays {
                    return None;
                }
                let draw = self.random.below(ready.len() + stayer);
                (draw < ready.len()).then_some(draw)
            }
            Way::Priorities(priorities) => priorities.choose(&mut self.random, ready, current),
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
        Priorities { of: HashMap::new(), changes, step: 0, lowest: -1, last: 0, row: 0 }
    }

    fn choose(&mut self, random: &mut Random, ready: &Ready, current: Option<Current>) -> Option<usize> {
        /// Who takes so many steps while others could run may be waiting for them in a loop.
        const LONG_ROW: u32 = 200;
        self.step += 1;
        if let Some(current) = current {
            self.row = if current.number == self.last { self.row + 1 } else { 0 };
            self.last = current.number;
            let mut falls = current.yields || self.row >= LONG_ROW;
            while self.changes.last().is_some_and(|&change| change <= self.step) {
                self.changes.pop();
                falls = true;
            }
            if falls {
                self.row = 0;
                self.of.insert(current.number, self.lowest);
                self.lowest -= 1;
            }
        }
        let mut priority = |number| *self.of.entry(number).or_insert_with(|| (random.next() >> 1) as i64);
        let mut best = (0, priority(ready.number(0)));
        for index in 1..ready.len() {
            let other = priority(ready.number(index));
            if other > best.1 {
                best = (index, other);
            }
        }
        let stays = current.is_some_and(|current| priority(current.number) > best.1);
        (!stays).then_some(best.0)
    }
}

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
    fn below(&mut self, bound: usize) -> usize {
        (((self.next() >> 32) * bound as u64) >> 32) as usize
    }
}
