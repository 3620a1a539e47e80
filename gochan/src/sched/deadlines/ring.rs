//! Buckets of entries whose time is not yet near.

use super::super::clock::Moment;
use super::{Entry, Places, give_room_back};

const BUCKETS: usize = 256;
/// A bucket is this power of two nanoseconds wide, about a millisecond.
const WIDTH: u32 = 20;

/// Set in a place of the ring; then come eight bits of bucket, and an index within it.
const IN_RING: u32 = 1 << 31;
const INDEX_BITS: u32 = 23;
const INDEX_MASK: u32 = (1 << INDEX_BITS) - 1;

/// Places that each bucket keeps.
const KEPT: usize = 4;

/// Entries by the millisecond of their deadline: those after `reached`, up to a whole turn of the ring.
#[derive(Debug)]
pub(super) struct Ring<V> {
    /// Empty, or one for each place of the ring.
    buckets: Vec<Vec<Entry<V>>>,
    len: usize,
    /// The number, counted from the beginning of time, of the last bucket that has been emptied. Ahead of the time if
    /// somebody has asked for the earliest entry.
    reached: u64,
}

/// The number of the bucket of `deadline`, counted from the beginning of time.
#[inline]
fn number(deadline: Moment) -> u64 {
    deadline.to_bits() >> WIDTH
}

#[inline]
fn place(bucket: usize, index: usize) -> u32 {
    IN_RING | (bucket as u32) << INDEX_BITS | index as u32
}

/// True if it is a place of the ring.
#[inline]
pub(super) fn contains(place: u32) -> bool {
    place & IN_RING != 0
}

/// The bucket and the index of a place.
#[inline]
fn parts(place: u32) -> (usize, usize) {
    (((place & !IN_RING) >> INDEX_BITS) as usize, (place & INDEX_MASK) as usize)
}

impl<V> Ring<V> {
    pub(super) const fn new() -> Ring<V> {
        Ring { buckets: Vec::new(), len: 0, reached: 0 }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Gives back an entry whose time is too near or too far off, or whose bucket is full.
    #[inline]
    pub(super) fn insert(&mut self, entry: Entry<V>, places: &mut Places) -> Result<(), Entry<V>> {
        let ahead = number(entry.deadline).wrapping_sub(self.reached);
        if !(1..=BUCKETS as u64).contains(&ahead) {
            return Err(entry);
        }
        if self.buckets.is_empty() {
            self.buckets.resize_with(BUCKETS, Vec::new);
        }
        let bucket = number(entry.deadline) as usize % BUCKETS;
        let index = self.buckets[bucket].len();
        if index > INDEX_MASK as usize {
            return Err(entry);
        }
        places.set(&entry, place(bucket, index));
        self.buckets[bucket].push(entry);
        self.len += 1;
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.buckets.iter().map(Vec::capacity).sum()
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = u32> {
        self.buckets.iter().flatten().map(|entry| entry.key)
    }

    /// The entry at a place of the ring.
    pub(super) fn get(&self, place: u32) -> Option<&Entry<V>> {
        let (bucket, index) = parts(place);
        self.buckets.get(bucket)?.get(index)
    }

    /// Takes out the entry at a place of the ring.
    pub(super) fn remove(&mut self, place_of_entry: u32, places: &mut Places) -> Entry<V> {
        let (bucket, index) = parts(place_of_entry);
        let removed = self.buckets[bucket].swap_remove(index);
        if let Some(moved) = self.buckets[bucket].get(index) {
            places.set(moved, place_of_entry);
        }
        give_room_back(&mut self.buckets[bucket], KEPT);
        self.len -= 1;
        removed
    }

    /// True if an entry in here may be earlier than `entry`, which is elsewhere.
    #[inline]
    pub(super) fn has_not_come_to(&self, entry: &Entry<V>) -> bool {
        number(entry.deadline) > self.reached
    }

    #[inline]
    pub(super) fn is_behind(&self, now: Moment) -> bool {
        number(now) > self.reached
    }

    /// Hands all entries over whose bucket has begun at `now`.
    #[cold]
    pub(super) fn advance(&mut self, now: Moment, mut near: impl FnMut(Entry<V>)) {
        while !self.is_empty() && self.is_behind(now) {
            self.next_bucket(&mut near);
        }
        self.reached = self.reached.max(number(now));
    }

    /// Hands the entries of the next bucket over. There must be one: the ring is not empty.
    #[cold]
    pub(super) fn next_bucket(&mut self, near: impl FnMut(Entry<V>)) {
        self.reached += 1;
        let bucket = std::mem::take(&mut self.buckets[self.reached as usize % BUCKETS]);
        self.len -= bucket.len();
        bucket.into_iter().for_each(near);
    }
}
