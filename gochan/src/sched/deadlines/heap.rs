//! A four-way heap of entries.

use super::{Entry, Places, USUAL, give_room_back};

const ARITY: usize = 4;

#[derive(Debug)]
pub(super) struct Heap<V>(Vec<Entry<V>>);

impl<V> Heap<V> {
    pub(super) const fn new() -> Heap<V> {
        Heap(Vec::new())
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    #[inline]
    pub(super) fn first(&self) -> Option<&Entry<V>> {
        self.0.first()
    }

    /// The entry at the place, which is its position.
    pub(super) fn get(&self, place: u32) -> Option<&Entry<V>> {
        self.0.get(place as usize)
    }

    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.0.capacity()
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = u32> {
        self.0.iter().map(|entry| entry.key)
    }

    #[inline]
    pub(super) fn insert(&mut self, entry: Entry<V>, places: &mut Places) {
        self.0.push(entry);
        self.sift_up(self.0.len() - 1, places);
    }

    /// Takes out the entry at the place.
    pub(super) fn remove(&mut self, place: u32, places: &mut Places) -> Entry<V> {
        let position = place as usize;
        let removed = self.0.swap_remove(position);
        if position < self.0.len() {
            if position > 0 && self.0[position].before(&self.0[(position - 1) / ARITY]) {
                self.sift_up(position, places);
            } else {
                self.sift_down(position, places);
            }
        }
        give_room_back(&mut self.0, USUAL);
        removed
    }

    /// Moves the entry at `position` up to where it belongs.
    #[inline]
    fn sift_up(&mut self, mut position: usize, places: &mut Places) {
        while position > 0 {
            let parent = (position - 1) / ARITY;
            if !self.0[position].before(&self.0[parent]) {
                break;
            }
            self.0.swap(position, parent);
            places.set(&self.0[position], position as u32);
            position = parent;
        }
        places.set(&self.0[position], position as u32);
    }

    /// Moves the entry at `position` down to where it belongs.
    fn sift_down(&mut self, mut position: usize, places: &mut Places) {
        loop {
            let children = position * ARITY + 1..(position * ARITY + 1 + ARITY).min(self.0.len());
            let heap = &self.0;
            let Some(first) = children.reduce(|a, b| if heap[b].before(&heap[a]) { b } else { a }) else {
                break;
            };
            if !heap[first].before(&heap[position]) {
                break;
            }
            self.0.swap(position, first);
            places.set(&self.0[position], position as u32);
            position = first;
        }
        places.set(&self.0[position], position as u32);
    }
}
