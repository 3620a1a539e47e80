//! A four-way heap of entries.

use super::{Entry, Positions, USUAL, give_room_back};

const ARITY: usize = 4;

#[derive(Debug)]
pub(crate) struct Heap<V>(Vec<Entry<V>>);

impl<V> Heap<V> {
    pub(crate) const fn new() -> Heap<V> {
        Heap(Vec::new())
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    #[inline]
    pub(crate) fn first(&self) -> Option<&Entry<V>> {
        self.0.first()
    }

    pub(crate) fn get(&self, position: u32) -> Option<&Entry<V>> {
        self.0.get(position as usize)
    }

    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.0.capacity()
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = u32> {
        self.0.iter().map(|entry| entry.key)
    }

    #[inline]
    pub(crate) fn insert(&mut self, entry: Entry<V>, positions: &mut Positions) {
        self.0.push(entry);
        self.sift_up(self.0.len() - 1, positions);
    }

    pub(crate) fn remove(&mut self, position: u32, positions: &mut Positions) -> Entry<V> {
        let position = position as usize;
        let removed = self.0.swap_remove(position);
        if position < self.0.len() {
            if position > 0 && self.0[position].before(&self.0[(position - 1) / ARITY]) {
                self.sift_up(position, positions);
            } else {
                self.sift_down(position, positions);
            }
        }
        give_room_back(&mut self.0, USUAL);
        removed
    }

    /// Moves the entry at `position` up to its place.
    #[inline]
    fn sift_up(&mut self, mut position: usize, positions: &mut Positions) {
        while position > 0 {
            let parent = (position - 1) / ARITY;
            if !self.0[position].before(&self.0[parent]) {
                break;
            }
            self.0.swap(position, parent);
            positions.set(&self.0[position], position as u32);
            position = parent;
        }
        positions.set(&self.0[position], position as u32);
    }

    /// Moves the entry at `position` down to its place.
    fn sift_down(&mut self, mut position: usize, positions: &mut Positions) {
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
            positions.set(&self.0[position], position as u32);
            position = first;
        }
        positions.set(&self.0[position], position as u32);
    }
}
