//! Deadlocks of some goroutines while others go on: *knots*. They are reported only where they are certain.
//!
//! # What is certain
//!
//! Some waits can only be ended by a known party, a goroutine or a thread: the wait for a mutex by its holder, a join
//! by the goroutine that is joined, the wait for an initialiser by the party that runs it. A wait for several parties
//! at once (a writer for readers, the end of a scope or of `WaitGroup::go`) cannot end before *each* of them has acted.
//! So one relation covers all cases: a wait *depends on* parties, and cannot end before each of them has acted.
//!
//! A party that so waits for itself, directly or through others, waits forever; so does a party that waits for
//! something that a goroutine held when it ended. That is a knot. Everything else counts as alive and ends the search:
//! a party that runs or has not started, a wait with a deadline, a channel, a select, a condition, a semaphore, a
//! waker, a lock whose holder is unknown. A channel would need proof that each handle that could act belongs to the
//! knot; there is no such proof.
//!
//! # Why there is no false alarm
//!
//! [`park`] enters each such wait into the table before it parks, and removes it before it returns. Both take the lock
//! of the table, so while a search holds that lock **no party of the table can leave its wait**: it cannot get past its
//! own entry. It does nothing else meanwhile: it neither locks nor unlocks. Now suppose that the search has found a
//! cycle, in which the wait of each depends on the next. Each is in the table, so it has been waiting since before the
//! search began. For each link, the lock itself is asked what the wait depends on (`Obstacle`), under the lock of the
//! table:
//!
//! * A mutex stores its holder, which writes its id after it has locked, and erases it before it unlocks. No other
//!   party writes that id. Everything that the holder of this link wrote was written before it entered the table, hence
//!   is visible here: if the mutex still names it, it has not unlocked. It does not matter whether the waiter has been
//!   woken to compete meanwhile: it must find the lock free, and the party that could free it is in the cycle.
//! * A reader, and a writer that waits for readers, may have been admitted without having left the table yet. So they
//!   check, under the lock of their queue, whether they are still queued.
//! * A join checks whether the goroutine is done, an initialiser whether it still runs, a counter whether it is still
//!   that of the round that the waiter waits for.
//!
//! So at one moment, while the lock of the table is held, all links hold; and none of them can be the first to end,
//! because that takes an act of a party of the cycle, which first would have to end its own wait. No second check is
//! needed.
//!
//! The last link that closes a cycle is the start of a wait: ids of holders are written by parties that run. So the
//! search begins at the wait that is being entered, follows its dependencies, and finds each knot at once. The only
//! other way to close a knot is to end while holding a lock ([`table::ended_holding`]).
//!
//! One assumption remains: a guard is dropped by the goroutine that has locked. Guards are not `Send`; only a
//! thread-local of their worker could hand one to another goroutine. If a lock is ever unlocked by a party other than
//! the one that locked it, the program does such things, and no further knots are reported.
//!
//! # Where detection is on
//!
//! Recording the holder makes an uncontended lock one sixth slower, so it is not done in every program: builds with
//! debug assertions record holders, `#[gochan::test]` does in any build, and so does a program that is started with
//! `GOCHAN_DEADLOCK=watch`. The flag is one bit of the word that each operation checks anyway,
//! [`slow_path`], and is never cleared: a recorded id must be erased.

mod found;
mod holder;
mod members;
#[cfg(all(test, gochan_model))]
mod model;
mod party;
mod table;

pub(crate) use found::{Knot, PATIENCE, certain_deadlocks, is_found_in_test, report_if_due, take_of_test};
pub(crate) use holder::{Holder, Readers};
pub(crate) use members::{Member, Members};
pub(crate) use party::{Held, Party};
pub(crate) use table::{forget, who_holds_what};

use crate::base::callback::abort_on_unwind;
use crate::base::fork;
#[cfg(not(any(gochan_model, gochan_loom)))]
use crate::base::slow_path;
use crate::sched::park::{Parker, WaitReason};
use std::panic::Location;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// The condition that a party waits for.
///
/// Other threads query it while the party waits, holding no lock but that of the table.
pub(crate) trait Obstacle: Sync {
    /// The parties that must all have acted before the wait can end; none if they are not known, or the wait has ended.
    fn depends_on(&self) -> Vec<Held>;
}

impl<F: Fn() -> Vec<Held> + Sync> Obstacle for F {
    fn depends_on(&self) -> Vec<Held> {
        self()
    }
}

/// A lock was unlocked by a party other than the one that locked it.
static GUARDS_WANDER: AtomicBool = AtomicBool::new(false);

/// True if holders of locks and waits are recorded.
#[cfg(not(any(gochan_model, gochan_loom)))]
#[inline(always)]
pub(crate) fn are_watched() -> bool {
    cfg!(debug_assertions) || (slow_path::is_wanted_everywhere() && slow_path::is_watched())
}

/// True if holders are recorded only where operations are points: one check of the points then answers both.
pub(crate) const HOLDERS_NEED_POINTS: bool = cfg!(not(any(debug_assertions, gochan_model, gochan_loom)));

/// In the model of exactly that; the other models have enough to do.
#[cfg(any(gochan_model, gochan_loom))]
pub(crate) fn are_watched() -> bool {
    WATCHED_IN_MODEL.get()
}

#[cfg(any(gochan_model, gochan_loom))]
thread_local! {
    static WATCHED_IN_MODEL: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Like [`Parker::park_or_end`], for a wait that only the acts of known parties can end.
#[inline(always)]
pub(crate) fn park(
    parker: &Parker,
    reason: WaitReason,
    place: &'static Location<'static>,
    obstacle: &dyn Obstacle,
    mut withdraw: impl FnMut() -> bool,
) {
    if are_watched() {
        park_watched(parker, reason, place, obstacle, &mut withdraw);
    } else {
        parker.park_or_end(reason, place, withdraw);
    }
}

#[cold]
#[inline(never)]
fn park_watched(
    parker: &Parker,
    reason: WaitReason,
    place: &'static Location<'static>,
    obstacle: &dyn Obstacle,
    withdraw: &mut dyn FnMut() -> bool,
) {
    // Threads that do not exist in a forked child may hold the locks of the table.
    if fork::is_forked_child() {
        return parker.park(reason, place);
    }
    let party = Party::current();
    // The waiter is queued: see INVARIANTS.md.
    // SAFETY: the entry is taken out below, before the obstacle's borrow ends: nothing unwinds out of a park, unless the wait
    // is called off.
    abort_on_unwind("a wait", || unsafe { table::enter(party, reason, place, obstacle) });
    parker.park_or_end(reason, place, || {
        let is_over = withdraw();
        if is_over {
            table::leave(party);
        }
        is_over
    });
    table::leave(party);
}

/// Guards are handed around: the party that unlocks need not be the one that locked.
#[cold]
fn guards_wander() {
    GUARDS_WANDER.store(true, Relaxed);
}

fn do_guards_wander() -> bool {
    GUARDS_WANDER.load(Relaxed)
}

impl crate::base::above::Held for crate::base::above::Above {
    fn ended_holding(id: u64) {
        table::ended_holding(id);
    }
}
