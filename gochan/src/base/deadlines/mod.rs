//! A queue of values in order of their deadlines. Any value can also be removed early.
//!
//! A value has a key, and an array of its own maps keys to the positions of entries. So moving entries touches dense
//! arrays only, and never the objects that the values point to; with many sleepers each of those would be a cache miss
//! and a TLB miss.
//!
//! * [`heap`] orders the entries that are due soon, and all entries while they are few.
//! * [`ring`] keeps the other entries of the next quarter of a second in unordered buckets of a millisecond: of a
//!   hundred thousand entries only those of one bucket at a time are ever sorted, and they fit into the nearest cache.
//!
//! Memory that a crowd needed is given back as the crowd leaves, even if some entries stay.

mod heap;
mod ring;

use super::clock::Moment;
use heap::Heap;
use ring::BucketRing;

/// Capacity that is kept when the values are gone.
const USUAL: usize = 1024;
/// While the heap has no more entries than this, it takes all of them.
const FEW: usize = 64;
/// The end of the list of free keys.
const NO_KEY: u32 = u32::MAX;

/// A set of values with deadlines. Equal deadlines keep the order in which they were set.
#[derive(Debug)]
pub(crate) struct Deadlines<V> {
    heap: Heap<V>,
    ring: BucketRing<V>,
    /// By key: the position of its entry, or, for a free key, the next free one.
    positions: Positions,
    free: u32,
    sequence: u32,
    /// With fewer values than this, check whether memory can be given back.
    trim_at: usize,
}

/// Identifies a value as long as it is in the set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key(u32);

impl Key {
    pub(crate) const fn to_bits(self) -> u32 {
        self.0
    }

    pub(crate) const fn from_bits(bits: u32) -> Key {
        Key(bits)
    }
}

#[derive(Debug)]
struct Entry<V> {
    deadline: Moment,
    sequence: u32,
    key: u32,
    value: V,
}

impl<V> Entry<V> {
    #[inline]
    fn before(&self, other: &Entry<V>) -> bool {
        // The counter may wrap: entries of one deadline are not billions apart.
        self.deadline < other.deadline
            || (self.deadline == other.deadline
                && (self.sequence.wrapping_sub(other.sequence) as i32).is_negative())
    }
}

/// The positions of the entries, by key: an index into the heap, or a slot of the ring.
#[derive(Debug)]
struct Positions(Vec<u32>);

impl Positions {
    #[inline]
    fn set<V>(&mut self, entry: &Entry<V>, position: u32) {
        self.0[entry.key as usize] = position;
    }
}

