//! Values in order of their deadlines: a four-way heap from which any value can also be taken early.
//!
//! The heap's entries are small and know their value by a key; where the entry of a key is stands in an array of its
//! own. So moving entries up and down touches dense arrays only, and never what the values point to, which with many
//! sleepers is a cache miss and a page each.

use super::clock::Moment;

const ARITY: usize = 4;
/// Places that are kept when the last value goes.
const USUAL: usize = 1024;
/// The end of the list of free keys.
const NO_KEY: u32 = u32::MAX;

/// A set of values with deadlines. Equal deadlines keep the order in which they were set.
#[derive(Debug)]
pub(super) struct Deadlines<V> {
    heap: Vec<Entry>,
    /// By key: where its entry is, or, of a free key, the next free one.
    positions: Vec<u32>,
    /// By key.
    values: Vec<Option<V>>,
    free: u32,
    sequence: u32,
}

/// Names a value for as long as it is in the set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key(u32);

impl Key {
    pub(super) const fn to_bits(self) -> u32 {
        self.0
    }

    pub(super) const fn from_bits(bits: u32) -> Key {
        Key(bits)
    }
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    deadline: Moment,
    sequence: u32,
    key: u32,
}

impl Entry {
    #[inline]
    fn before(&self, other: &Entry) -> bool {
        // The count may wrap: entries of one deadline are not billions apart.
        self.deadline < other.deadline
            || (self.deadline == other.deadline
                && (self.sequence.wrapping_sub(other.sequence) as i32).is_negative())
    }
}

