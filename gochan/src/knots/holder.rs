//! The record that a lock keeps of its holders.

use super::party::{Held, Party};
use super::{are_watched, guards_wander};
use crate::base::fork;
use crate::base::location::SourceLocation;
use crate::base::lock::lock;
use crate::sched::goroutine::Goroutine;
use crate::sched::threads;
use crate::shim::atomic::AtomicU64;
use std::cell::Cell;
use std::panic::Location;
use std::ptr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicPtr, Ordering::*};

/// The holder of a lock, while knots are detected.
pub(crate) type Holder = Record<OneHolder>;

/// The readers of a lock, while knots are detected. One word in locks for which they are not.
pub(crate) type Readers = Record<ReaderList>;

/// A record of holders, which is kept only while knots are detected.
#[derive(Debug)]
pub(crate) struct Record<H>(H);

/// The two kinds of records.
pub(crate) trait Holders {
    /// The caller has locked.
    fn note(&self, at: SourceLocation);

    /// The caller is about to unlock.
    fn erase(&self);
}

impl<H: Holders> Record<H> {
    /// Called when the caller has locked.
    #[inline(always)]
    pub(crate) fn begin(&self, at: SourceLocation) {
        if are_watched() {
            self.0.note(at);
        }
    }

    /// Called when the caller is about to unlock.
    #[inline(always)]
    pub(crate) fn end(&self) {
        if are_watched() {
            self.0.erase();
        }
    }
}

#[derive(Debug)]
pub(crate) struct OneHolder {
    /// Zero: no party, or an unknown one.
    party: AtomicU64,
    place: AtomicPtr<Location<'static>>,
}

impl Holder {
    #[cfg_attr(gochan_loom, const_fn::const_fn(cfg(not(gochan_loom))))]
    pub(crate) const fn new() -> Holder {
        Record(OneHolder { party: AtomicU64::new(0), place: AtomicPtr::new(ptr::null_mut()) })
    }

    pub(crate) fn get(&self) -> Option<Held> {
        let party = Party::from_bits(self.0.party.load(Relaxed))?;
        // SAFETY: null or made from a `&'static Location`.
        let place = unsafe { self.0.place.load(Relaxed).as_ref() };
        Some(Held { party, place })
    }
}

impl Holders for OneHolder {
    #[cold]
    #[inline(never)]
    fn note(&self, at: SourceLocation) {
        count_held(1);
        self.place.store(ptr::from_ref(at).cast_mut(), Relaxed);
        // The lock of the table, which the holder takes before it waits, orders these stores before a search.
        self.party.store(Party::current().to_bits(), Relaxed);
    }

    #[cold]
    #[inline(never)]
    fn erase(&self) {
        // Zero: it was locked before knots were detected.
        if let Some(party) = Party::from_bits(self.party.swap(0, Relaxed)) {
            count_held(-1);
            if party != Party::current() {
                guards_wander();
            }
        }
    }
}

/// Counts the locks that the calling goroutine holds: it may end and leave some locked.
fn count_held(change: i32) {
    let add = |held: &Cell<i32>| held.set(held.get().saturating_add(change));
    match Goroutine::current() {
        Some(goroutine) => add(&goroutine.held),
        None => threads::HELD.with(add),
    }
}

#[derive(Debug)]
pub(crate) struct ReaderList(AtomicPtr<Mutex<Vec<Held>>>);

impl Readers {
    pub(crate) const fn new() -> Readers {
        Record(ReaderList(AtomicPtr::new(ptr::null_mut())))
    }

    /// All known readers.
    pub(crate) fn get(&self) -> Vec<Held> {
        let list = self.0.list().map(|list| lock(list).clone());
        list.unwrap_or_default()
    }
}

impl Holders for ReaderList {
    #[cold]
    #[inline(never)]
    fn note(&self, at: SourceLocation) {
        // A thread that does not exist in a forked child may have locked the list.
        if fork::is_forked_child() {
            return;
        }
        count_held(1);
        let held = Held { party: Party::current(), place: Some(at) };
        let list = self.list().unwrap_or_else(|| self.make_list());
        lock(list).push(held);
    }

    #[cold]
    #[inline(never)]
    fn erase(&self) {
        let Some(list) = self.list().filter(|_| !fork::is_forked_child()) else { return };
        let mut list = lock(list);
        let me = Party::current();
        if let Some(index) = list.iter().rposition(|held| held.party == me) {
            list.swap_remove(index);
            count_held(-1);
        } else if !list.is_empty() {
            // The guard belongs to another party, or is from before knots were detected: it is unknown which reader has
            // left.
            list.clear();
        }
    }
}

impl ReaderList {
    fn list(&self) -> Option<&Mutex<Vec<Held>>> {
        // Acquire pairs with the Release in `make_list`.
        // SAFETY: null, or published by `make_list` and freed by `drop` only.
        unsafe { self.0.load(Acquire).as_ref() }
    }

    fn make_list(&self) -> &Mutex<Vec<Held>> {
        let fresh = Box::into_raw(Box::default());
        // Release publishes the list; Acquire is for the list of a faster thread.
        if self.0.compare_exchange(ptr::null_mut(), fresh, Release, Acquire).is_err() {
            // SAFETY: just made, and not published.
            drop(unsafe { Box::from_raw(fresh) });
        }
        self.list().expect("a list was just made sure of")
    }
}

impl Drop for ReaderList {
    fn drop(&mut self) {
        let list = self.0.load(Relaxed);
        if !list.is_null() {
            // SAFETY: made by `make_list`; no other party has the lock any more.
            drop(unsafe { Box::from_raw(list) });
        }
    }
}
