//! What is placed on a worker from outside of its own queue.

use super::seats::Seats;
use crossbeam_deque::{Injector, Steal, Worker};

/// Two queues into which any thread pushes. What is *seated* never goes through the worker's own queue, where others
/// steal: it is to start on this worker.
#[derive(Debug)]
pub(crate) struct Arrivals<T> {
    spread: Injector<T>,
    seated: Injector<T>,
    /// The connections of the worker.
    pub(crate) seats: Seats,
}

impl<T> Arrivals<T> {
    pub(crate) fn new() -> Arrivals<T> {
        Arrivals { spread: Injector::new(), seated: Injector::new(), seats: Seats::default() }
    }

    pub(crate) fn push(&self, one: T, seated: bool) {
        if seated { &self.seated } else { &self.spread }.push(one);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.spread.is_empty() && self.seated.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.spread.len() + self.seated.len()
    }

    #[inline]
    pub(crate) fn count_seated(&self) -> usize {
        // Asked at each yield, and `len` takes three times as long.
        if self.seated.is_empty() { 0 } else { self.seated.len() }
    }

    /// Moves what is not seated to the worker's own queue.
    pub(crate) fn take_spread(&self, into: &Worker<T>) {
        while !self.spread.is_empty() {
            let _ = self.spread.steal_batch(into);
        }
    }

    pub(crate) fn pop_seated(&self) -> Option<T> {
        while !self.seated.is_empty() {
            if let Steal::Success(one) = self.seated.steal() {
                return Some(one);
            }
        }
        None
    }

    /// For another worker, if this one is stuck: some of what is spread, and one of the seated.
    pub(crate) fn rescue(&self, into: &Worker<T>) {
        let _ = self.spread.steal_batch(into);
        if let Steal::Success(one) = self.seated.steal() {
            into.push(one);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_seated_leaves_one_by_one() {
        let (arrivals, own) = (Arrivals::new(), Worker::new_fifo());
        (0..10).for_each(|one| arrivals.push(one, one % 2 == 0));
        assert_eq!((arrivals.len(), arrivals.count_seated()), (10, 5));
        arrivals.take_spread(&own);
        assert!(std::iter::from_fn(|| own.pop()).eq([1, 3, 5, 7, 9]));
        assert_eq!(arrivals.pop_seated(), Some(0));
        arrivals.rescue(&own);
        assert_eq!(own.pop(), Some(2));
        while arrivals.pop_seated().is_some() {}
        assert!(arrivals.is_empty());
    }
}
