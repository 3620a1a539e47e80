//! The goroutines that a worker has not started yet: a line, and the families on top of it.
//!
//! A goroutine that starts a few others and then waits is likely to wait for them, as in a recursion. Its *family* runs
//! before what is in the line, the newest first: a tree of goroutines is then walked depth first, and only those on the way
//! to the current one have a stack. Were they taken from a line, most of the tree would be alive at once. Those that one
//! turn starts in larger numbers, and those that other threads send, stand in the line.
//!
//! Nothing is left behind: thieves take the oldest first, and the worker does so too, now and then
//! ([`FreshQueue::pop_in_turn`]).

use super::clock::Moment;
use super::policy::{FAMILY, LARGE_FAMILIES, OLDEST_AFTER};
use crossbeam_deque::{Steal, Stealer, Worker};
use std::cell::Cell;
use std::panic::Location;
use std::ptr;

type Site = &'static Location<'static>;

/// The worker's own end.
pub(crate) struct FreshQueue<T> {
    line: Worker<T>,
    families: Worker<T>,
    /// False: there are no families. Cheaper to ask than they are.
    has_families: Cell<bool>,
    /// The turn of the last child of a family, and how many there were in the turn.
    turn: Cell<u32>,
    in_turn: Cell<usize>,
    /// Where the last family that was too large came from, and how many more from there are put into the line at once.
    large: Cell<*const Location<'static>>,
    large_left: Cell<u32>,
    /// When the oldest of the families was last started, or they were empty.
    oldest_taken: Cell<Moment>,
}

/// The end from which other workers steal.
pub(crate) struct Stealing<T> {
    line: Stealer<T>,
    families: Stealer<T>,
}

impl<T> FreshQueue<T> {
    pub(crate) fn new() -> FreshQueue<T> {
        FreshQueue {
            line: Worker::new_fifo(),
            families: Worker::new_lifo(),
            has_families: Cell::new(false),
            turn: Cell::new(0),
            in_turn: Cell::new(0),
            large: Cell::new(ptr::null()),
            large_left: Cell::new(0),
            oldest_taken: Cell::new(Moment::NEVER),
        }
    }

    pub(crate) fn stealing(&self) -> Stealing<T> {
        Stealing { line: self.line.stealer(), families: self.families.stealer() }
    }

    /// What comes from elsewhere is put in here.
    #[inline]
    pub(crate) fn line(&self) -> &Worker<T> {
        &self.line
    }

    /// Puts one that a goroutine has spawned at `site` in its turn number `turn`.
    #[inline(always)]
    pub(crate) fn push_child(&self, one: T, site: Site, turn: u32) {
        if self.is_of_large_family(site) || !self.is_of_family(site, turn) {
            self.line.push(one);
        } else {
            self.push_to_family(one);
        }
    }

    /// True if it goes into the line because its site has spawned many before.
    #[inline(always)]
    fn is_of_large_family(&self, site: Site) -> bool {
        let left = self.large_left.get();
        let is_large = ptr::eq(self.large.get(), site) && left > 0;
        if is_large {
            self.large_left.set(left - 1);
        }
        is_large
    }

    /// Counts a child. True if there are few of its turn.
    #[inline(never)]
    fn is_of_family(&self, site: Site, turn: u32) -> bool {
        let before = if self.turn.replace(turn) == turn { self.in_turn.get() } else { 0 };
        self.in_turn.set(before + 1);
        if before < FAMILY {
            return true;
        }
        self.large.set(site);
        self.large_left.set(LARGE_FAMILIES);
        if before == FAMILY {
            self.dissolve_family();
        }
        false
    }

    #[inline(never)]
    fn push_to_family(&self, one: T) {
        self.has_families.set(true);
        self.families.push(one);
    }

    /// The last family is too large to be one: it goes into the line.
    #[cold]
    fn dissolve_family(&self) {
        // If some have been stolen, they were the oldest, so what is left is of this turn or of those before the oldest.
        let family: [Option<T>; FAMILY] = std::array::from_fn(|_| self.pop_newest());
        family.into_iter().rev().flatten().for_each(|one| self.line.push(one));
    }

    /// Puts all families into the line, the oldest first.
    #[inline]
    pub(crate) fn line_up(&self) {
        if self.has_families.get() {
            self.line_up_families();
        }
    }

    #[cold]
    fn line_up_families(&self) {
        let all: Vec<T> = std::iter::from_fn(|| self.pop_newest()).collect();
        all.into_iter().rev().for_each(|one| self.line.push(one));
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        (!self.has_families.get() || self.families.is_empty()) && self.line.is_empty()
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.families.len() + self.line.len()
    }

    /// The newest of the families, else the first of the line.
    #[inline(always)]
    pub(crate) fn pop(&self) -> Option<T> {
        if self.has_families.get()
            && let Some(newest) = self.pop_newest()
        {
            return Some(newest);
        }
        self.line.pop()
    }

    #[inline(never)]
    fn pop_newest(&self) -> Option<T> {
        let newest = self.families.pop();
        self.has_families.set(newest.is_some());
        newest
    }

