//! The stacks that a worker keeps to itself, so that the pool's lock is off the way of a spawn.

use crate::sched::goroutine::Goroutine;
use crate::sched::{attributes, report};
use crate::stack::{Slot, pool, pool::Pool};
use std::cell::{OnceCell, RefCell};
use std::sync::Arc;

/// Warm stacks a worker keeps to itself.
const CACHED: usize = 256;
/// Stacks fetched from or returned to the pool at once.
const BATCH: usize = 64;
/// Stacks fetched before the first goroutine.
const FIRST: usize = 8;

/// Stacks of the default size, the warmest last. Used by the worker's own thread only.
pub(super) struct Stacks {
    /// Usable bytes of each.
    size: usize,
    cached: RefCell<Vec<Slot>>,
    pool: OnceCell<Arc<Pool>>,
}

impl Stacks {
    pub(super) fn new(size: usize) -> Stacks {
        Stacks { size, cached: RefCell::new(Vec::with_capacity(CACHED + BATCH)), pool: OnceCell::new() }
    }

    /// Fetches the first stacks before anybody waits for them.
    pub(super) fn prepare(&self) {
        self.fetch(FIRST);
    }

    #[inline]
    pub(super) fn take(&self) -> Slot {
        let mut cached = self.cached.borrow_mut();
        if let Some(slot) = cached.pop() {
            if let Some(next) = cached.last() {
                Goroutine::prefetch_begin(*next);
            }
            return slot;
        }
        drop(cached);
        self.fetch(BATCH);
        self.cached.borrow_mut().pop().expect("the pool gave at least one stack")
    }

    /// Takes back the stack of a goroutine that has ended, of whatever size.
    #[inline]
    pub(super) fn put(&self, slot: Slot) {
        if slot.usable() != crate::stack::usable_size(self.size) {
            attributes::return_stack(slot);
            return;
        }
        let mut cached = self.cached.borrow_mut();
        cached.push(slot);
        if cached.len() >= CACHED {
            // The coldest go back; the warmest stay.
            self.pool().put(cached.drain(..BATCH));
        }
    }

    pub(super) fn len(&self) -> usize {
        self.cached.borrow().len()
    }

    /// Gives all of them to the pool.
    pub(super) fn release(&self) {
        if !self.cached.borrow().is_empty() {
            self.pool().put(self.cached.borrow_mut().drain(..));
        }
    }

    #[cold]
    fn fetch(&self, wanted: usize) {
        if let Err(error) = self.pool().take(wanted, &mut self.cached.borrow_mut()) {
            report::fatal(&format!("cannot make a stack for another goroutine: {error}"));
        }
    }

    fn pool(&self) -> &Pool {
        self.pool.get_or_init(|| pool::for_size(self.size))
    }
}