impl<V> Deadlines<V> {
    pub(crate) const fn new() -> Self {
        Deadlines {
            heap: Heap::new(),
            ring: BucketRing::new(),
            positions: Positions(Vec::new()),
            free: NO_KEY,
            sequence: 0,
            trim_at: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.heap.len() + self.ring.len()
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The earliest deadline; `NEVER` if there is none.
    #[inline]
    pub(crate) fn first(&mut self) -> Moment {
        self.first_set().0
    }

    /// The earliest deadline, and its position in the order in which equal ones were set.
    #[inline]
    pub(crate) fn first_set(&mut self) -> (Moment, u32) {
        self.bring_the_first_near();
        self.heap.first().map_or((Moment::NEVER, 0), |entry| (entry.deadline, entry.sequence))
    }

    /// Moves the earliest entry into the heap. Searching its bucket would take time linear in the bucket's entries on
    /// each call; this moves each entry once.
    #[inline]
    fn bring_the_first_near(&mut self) {
        while !self.ring.is_empty() && self.heap.first().is_none_or(|first| self.ring.has_not_come_to(first))
        {
            self.ring.next_bucket(|entry| self.heap.insert(entry, &mut self.positions));
        }
    }

    /// Numbers the next value `sequence`, for an order across several sets.
    pub(crate) fn count_next_as(&mut self, sequence: u32) {
        self.sequence = sequence.wrapping_sub(1);
    }

    /// Logarithmic in the number of entries that are due soon, as is removing one of them; constant for the others.
    pub(crate) fn insert(&mut self, deadline: Moment, value: V) -> Key {
        let key = self.new_key();
        self.sequence = self.sequence.wrapping_add(1);
        let entry = Entry { deadline, sequence: self.sequence, key, value };
        let rest =
            if self.heap.len() < FEW { Err(entry) } else { self.ring.insert(entry, &mut self.positions) };
        if let Err(entry) = rest {
            self.heap.insert(entry, &mut self.positions);
        }
        Key(key)
    }

    #[inline]
    fn new_key(&mut self) -> u32 {
        if self.free != NO_KEY {
            let key = self.free;
            self.free = self.positions.0[key as usize];
            return key;
        }
        self.positions.0.push(0);
        if self.positions.0.len() > USUAL {
            self.trim_at = self.positions.0.len() / 8;
        }
        u32::try_from(self.positions.0.len() - 1).ok().filter(|&key| key != NO_KEY).expect("too many timers")
    }

    /// Removes a value before its deadline.
    ///
    /// # Panics
    /// If the key's value is not in the set.
    pub(crate) fn remove(&mut self, key: Key) -> V {
        let known = self.positions.0.get(key.0 as usize).filter(|&&position| {
            let entry =
                if ring::contains(position) { self.ring.get(position) } else { self.heap.get(position) };
            entry.is_some_and(|entry| entry.key == key.0)
        });
        let position = *known.expect("the key of a value that is not in the set");
        let entry = if ring::contains(position) {
            self.ring.remove(position, &mut self.positions)
        } else {
            self.heap.remove(position, &mut self.positions)
        };
        self.release(entry)
    }

    /// Removes the earliest value if its deadline is `now` or before.
    #[inline]
    pub(crate) fn pop_due(&mut self, now: Moment) -> Option<V> {
        if self.is_empty() {
            return None;
        }
        if self.ring.is_behind(now) {
            self.ring.advance(now, |entry| self.heap.insert(entry, &mut self.positions));
        }
        if self.heap.first()?.deadline > now {
            return None;
        }
        let entry = self.heap.remove(0, &mut self.positions);
        Some(self.release(entry))
    }

    /// Frees the key of an entry that has been removed.
    #[inline]
    fn release(&mut self, entry: Entry<V>) -> V {
        self.positions.0[entry.key as usize] = self.free;
        self.free = entry.key;
        self.give_room_back();
        entry.value
    }

    #[inline]
    fn give_room_back(&mut self) {
        if self.is_empty() && self.positions.0.capacity() > USUAL {
            *self = Deadlines { sequence: self.sequence, ..Deadlines::new() };
        } else if self.len() < self.trim_at {
            self.trim();
        }
    }

    /// Gives back the memory behind the last key in use, and puts the other free keys in order, so that more can be
    /// given back the next time. It runs when half of the values have gone: their insertions have paid for it.
    #[cold]
    fn trim(&mut self) {
        let mut used: Vec<u32> = self.heap.keys().chain(self.ring.keys()).collect();
        used.sort_unstable();
        let end = used.last().map_or(0, |key| key + 1);
        self.positions.0.truncate(end as usize);
        self.positions.0.shrink_to(USUAL);
        self.trim_at = if end as usize > USUAL { self.len() / 2 + 1 } else { 0 };
        self.free = NO_KEY;
        for key in (0..end).rev() {
            if used.pop_if(|used| *used == key).is_none() {
                self.positions.0[key as usize] = self.free;
                self.free = key;
            }
        }
    }
}

/// Gives back the capacity for many entries when few are left.
#[inline]
fn give_room_back<V>(entries: &mut Vec<Entry<V>>, usual: usize) {
    if entries.capacity() > usual && entries.len() < entries.capacity() / 4 {
        entries.shrink_to(entries.capacity() / 2);
    }
}

impl<V> Default for Deadlines<V> {
    fn default() -> Self {
        Deadlines::new()
    }
}

#[cfg(test)]
mod tests {
    use crate::base::deadlines::*;
    use std::collections::BTreeMap;

    fn at(bits: u64) -> Moment {
        Moment::from_bits(bits)
    }

    /// Compares with a sorted map: random inserts, removals and pops, with few distinct deadlines, so that many are
    /// equal.
    #[test]
    fn values_come_out_by_deadline_and_then_in_the_order_they_were_set() {
        // All due soon; over a few buckets of the ring; over more than the whole ring.
        for (step, steps) in [(1, 50), (1 << 18, 50), (1 << 22, 500)] {
            compare_with_a_map(fastrand::u64(..), |bits| at(step * bits), steps);
        }
    }

    /// Deadlines are `time(n)` of some n below `times`.
    fn compare_with_a_map(seed: u64, time: impl Fn(u64) -> Moment, times: u64) {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut deadlines = Deadlines::new();
        // Close to the wrap of the counter.
        deadlines.sequence = u32::MAX - 500;
        let mut expected = BTreeMap::new();
        for step in 0..20_000_u64 {
            match random.u32(..10) {
                0..5 => {
                    let deadline = random.u64(..times);
                    let key = deadlines.insert(time(deadline), (deadline, step));
                    expected.insert((deadline, step), key);
                }
                5..7 if !expected.is_empty() => {
                    let index = random.usize(..expected.len());
                    let (&value, &key) = expected.iter().nth(index).expect("the index is in the map");
                    assert_eq!(deadlines.remove(key), value, "seed {seed}");
                    expected.remove(&value);
                }
                _ => {
                    let now = (step / 40).min(times) + random.u64(..times / 5);
                    let due = expected.first_key_value().map(|(&value, _)| value).filter(|due| due.0 <= now);
                    assert_eq!(deadlines.pop_due(time(now)), due, "seed {seed}");
                    due.map(|due| expected.remove(&due));
                }
            }
            let first =
                expected.first_key_value().map_or(Moment::NEVER, |(&(deadline, _), _)| time(deadline));
            // Only sometimes: asking empties the buckets up to the first entry.
            if random.u32(..8) == 0 {
                assert_eq!(deadlines.first(), first, "seed {seed}");
            }
            assert_eq!(deadlines.is_empty(), expected.is_empty(), "seed {seed}");
        }
        let rest: Vec<_> = std::iter::from_fn(|| deadlines.pop_due(time(times))).collect();
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
        assert_eq!(deadlines.positions.0.len(), 1 + USUAL, "free keys come first");
        while deadlines.pop_due(at(1)).is_some() {}
        assert_eq!(deadlines.positions.0.capacity(), 0);
        assert_eq!(deadlines.insert(Moment::NEVER, 7), keys[0]);
        assert_eq!(deadlines.pop_due(at(u64::MAX - 1)), None);
    }

    #[test]
    fn room_is_given_back_though_some_stay() {
        let mut random = fastrand::Rng::new();
        let seed = random.get_seed();
        // In the heap; in one bucket of the ring, or a few; over the whole ring and far beyond.
        for between in [0, 1, 1 << 10, 1 << 22] {
            for stay in [1, 50] {
                let mut deadlines = Deadlines::new();
                let insert = |n| (deadlines.insert(at((5 << 20) + between * n as u64), n), n);
                let mut keys: Vec<_> = (0..20 * USUAL).map(insert).collect();
                let mut others = keys.split_off(stay);
                random.shuffle(&mut others);
                for (key, n) in others {
                    assert_eq!(deadlines.remove(key), n, "seed {seed}");
                }
                let room = deadlines.heap.capacity() + deadlines.ring.capacity();
                assert!(room <= 3 * USUAL, "room for {room}, seed {seed}");
                if stay == 1 {
                    assert!(deadlines.positions.0.capacity() <= USUAL, "seed {seed}");
                }
                keys.extend((0..USUAL).map(|n| (deadlines.insert(at(1), n), n)));
                random.shuffle(&mut keys);
                for (key, n) in keys {
                    assert_eq!(deadlines.remove(key), n, "seed {seed}");
                }
                assert!(deadlines.is_empty());
            }
        }
    }

    /// As with the timeouts of requests that have the same deadline: asking for the first after each step would take
    /// minutes if it were linear.
    #[test]
    fn asking_for_the_first_does_not_look_through_a_bucket_each_time() {
        const ENTRIES: u64 = 1 << 18;
        let mut deadlines = Deadlines::new();
        deadlines.insert(at(0), 0);
        assert_eq!(deadlines.pop_due(at(1)), Some(0));
        let keys: Vec<_> = (0..ENTRIES)
            .map(|n| {
                let key = deadlines.insert(at((100 << 20) + n / 2), n);
                assert_eq!(deadlines.first(), at(100 << 20));
                key
            })
            .collect();
        for (n, key) in (0..ENTRIES).zip(keys) {
            assert_eq!(deadlines.first(), at((100 << 20) + n / 2));
            assert_eq!(deadlines.remove(key), n);
        }
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
