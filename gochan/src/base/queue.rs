//! The queue of a worker's ready goroutines. Only the worker's own thread touches it.

use std::cell::Cell;
use std::ptr;

/// A FIFO for one thread. It is a ring of pointers rather than a linked list: pushing a goroutine does not touch the
/// goroutine, whose cache lines are cold, and the next ones to run are known in time to prefetch them.
pub(crate) struct RunQueue<G: 'static> {
    /// A boxed slice whose length is a power of two.
    places: Cell<*mut Option<&'static G>>,
    mask: Cell<usize>,
    /// The numbers of all pops and pushes so far.
    popped: Cell<usize>,
    pushed: Cell<usize>,
    /// Goroutines up to this push are reported to be in no cache.
    cold_until: Cell<usize>,
}

/// Slots that a queue keeps.
const USUAL: usize = 1024;

impl<G> RunQueue<G> {
    pub(crate) fn new() -> Self {
        let queue = RunQueue {
            places: Cell::new(ptr::null_mut()),
            mask: Cell::new(usize::MAX),
            popped: Cell::new(0),
            pushed: Cell::new(0),
            cold_until: Cell::new(0),
        };
        queue.resize(USUAL);
        queue
    }

    /// The slot of the `count`-th push.
    #[inline]
    fn place(&self, count: usize) -> *mut Option<&'static G> {
        // SAFETY: masked, hence within the ring.
        unsafe { self.places.get().add(count & self.mask.get()) }
    }

    /// The goroutines in the queue have not run for long.
    pub(crate) fn all_are_cold(&self) {
        self.cold_until.set(self.pushed.get());
    }

    /// True if the goroutines in front have not run for long.
    #[inline]
    pub(crate) fn is_cold(&self) -> bool {
        // Both counts may have wrapped.
        (self.cold_until.get().wrapping_sub(self.popped.get()) as isize) > 0
    }

    /// The number of pops so far. It identifies a pop.
    #[inline]
    pub(crate) fn popped(&self) -> usize {
        self.popped.get()
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.pushed.get().wrapping_sub(self.popped.get())
    }

    /// Makes room for this many more, at once.
    pub(crate) fn reserve(&self, more: usize) {
        let needed = self.len() + more;
        if needed > self.mask.get() + 1 {
            self.resize(needed.next_power_of_two());
        }
    }

    #[inline]
    pub(crate) fn push(&self, goroutine: &'static G) {
        if self.len() > self.mask.get() {
            self.resize(2 * (self.mask.get() + 1));
        }
        let pushed = self.pushed.get();
        // SAFETY: a free place of the ring; no reference into the ring exists.
        unsafe { self.place(pushed).write(Some(goroutine)) };
        self.pushed.set(pushed.wrapping_add(1));
    }

    #[inline]
    pub(crate) fn pop(&self) -> Option<&'static G> {
        let goroutine = self.peek(0)?;
        self.popped.set(self.popped.get().wrapping_add(1));
        Some(goroutine)
    }

    /// The goroutine that will be popped after `ahead` others.
    #[inline]
    pub(crate) fn peek(&self, ahead: usize) -> Option<&'static G> {
        if self.len() <= ahead {
            return None;
        }
        // SAFETY: a place of the ring, which `push` has written.
        unsafe { self.place(self.popped.get().wrapping_add(ahead)).read() }
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[cold]
    fn resize(&self, places: usize) {
        debug_assert!(places.is_power_of_two() && places >= self.len());
        let mut ring = vec![None; places].into_boxed_slice();
        let len = self.len();
        (0..len).for_each(|ahead| ring[ahead] = self.peek(ahead));
        self.free();
        self.places.set(Box::into_raw(ring).cast());
        self.mask.set(places - 1);
        let cold = if self.is_cold() { self.cold_until.get().wrapping_sub(self.popped.get()) } else { 0 };
        self.cold_until.set(cold);
        self.popped.set(0);
        self.pushed.set(len);
    }

    fn free(&self) {
        let places = self.places.replace(ptr::null_mut());
        if !places.is_null() {
            let ring = ptr::slice_from_raw_parts_mut(places, self.mask.get() + 1);
            // SAFETY: made by `resize` from a box of that length, and no longer referred to.
            drop(unsafe { Box::from_raw(ring) });
        }
    }

    /// Gives back the memory of the queue, which is empty and stays so until it begins again.
    pub(crate) fn retire(&self) {
        debug_assert!(self.is_empty());
        self.resize(1);
    }

    /// After [`retire`](RunQueue::retire).
    pub(crate) fn begin_again(&self) {
        self.reserve(USUAL);
    }

    /// Gives back the room that a burst needed.
    pub(crate) fn shrink(&self) {
        if self.mask.get() >= USUAL && self.len() < USUAL {
            self.resize(USUAL);
        }
    }
}

impl<G> Drop for RunQueue<G> {
    fn drop(&mut self) {
        self.free();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_keeps_its_order_while_it_grows_wraps_and_shrinks() {
        static NUMBERS: [usize; 10_000] = {
            let mut numbers = [0; 10_000];
            let mut index = 0;
            while index < numbers.len() {
                numbers[index] = index;
                index += 1;
            }
            numbers
        };
        let queue = RunQueue::new();
        // Away from the start of the ring, so that growing has to unwrap it.
        (0..700).for_each(|index| queue.push(&NUMBERS[index]));
        (0..700).for_each(|index| assert_eq!(queue.pop(), Some(&NUMBERS[index])));
        NUMBERS.iter().for_each(|number| queue.push(number));
        assert_eq!((queue.peek(0), queue.peek(9_999), queue.peek(10_000)), (Some(&0), Some(&9_999), None));
        (0..9_500).for_each(|index| assert_eq!(queue.pop(), Some(&NUMBERS[index])));
        queue.shrink();
        (9_500..10_000).for_each(|index| assert_eq!(queue.pop(), Some(&NUMBERS[index])));
        assert!(queue.is_empty() && queue.pop().is_none());
    }
}
