//! Deadlocks of some goroutines while others go on: *knots*, called only where they are certain.
//!
//! # What is certain
//!
//! Some waits can only be ended by a party that is known by name, a goroutine or a thread: that of a mutex by its
//! holder, of a join by the goroutine that is joined, of an initialiser by the party that runs it. A wait for several
//! at once (a writer for readers, the end of a scope or of `WaitGroup::go`) cannot end before *each* of them has acted.
//! So one relation says it all: a wait *depends on* parties, and cannot end before each of them has acted.
//!
//! A party that waits so for itself, directly or by others, will wait for ever; so will a party that waits for what a
//! goroutine has held when it ended. That is a knot. Everything else counts as alive, and ends the search: a party that
//! runs or has not started, a wait with a deadline, a channel, a select, a condition, a semaphore, a waker, a lock
//! whose holder is not known. A channel would need proof that each handle that could act belongs to the knot; there is
//! none.
//!
//! # Why there is no false alarm
//!
//! [`park`] enters each such wait into the table before it parks, and takes it out before it returns. Both take the
//! lock of the table, so while a search holds that lock **no party of the table can leave its wait**: it could not get
//! past its own entry. It does nothing else meanwhile: it neither locks nor unlocks. Now let the search have found a
//! cycle, in which the wait of each depends on the next. Each one is in the table, so it has been waiting since before
//! the search began. For each link, what the wait depends on is asked of the lock itself (`Obstacle`), under the lock
//! of the table:
//!
//! * A mutex names its holder, which writes its name after it has locked, and erases it before it unlocks. Nobody else
//!   writes that name. Whatever the holder of this link wrote was written before it entered the table, hence is visible
//!   here: if the mutex still names it, it has not unlocked. It does not matter whether the waiter has been woken to
//!   compete meanwhile: it must find the lock free, and the one who could free it is in the cycle.
//! * A reader, and a writer that waits for readers, may have been let in without having left the table yet. So they
//!   ask, under the lock of their queue, whether they are still queued.
//! * A join asks whether the goroutine is done, an initialiser whether it still runs, a count whether it still is that
//!   of the round that the waiter waits for.
//!
//! So at one and the same moment, while the lock of the table is held, all links hold; and none of them can be the
//! first to end, because that takes an act of a party of the cycle, which first would have to end its own wait. No
//! second look is needed.
//!
//! The last link that closes a cycle is a wait that begins: names of holders are written by parties that run. So the
//! search begins at the wait that is being entered, follows what it depends on, and finds each knot at once. The one
//! other way to close a knot is to end while holding ([`ended_holding`]).
//!
//! What this trusts in: a guard is dropped by the goroutine that has locked. Guards are not `Send`; only a thread-local
//! of their worker could hand one to another goroutine. Where a lock is found to be unlocked by another party than the
//! one that has locked it, the program does such things, and nothing is called any more.
//!
//! # Where it is on
//!
//! Names of holders cost a lock that is free one sixth of its time, so they are not recorded in every program: builds
//! with debug assertions record them, `#[gochan::test]` does in any build, and so does a program that is started with
//! `GOCHAN_DEADLOCK=watch`. The flag shares the look that each operation takes at [`attention`](super::attention), and
//! is never taken back: a name that is recorded is erased.

mod found;
mod holder;
mod members;
#[cfg(all(test, gochan_model))]
mod model;
mod party;
mod table;

pub(crate) use found::{Knot, certain_deadlocks, is_found_in_test, take_of_program, take_of_test};
pub(super) use holder::take_held_of_thread;
pub(crate) use holder::{Holder, Readers};
pub(crate) use members::{Member, Members};
pub(crate) use party::{Held, Party};
pub(super) use table::ended_holding;
pub(crate) use table::who_holds_what;

use super::attention;
use super::fork;
use super::park::{Parker, WaitReason};
use crate::callback::abort_on_unwind;
use std::panic::Location;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// What a party waits for.
///
/// It is asked by other threads while the party waits, with no lock held but that of the table.
pub(crate) trait Obstacle: Sync {
    /// The parties that must all have acted before the wait can end; none if that is not known, or the wait has ended.
    fn depends_on(&self) -> Vec<Held>;
}

impl<F: Fn() -> Vec<Held> + Sync> Obstacle for F {
    fn depends_on(&self) -> Vec<Held> {
        self()
    }
}

/// A lock was unlocked by another party than the one that has locked it.
static GUARDS_WANDER: AtomicBool = AtomicBool::new(false);

/// True if holders of locks and waits are recorded.
#[cfg(not(any(gochan_model, gochan_loom)))]
#[inline(always)]
pub(crate) fn are_watched() -> bool {
    cfg!(debug_assertions) || (attention::is_due_everywhere() && attention::is_watched())
}

/// True if holders are recorded only where operations are points: one look at the points answers for both.
pub(crate) const HOLDERS_NEED_POINTS: bool = cfg!(not(any(debug_assertions, gochan_model, gochan_loom)));

/// In the model of just that; the others have enough to do.
#[cfg(any(gochan_model, gochan_loom))]
pub(crate) fn are_watched() -> bool {
    WATCHED_IN_MODEL.get()
}

#[cfg(any(gochan_model, gochan_loom))]
thread_local! {
    static WATCHED_IN_MODEL: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Records from now on, in any build.
pub(super) fn watch() {
    if cfg!(not(debug_assertions)) {
        attention::watch_begins();
    }
}

/// As `parker.park`, for a wait that nothing but the acts of known parties can end.
#[inline(always)]
pub(crate) fn park(
    parker: &Parker,
    reason: WaitReason,
    place: &'static Location<'static>,
    obstacle: &dyn Obstacle,
) {
    if are_watched() {
        park_watched(parker, reason, place, obstacle);
    } else {
        parker.park(reason, place);
    }
}

#[cold]
#[inline(never)]
fn park_watched(
    parker: &Parker,
    reason: WaitReason,
    place: &'static Location<'static>,
    obstacle: &dyn Obstacle,
) {
    // The locks of the table may be held by threads that a forked child has not got.
    if fork::is_forked_child() {
        return parker.park(reason, place);
    }
    let party = Party::current();
    // The waiter is queued: see INVARIANTS.md.
    // SAFETY: the entry is taken out below, before the obstacle's borrow ends: nothing unwinds out of a park.
    abort_on_unwind("a wait", || unsafe { table::enter(party, reason, place, obstacle) });
    parker.park(reason, place);
    table::leave(party);
}

/// Guards are handed about: the party that unlocks need not be the one that has locked.
#[cold]
fn guards_wander() {
    GUARDS_WANDER.store(true, Relaxed);
}

fn do_guards_wander() -> bool {
    GUARDS_WANDER.load(Relaxed)
}
