//! The number of orders of steps that one interleaving represents.

use super::history::{History, VectorClock};

/// The number of sets of steps considered for one interleaving, and for all together.
const SETS: usize = 10_000;
const ALL_SETS: usize = 5_000_000;

/// The sum over interleavings: how many runs there would be without reduction. It is an upper bound where the orders of
/// a run are too many to count, and where a goroutine waits for others: it may or may not find them done.
#[derive(Debug, Default)]
pub(super) struct Orders {
    /// `None`: too many to count.
    sum: Total,
    sets: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Total {
    Exactly(u128),
    TooMany,
}

impl Default for Total {
    fn default() -> Total {
        Total::Exactly(0)
    }
}

/// A step, as the number of steps of each goroutine that must come before it.
#[derive(Debug)]
struct Unit {
    after: Vec<u32>,
}

impl Orders {
    pub(super) fn total(&self) -> Option<u128> {
        match self.sum {
            Total::Exactly(sum) => Some(sum),
            Total::TooMany => None,
        }
    }

    pub(super) fn add(&mut self, history: &History) {
        let Total::Exactly(sum) = self.sum else { return };
        let units = units(history);
        let sets = units.iter().try_fold(1_usize, |sets, units| sets.checked_mul(units.len() + 1));
        let counted = match sets {
            Some(sets) if sets <= SETS && self.sets + sets <= ALL_SETS => {
                self.sets += sets;
                count(&units, sets)
            }
            _ => shuffles(&units),
        };
        self.sum = match counted.and_then(|counted| sum.checked_add(counted)) {
            Some(sum) => Total::Exactly(sum),
            None => Total::TooMany,
        };
    }
}

/// The steps of each goroutine. A step that found its awaited events done counts as two: it might have waited.
fn units(history: &History) -> Vec<Vec<Unit>> {
    let goroutines = history.steps().iter().map(|step| step.goroutine + 1).max().unwrap_or(0);
    // For each goroutine, the number of units of its first steps.
    let mut sizes: Vec<Vec<u32>> = vec![vec![0]; goroutines];
    for step in history.steps() {
        let sizes = &mut sizes[step.goroutine];
        let before = sizes.last().copied().unwrap_or(0);
        sizes.push(before + 1 + u32::from(step.arrival.is_some()));
    }
    let mut units: Vec<Vec<Unit>> = (0..goroutines).map(|_| Vec::new()).collect();
    for step in history.steps() {
        let in_units = |clock: &VectorClock| {
            (0..goroutines).map(|other| sizes[other][clock.of(other) as usize]).collect::<Vec<_>>()
        };
        let own = &mut units[step.goroutine];
        for clock in step.arrival.iter().chain([step.clock()]) {
            let mut after = in_units(clock);
            after[step.goroutine] = own.len() as u32;
            own.push(Unit { after });
        }
    }
    units
}

/// The number of orders in which each unit comes after its predecessors. There are `sets` possible sets of finished
/// units.
fn count(units: &[Vec<Unit>], sets: usize) -> Option<u128> {
    // Each set has an index, whose digits are the numbers of finished units of each goroutine.
    let mut ways = vec![0_u128; sets];
    ways[0] = 1;
    let mut done = vec![0_u32; units.len()];
    for set in 0..sets {
        if ways[set] > 0 {
            let mut weight = 1;
            for (own, &begun) in units.iter().zip(&done) {
                if let Some(unit) = own.get(begun as usize)
                    && unit.after.iter().zip(&done).all(|(after, done)| after <= done)
                {
                    ways[set + weight] = ways[set + weight].checked_add(ways[set])?;
                }
                weight *= own.len() + 1;
            }
        }
        // Counts up.
        for (own, digit) in units.iter().zip(&mut done) {
            *digit += 1;
            if *digit as usize <= own.len() {
                break;
            }
            *digit = 0;
        }
    }
    ways.pop()
}

/// The number of orders if only the steps of one goroutine were ordered.
fn shuffles(units: &[Vec<Unit>]) -> Option<u128> {
    let (mut ways, mut placed) = (1_u128, 0_u128);
    for own in units {
        for index in 1..=own.len() as u128 {
            placed += 1;
            ways = ways.checked_mul(placed)? / index;
        }
    }
    Some(ways)
}

#[cfg(test)]
mod tests {
    use super::super::history::tests::run;
    use super::*;
    use crate::base::touch::Touch;

    fn total(touches: [Touch; 2]) -> Option<u128> {
        let mut orders = Orders::default();
        orders.add(&run(&[(2, touches[0]), (3, touches[1])]));
        orders.total()
    }

    #[test]
    fn orders_of_two_times_two_steps() {
        let (x, y) = (1_u32, 2_u32);
        // After the spawns: 4! / (2! 2!), of which those in which the last step of 3 comes first are 3.
        assert_eq!(total([Touch::write(&x), Touch::write(&y)]), Some(6));
        assert_eq!(total([Touch::write(&x), Touch::write(&x)]), Some(3));
    }

    #[test]
    fn what_cannot_be_counted_is_shuffled() {
        let units = |count| (0..count).map(|_| Unit { after: Vec::new() }).collect::<Vec<_>>();
        assert_eq!(shuffles(&[units(4), units(4), units(4)]), Some(34_650));
        assert_eq!(shuffles(&[units(100), units(100)]), None);
    }
}