impl<V> Deadlines<V> {
    pub(super) const fn new() -> Self {
        Deadlines { heap: Vec::new(), positions: Vec::new(), values: Vec::new(), free: NO_KEY, sequence: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.heap.len()
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    /// The earliest deadline; never, if there is none.
    #[inline]
    pub(super) fn first(&self) -> Moment {
        self.heap.first().map_or(Moment::NEVER, |entry| entry.deadline)
    }

    /// The earliest deadline, and its place in the order in which equal ones were set.
    pub(super) fn first_set(&self) -> (Moment, u32) {
        self.heap.first().map_or((Moment::NEVER, 0), |entry| (entry.deadline, entry.sequence))
    }

    /// Counts the next value as the `sequence`-th, for an order across several sets.
    pub(super) fn count_next_as(&mut self, sequence: u32) {
        self.sequence = sequence.wrapping_sub(1);
    }

    /// Logarithmic, as is taking out.
    pub(super) fn insert(&mut self, deadline: Moment, value: V) -> Key {
        let key = self.free;
        let key = if key == NO_KEY {
            self.values.push(Some(value));
            self.positions.push(0);
            u32::try_from(self.values.len() - 1).ok().filter(|&key| key != NO_KEY).expect("too many timers")
        } else {
            self.free = self.positions[key as usize];
            self.values[key as usize] = Some(value);
            key
        };
        self.sequence = self.sequence.wrapping_add(1);
        let entry = Entry { deadline, sequence: self.sequence, key };
        self.heap.push(entry);
        self.sift_up(self.heap.len() - 1, entry);
        Key(key)
    }

    /// Takes out a value before its time.
    ///
    /// # Panics
    /// If the key's value is no longer in the set.
    pub(super) fn remove(&mut self, key: Key) -> V {
        let known = self.values.get(key.0 as usize).is_some_and(Option::is_some);
        assert!(known, "the key of a value that is not in the set");
        self.take_out(self.positions[key.0 as usize] as usize)
    }

    /// Takes out the earliest value if its deadline is `now` or before.
    #[inline]
    pub(super) fn pop_due(&mut self, now: Moment) -> Option<V> {
        if self.heap.first()?.deadline > now {
            return None;
        }
        Some(self.take_out(0))
    }

    fn take_out(&mut self, position: usize) -> V {
        let key = self.heap[position].key;
        let last = self.heap.pop().expect("the position is in the heap");
        if position < self.heap.len() {
            if position > 0 && last.before(&self.heap[(position - 1) / ARITY]) {
                self.sift_up(position, last);
            } else {
                self.sift_down(position, last);
            }
        }
        let value = self.values[key as usize].take().expect("an entry in the heap has a value");
        self.positions[key as usize] = self.free;
        self.free = key;
        if self.heap.is_empty() && self.values.capacity() > USUAL {
            *self = Deadlines { sequence: self.sequence, ..Deadlines::new() };
        }
        value
    }

    #[inline]
    fn place(&mut self, position: usize, entry: Entry) {
        self.heap[position] = entry;
        self.positions[entry.key as usize] = position as u32;
    }

    /// Puts `entry` at `position` or above.
    fn sift_up(&mut self, mut position: usize, entry: Entry) {
        while position > 0 {
            let parent = (position - 1) / ARITY;
            let above = self.heap[parent];
            if !entry.before(&above) {
                break;
            }
            self.place(position, above);
            position = parent;
        }
        self.place(position, entry);
    }

    /// Puts `entry` at `position` or below.
    fn sift_down(&mut self, mut position: usize, entry: Entry) {
        loop {
            let children = position * ARITY + 1..(position * ARITY + 1 + ARITY).min(self.heap.len());
            let heap = &self.heap;
            let Some(first) = children.reduce(|a, b| if heap[b].before(&heap[a]) { b } else { a }) else {
                break;
            };
            let below = self.heap[first];
            if !below.before(&entry) {
                break;
            }
            self.place(position, below);
            position = first;
        }
        self.place(position, entry);
    }
}

impl<V> Default for Deadlines<V> {
    fn default() -> Self {
        Deadlines::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn at(bits: u64) -> Moment {
        Moment::from_bits(bits)
    }

    /// Against a sorted map: random inserts, removals and pops, few distinct deadlines, so that many are equal.
    #[test]
    fn values_come_out_by_deadline_and_then_in_the_order_they_were_set() {
        let seed = fastrand::u64(..);
        let mut random = fastrand::Rng::with_seed(seed);
        let mut deadlines = Deadlines::new();
        // Near the wrap of the count.
        deadlines.sequence = u32::MAX - 500;
        let mut expected = BTreeMap::new();
        for step in 0..20_000_u64 {
            match random.u32(..10) {
                0..5 => {
                    let deadline = random.u64(..50);
                    let key = deadlines.insert(at(deadline), (deadline, step));
                    expected.insert((deadline, step), key);
                }
                5..7 if !expected.is_empty() => {
                    let index = random.usize(..expected.len());
                    let (&value, &key) = expected.iter().nth(index).expect("the index is in the map");
                    assert_eq!(deadlines.remove(key), value, "seed {seed}");
                    expected.remove(&value);
                }
                _ => {
                    let now = random.u64(..60);
                    let due = expected.first_key_value().map(|(&value, _)| value).filter(|due| due.0 <= now);
                    assert_eq!(deadlines.pop_due(at(now)), due, "seed {seed}");
                    due.map(|due| expected.remove(&due));
                }
            }
            let first = expected.first_key_value().map_or(Moment::NEVER, |(&(deadline, _), _)| at(deadline));
            assert_eq!(deadlines.first(), first, "seed {seed}");
            assert_eq!(deadlines.is_empty(), expected.is_empty(), "seed {seed}");
        }
        let rest: Vec<_> = std::iter::from_fn(|| deadlines.pop_due(at(50))).collect();
        assert_eq!(rest, expected.into_keys().collect::<Vec<_>>(), "seed {seed}");
    }

    #[test]
    fn keys_are_used_again_and_room_is_given_back() {
        let mut deadlines = Deadlines::new();
        let keys: Vec<_> = (0..10 * USUAL).map(|n| deadlines.insert(at(n as u64), n)).collect();
        for &key in &keys[1..] {
            deadlines.remove(key);
        }
        for n in 0..USUAL {
            deadlines.insert(at(1), n);
        }
        assert_eq!(deadlines.values.len(), 10 * USUAL);
        while deadlines.pop_due(at(1)).is_some() {}
        assert_eq!(
            deadlines.values.capacity() + deadlines.heap.capacity() + deadlines.positions.capacity(),
            0
        );
        assert_eq!(deadlines.insert(Moment::NEVER, 7), keys[0]);
        assert_eq!(deadlines.pop_due(at(u64::MAX - 1)), None);
    }

    #[test]
    #[should_panic = "not in the set"]
    fn a_key_is_good_for_one_removal() {
        let mut deadlines = Deadlines::new();
        let key = deadlines.insert(at(1), ());
        deadlines.insert(at(2), ());
        deadlines.insert(at(3), ());
        deadlines.remove(key);
        deadlines.remove(key);
    }
}
