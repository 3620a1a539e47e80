//! The free stacks that a worker keeps to itself, so that most spawns do not take the pool's lock, and what happens when the
//! system gives no more.
//!
//! Then goroutines that have not started wait in their queues: they need no stack yet. Their workers try again every
//! [`NAP`], and whenever a goroutine has ended. New ones are refused ([`check()`]) unless there is a stack after all.

use super::policy::{FIRST_STACKS, NAP, STACKS_AT_ONCE, STACKS_KEPT};
use super::report;
use crate::stack::{Slot, guard, pool, pool::Pool, usable_size};
use std::cell::{Cell, OnceCell, RefCell};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Once};
use std::time::Instant;

/// The system has refused a stack that a goroutine needs, and nobody has got one since.
static IS_SHORT: AtomicBool = AtomicBool::new(false);

/// Stacks of the default size, the warmest last. Used by the worker's own thread only.
pub(crate) struct Stacks {
    /// Usable bytes of each.
    size: usize,
    stride: usize,
    cached: RefCell<Vec<Slot>>,
    pool: OnceCell<Arc<Pool>>,
    /// When to ask the system again. None: it has not refused.
    again: Cell<Option<Instant>>,
}

/// Of the list of free stacks.
const CAPACITY: usize = STACKS_KEPT + STACKS_AT_ONCE;

impl Stacks {
    pub(crate) fn new(size: usize) -> Stacks {
        Stacks {
            size,
            stride: usable_size(size) + guard(),
            cached: RefCell::new(Vec::with_capacity(CAPACITY)),
            pool: OnceCell::new(),
            again: Cell::new(None),
        }
    }

    /// Fetches the first stacks before a goroutine needs one.
    pub(crate) fn prepare(&self) {
        self.fetch(FIRST_STACKS);
    }

    /// None: there is none now.
    #[inline]
    pub(crate) fn take(&self) -> Option<Slot> {
        if let Some(slot) = self.cached.borrow_mut().pop() {
            return Some(slot);
        }
        self.fetch(STACKS_AT_ONCE);
        self.cached.borrow_mut().pop()
    }

    /// A stack of at least `size` usable bytes, straight from the pool of its size. None: there is none now.
    pub(crate) fn take_sized(&self, size: usize) -> Option<Slot> {
        let mut slot = Vec::with_capacity(1);
        self.ask(|| pool::for_size(size).take(1, &mut slot));
        slot.pop()
    }

    /// The one that [`take`](Stacks::take) will return next.
    #[inline]
    pub(crate) fn next(&self) -> Option<Slot> {
        self.cached.borrow().last().copied()
    }

    /// Takes back the stack of a goroutine that has ended, of any size.
    #[inline]
    pub(crate) fn put(&self, slot: Slot) {
        if slot.stride != self.stride {
            pool::for_size(slot.usable()).put([slot]);
            return;
        }
        let mut cached = self.cached.borrow_mut();
        cached.push(slot);
        if cached.len() >= STACKS_KEPT {
            // The coldest go back; the warmest stay.
            self.pool().put(cached.drain(..STACKS_AT_ONCE));
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.cached.borrow().len()
    }

    /// Gives all of them to the pool.
    pub(crate) fn release(&self) {
        if !self.cached.borrow().is_empty() {
            self.pool().put(self.cached.borrow_mut().drain(..));
        }
    }

    /// Frees the list, which is empty.
    pub(crate) fn retire(&self) {
        debug_assert!(self.cached.borrow().is_empty());
        self.cached.take();
    }

    /// After [`retire`](Stacks::retire).
    pub(crate) fn begin_again(&self) {
        self.cached.borrow_mut().reserve(CAPACITY);
    }

    /// When to try again to start what needs a stack. None: now.
    pub(crate) fn again(&self) -> Option<Instant> {
        self.again.get().filter(|again| self.len() == 0 && Instant::now() < *again)
    }

    #[cold]
    fn fetch(&self, wanted: usize) {
        self.ask(|| self.pool().take(wanted, &mut self.cached.borrow_mut()));
    }

    /// Asks unless the system has just refused.
    fn ask(&self, take: impl FnOnce() -> io::Result<()>) {
        if self.again.get().is_some_and(|again| Instant::now() < again) {
            return;
        }
        self.again.set(match take() {
            Ok(()) => {
                IS_SHORT.store(false, Relaxed);
                None
            }
            Err(error) => {
                begin_shortage(&error);
                Some(Instant::now() + NAP)
            }
        });
    }

    fn pool(&self) -> &Pool {
        self.pool.get_or_init(|| pool::for_size(self.size))
    }
}

fn begin_shortage(error: &io::Error) {
    static SAID: Once = Once::new();
    IS_SHORT.store(true, Relaxed);
    SAID.call_once(|| {
        report::warn(&format!(
            "{}. Goroutines that have not started wait until others have ended",
            refusal(error)
        ));
    });
}

fn refusal(error: &io::Error) -> String {
    let started = pool::count().handed_out;
    format!(
        "the system gives no memory for another stack ({error}); {started} are in use. Have fewer goroutines at a time or \
         smaller stacks (`gochan::runtime::Builder::stack_size`, GOCHAN_STACK), or raise the limit: `ulimit -v`, the \
         memory of the container, or vm.max_map_count"
    )
}

/// The system has refused a stack, and may still do so.
#[inline]
pub(crate) fn is_short() -> bool {
    IS_SHORT.load(Relaxed)
}

/// Whether there is a stack of so many usable bytes now. The error has the remedy.
#[cold]
pub(crate) fn check(size: usize) -> Result<(), String> {
    let (pool, mut slot) = (pool::for_size(size), Vec::with_capacity(1));
    pool.take(1, &mut slot).map_err(|error| refusal(&error))?;
    pool.put(slot);
    IS_SHORT.store(false, Relaxed);
    Ok(())
}
