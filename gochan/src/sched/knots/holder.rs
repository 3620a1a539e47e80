//! What a lock knows of its holders.

use super::party::{Held, Party};
use super::{are_watched, guards_wander};
use crate::sched::fork;
use crate::sched::goroutine::Goroutine;
use crate::shim::atomic::AtomicU64;
use std::cell::Cell;
use std::panic::Location;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering::*};
use std::sync::{Mutex, PoisonError};

type Place = &'static Location<'static>;

/// The holder of a lock, while knots are watched for.
#[derive(Debug)]
pub(crate) struct Holder {
    /// Zero: nobody, or nobody known.
    party: AtomicU64,
    place: AtomicPtr<Location<'static>>,
}

impl Holder {
    #[cfg_attr(gochan_loom, const_fn::const_fn(cfg(not(gochan_loom))))]
    pub(crate) const fn new() -> Holder {
        Holder { party: AtomicU64::new(0), place: AtomicPtr::new(ptr::null_mut()) }
    }

    /// The caller has locked.
    #[inline(always)]
    pub(crate) fn begin(&self, place: Place) {
        if are_watched() {
            self.note(place);
        }
    }

    /// The caller is about to unlock.
    #[inline(always)]
    pub(crate) fn end(&self) {
        if are_watched() {
            self.erase();
        }
    }

    #[cold]
    #[inline(never)]
    fn note(&self, place: Place) {
        count_held(1);
        self.place.store(ptr::from_ref(place).cast_mut(), Relaxed);
        // What a look must see is ordered by the lock of the table, which the holder takes before it waits.
        self.party.store(Party::current().to_bits(), Relaxed);
    }

    #[cold]
    #[inline(never)]
    fn erase(&self) {
        // Zero: it was locked before knots were watched for.
        if let Some(party) = Party::from_bits(self.party.swap(0, Relaxed)) {
            count_held(-1);
            if party != Party::current() {
                guards_wander();
            }
        }
    }

    pub(crate) fn get(&self) -> Option<Held> {
        let party = Party::from_bits(self.party.load(Relaxed))?;
        // SAFETY: null or made from a `&'static Location`.
        let place = unsafe { self.place.load(Relaxed).as_ref() };
        Some(Held { party, place })
    }
}

thread_local! {
    /// Locks that the goroutine holds that is this thread.
    static HELD: Cell<i32> = const { Cell::new(0) };
}

/// Notes how many locks the calling goroutine holds: it may end and leave some locked.
fn count_held(change: i32) {
    let add = |held: &Cell<i32>| held.set(held.get().saturating_add(change));
    match Goroutine::current() {
        Some(goroutine) => add(&goroutine.held),
        None => HELD.with(add),
    }
}

/// How many locks the goroutine holds that this thread has run, and begins to count those of the next one.
pub(in crate::sched) fn take_held_of_thread() -> i32 {
    HELD.take()
}

/// The readers inside of a lock, while knots are watched for. One word in locks that nobody watches.
#[derive(Debug)]
pub(crate) struct Readers(AtomicPtr<Mutex<Vec<Held>>>);

impl Readers {
    pub(crate) const fn new() -> Readers {
        Readers(AtomicPtr::new(ptr::null_mut()))
    }

    /// The caller has locked for reading.
    #[inline(always)]
    pub(crate) fn begin(&self, place: Place) {
        if are_watched() {
            self.note(place);
        }
    }

    /// The caller is about to unlock.
    #[inline(always)]
    pub(crate) fn end(&self) {
        if are_watched() {
            self.erase();
        }
    }

    #[cold]
    #[inline(never)]
    fn note(&self, place: Place) {
        // The list may be locked by a thread that a forked child has not got.
        if fork::is_forked_child() {
            return;
        }
        count_held(1);
        let held = Held { party: Party::current(), place: Some(place) };
        let list = self.list().unwrap_or_else(|| self.make_list());
        list.lock().unwrap_or_else(PoisonError::into_inner).push(held);
    }

    #[cold]
    #[inline(never)]
    fn erase(&self) {
        let Some(list) = self.list().filter(|_| !fork::is_forked_child()) else { return };
        let mut list = list.lock().unwrap_or_else(PoisonError::into_inner);
        let me = Party::current();
        if let Some(index) = list.iter().rposition(|held| held.party == me) {
            list.swap_remove(index);
            count_held(-1);
        } else if !list.is_empty() {
            // The guard is that of another party, or from before knots were watched for: which reader has left is unknown.
            list.clear();
        }
    }

    /// All that are known.
    pub(crate) fn get(&self) -> Vec<Held> {
        let list = self.list().map(|list| list.lock().unwrap_or_else(PoisonError::into_inner).clone());
        list.unwrap_or_default()
    }

    fn list(&self) -> Option<&Mutex<Vec<Held>>> {
        // Acquire pairs with the Release in `make_list`.
        // SAFETY: null, or published by `make_list` and freed by `drop` only.
        unsafe { self.0.load(Acquire).as_ref() }
    }

    fn make_list(&self) -> &Mutex<Vec<Held>> {
        let fresh = Box::into_raw(Box::default());
        // Release publishes the list; Acquire for the list of a faster thread.
        if self.0.compare_exchange(ptr::null_mut(), fresh, Release, Acquire).is_err() {
            // SAFETY: just made, and not published.
            drop(unsafe { Box::from_raw(fresh) });
        }
        self.list().expect("a list was just made sure of")
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        let list = self.0.load(Relaxed);
        if !list.is_null() {
            // SAFETY: made by `make_list`; nobody else has the lock any more.
            drop(unsafe { Box::from_raw(list) });
        }
    }
}