    /// The oldest of the families once in [`OLDEST_AFTER`], else the first of the line, else the newest of the families.
    #[inline(never)]
    pub(crate) fn pop_in_turn(&self) -> Option<T> {
        self.pop_in_turn_at(Moment::now)
    }

    fn pop_in_turn_at(&self, now: impl FnOnce() -> Moment) -> Option<T> {
        self.pop_overdue(now).or_else(|| self.line.pop()).or_else(|| self.pop_newest())
    }

    fn pop_overdue(&self, now: impl FnOnce() -> Moment) -> Option<T> {
        if !self.has_families.get() {
            self.oldest_taken.set(Moment::NEVER);
            return None;
        }
        let (now, last) = (now(), self.oldest_taken.get());
        let is_due = last != Moment::NEVER && now.since(last) >= OLDEST_AFTER;
        if is_due || last == Moment::NEVER {
            self.oldest_taken.set(now);
        }
        if is_due { self.families.stealer().steal().success() } else { None }
    }
}

impl<T> Stealing<T> {
    pub(crate) fn is_empty(&self) -> bool {
        self.line.is_empty() && self.families.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.line.len() + self.families.len()
    }

    /// Moves up to `limit` of the oldest to the line of another worker.
    pub(crate) fn steal(&self, into: &FreshQueue<T>, limit: usize) {
        for queue in [&self.line, &self.families] {
            while queue.steal_batch_with_limit(&into.line, limit) == Steal::Retry {
                std::hint::spin_loop();
            }
            if !into.line.is_empty() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn all<T>(queue: &FreshQueue<T>) -> Vec<T> {
        std::iter::from_fn(|| queue.pop()).collect()
    }

    /// A place in the source for each number of a line.
    fn sites() -> [Site; 3] {
        [Location::caller(), Location::caller(), Location::caller()]
    }

    #[test]
    fn families_come_before_the_line_and_the_newest_first() {
        let (queue, [site, ..]) = (FreshQueue::new(), sites());
        queue.line().push(0);
        queue.push_child(1, site, 1);
        queue.push_child(2, site, 1);
        queue.push_child(3, site, 2);
        assert_eq!((queue.len(), queue.is_empty()), (4, false));
        assert_eq!(all(&queue), [3, 2, 1, 0]);
        assert!(queue.is_empty());
    }

    #[test]
    fn many_children_of_one_turn_stand_in_the_line_in_order() {
        let (queue, [before, many, after]) = (FreshQueue::new(), sites());
        let count = 2 * LARGE_FAMILIES as usize;
        queue.push_child(0, before, 1);
        (1..=count).for_each(|child| queue.push_child(child, many, 2));
        queue.push_child(count + 1, after, 3);
        assert_eq!(queue.pop(), Some(count + 1));
        assert_eq!(queue.pop(), Some(0));
        assert!(all(&queue).into_iter().eq(1..=count));
    }

    #[test]
    fn a_site_of_large_families_puts_the_next_ones_into_the_line_at_once() {
        let (queue, [site, other, _]) = (FreshQueue::new(), sites());
        (0..=FAMILY).for_each(|child| queue.push_child(child, site, 1));
        (0..LARGE_FAMILIES).for_each(|turn| queue.push_child(0, site, 2 + turn));
        assert!(queue.families.is_empty());
        queue.push_child(0, other, 2);
        assert_eq!(queue.families.len(), 1);
        queue.push_child(0, site, 1000);
        assert_eq!(queue.families.len(), 2);
    }

    #[test]
    fn families_line_up_in_order() {
        let (queue, [site, ..]) = (FreshQueue::new(), sites());
        queue.push_child(0, site, 1);
        queue.push_child(1, site, 2);
        queue.line_up();
        assert_eq!(all(&queue), [0, 1]);
    }

    #[test]
    fn in_turn_the_line_comes_first_and_the_oldest_is_not_left_behind() {
        let (queue, [site, ..]) = (FreshQueue::new(), sites());
        (0..3).for_each(|turn| queue.push_child(turn, site, turn as u32));
        queue.line().push(10);
        let start = Moment::now();
        let pop_at = |time| queue.pop_in_turn_at(|| time);
        assert_eq!((pop_at(start), pop_at(start)), (Some(10), Some(2)));
        queue.line().push(11);
        let later = Moment::of(start.to_instant() + OLDEST_AFTER);
        assert_eq!((pop_at(later), pop_at(later)), (Some(0), Some(11)));
        assert_eq!((pop_at(later), pop_at(later)), (Some(1), None));
    }

    #[test]
    fn thieves_take_the_line_first_and_then_the_oldest() {
        let (queue, thief, [site, ..]) = (FreshQueue::new(), FreshQueue::new(), sites());
        let stealing = queue.stealing();
        (0..4).for_each(|turn| queue.push_child(turn, site, turn as u32));
        queue.line().push(10);
        assert_eq!((stealing.len(), stealing.is_empty()), (5, false));
        stealing.steal(&thief, 2);
        assert_eq!(all(&thief), [10]);
        stealing.steal(&thief, 2);
        // In either order.
        assert_eq!(all(&thief).into_iter().collect::<HashSet<_>>(), HashSet::from([0, 1]));
        assert_eq!(all(&queue), [3, 2]);
    }
}
