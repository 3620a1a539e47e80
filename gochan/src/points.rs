//! Points: the places in public operations where an exploration may switch to another goroutine.
//!
//! Every public operation has a point before it acts and one after. Outside explorations a point is one load and one
//! branch, [`slow_path`]; the rest is cold. A point after an operation that never waits has a second use: if its
//! goroutine has kept the worker for a second, the operation is reported as a polling loop.
//!
//! An operation says what it [touches](Touch) before it acts. A search through all interleavings omits those that differ
//! only in the order of operations that touch nothing in common. [`Touch::EVERYTHING`] is always right, and costs the
//! search the most.
//!
//! | function | use |
//! |---|---|
//! | [`before`], [`after`], [`around`] | an operation |
//! | [`after_unpolled`] | not reported as a poll: no loop waits by calling the operation |
//! | [`after_poll`], [`after_spawn`] | operations that loops consist of; they end a turn that has taken long |
//! | [`before_fine`] | a point only in a search through all interleavings, such as before an unlock |
//! | [`touch`], [`announce_after_wait`] | touches that are not known before the operation |
//!
//! Each takes the name of the operation and the location of the call, which is `None` in destructors. What is touched is
//! given by a closure, which runs in explorations only.

use crate::base::location::SourceLocation;
use crate::base::slow_path;
use crate::base::spin::assert_none_held;
use crate::base::touch::Touch;
use crate::sched::worker::Worker;
use crate::sched::worker::driver::{Driver, Operation, Point, Turn, exploring};
use std::panic::Location;
use std::time::Instant;

/// True if points may do anything. Operations that can afford only one branch check this first.
#[inline(always)]
pub(crate) fn are_due() -> bool {
    slow_path::is_wanted_everywhere()
}

/// Before any operation: in an exploration other goroutines may run here, and values that the caller has just read may
/// change.
#[inline(always)]
pub(crate) fn before<T: AsRef<[Touch]>>(
    touches: impl FnOnce() -> T,
    what: &'static str,
    place: Option<SourceLocation>,
) {
    assert_none_held();
    if are_due() {
        reach_before(touches, what, place);
    }
}

/// After an operation that never waits: in an exploration other goroutines may run here. Elsewhere none does, since an
/// operation that does not wait does not switch. A goroutine that calls such operations in a loop, and so holds up its
/// worker, is reported with the operation and its location, if there is one.
#[inline(always)]
pub(crate) fn after(what: &'static str, place: Option<SourceLocation>) {
    assert_none_held();
    if are_due() {
        note_operation(what, place);
    }
}

/// Like [`after`], for an operation that no loop calls to find something out: outside explorations it does nothing.
/// Other goroutines see the effect of the operation, such as an unlock, before the caller does anything else.
#[inline(always)]
pub(crate) fn after_unpolled(what: &'static str, place: Option<SourceLocation>) {
    assert_none_held();
    if are_due() {
        reach_after(Operation { name: what, place });
    }
}

/// After an operation that never waits but that loops consist of: `select!` with `default`, and the polls of a context.
/// It ends a turn that has taken long, or if it must not, is reported as the operations of [`after`] are.
#[inline(always)]
pub(crate) fn after_poll(what: &'static str, place: &'static Location<'static>) {
    assert_none_held();
    if slow_path::is_wanted() {
        end_long_turn(Turn::Polls, what, place);
    }
}

/// Like [`after_poll`], after a spawn: a loop that spawns lets the spawned goroutines run.
#[inline(always)]
pub(crate) fn after_spawn(site: &'static Location<'static>) {
    assert_none_held();
    if slow_path::is_wanted() {
        end_long_turn(Turn::Spawns, "go", site);
    }
}

/// An operation that never waits, with points before and after it and none inside.
#[inline(always)]
#[track_caller]
pub(crate) fn around<T: AsRef<[Touch]>, R>(
    touches: impl FnOnce() -> T,
    what: &'static str,
    operation: impl FnOnce() -> R,
) -> R {
    let place = Some(Location::caller());
    before(touches, what, place);
    let result = operation();
    after(what, place);
    result
}

/// Before an action that others can hardly tell from the one before it, such as an unlock: a point in a search through
/// all interleavings, and in no other exploration.
#[inline(always)]
pub(crate) fn before_fine<T: AsRef<[Touch]>>(touches: impl FnOnce() -> T, what: &'static str) {
    if are_due() {
        reach_fine(touches, what);
    }
}

/// The running goroutine touches this, which it has not declared.
#[cold]
#[inline(never)]
pub(crate) fn touch(touch: Touch) {
    if let Some(driver) = exploring() {
        driver.touch(touch);
    }
}

/// Declares what the calling goroutine touches after the wait that it is about to begin.
#[cold]
pub(crate) fn announce_after_wait(touch: Touch) {
    if let Some(driver) = exploring() {
        driver.announce_after_wait(touch);
    }
}

/// A select is queued on several channels, and touches them. `address` is that of the state that its waiters share.
#[cold]
pub(crate) fn select_waits(address: usize, touches: Vec<Touch>) {
    if let Some(driver) = exploring() {
        driver.select_waits(address, touches);
    }
}

/// The running goroutine has completed an operation of a waiting select, and so ended its wait on all channels.
#[cold]
pub(crate) fn select_is_won(address: usize) {
    if let Some(driver) = exploring() {
        driver.select_is_won(address);
    }
}

/// Which of `of` equally good possibilities the caller takes, where an exploration should see them all.
#[cold]
pub(crate) fn pick(of: usize) -> Option<usize> {
    exploring()?.pick(of)
}

/// True in a search through all interleavings: then [`pick`] returns an answer.
#[cold]
pub(crate) fn is_exhaustive() -> bool {
    exploring().is_some_and(Driver::is_exhaustive)
}

/// True for objects that are created in an exploration, where every operation is a point: such an object may leave its
/// fast paths for the slow ones, which have time to check for points.
#[inline]
pub(crate) fn is_exploring() -> bool {
    are_due() && Worker::current().and_then(Worker::driver).is_some_and(Driver::is_exploring)
}

/// Runs `f`, whose operations have no effect that others can see: there are no points in it.
#[cold]
pub(crate) fn hidden<R>(f: impl FnOnce() -> R) -> R {
    let Some(driver) = exploring() else { return f() };
    driver.hide_operations();
    let result = f();
    driver.show_operations();
    result
}

/// A timer is ready at `time`, and nothing waits for it: in an exploration it may be ready while other goroutines run.
#[cold]
pub(crate) fn note_unawaited(time: Instant) {
    if let Some(driver) = Worker::current().and_then(Worker::driver) {
        driver.note_unawaited(time);
    }
}

#[cold]
#[inline(never)]
fn reach_before<T: AsRef<[Touch]>>(
    touches: impl FnOnce() -> T,
    what: &'static str,
    place: Option<SourceLocation>,
) {
    if let Some(driver) = exploring() {
        driver.announce(touches().as_ref());
        driver.at_point(Point::Before(Operation { name: what, place }));
    }
}

#[cold]
#[inline(never)]
fn reach_fine<T: AsRef<[Touch]>>(touches: impl FnOnce() -> T, what: &'static str) {
    if let Some(driver) = exploring() {
        driver.before_fine(touches().as_ref(), what);
    }
}

#[cold]
#[inline(never)]
fn reach_after(operation: Operation) {
    if let Some(driver) = exploring() {
        driver.at_point(Point::After(operation));
    }
}

#[cold]
#[inline(never)]
fn note_operation(what: &'static str, place: Option<SourceLocation>) {
    let Some(worker) = Worker::current() else { return };
    if worker.driver().is_some() {
        reach_after(Operation { name: what, place });
    } else if let Some(place) = place {
        worker.note_operation(what, place);
    }
}

#[cold]
#[inline(never)]
fn end_long_turn(turn: Turn, what: &'static str, place: &'static Location<'static>) {
    let Some(worker) = Worker::current() else { return };
    match worker.driver() {
        Some(driver) => driver.end_long_turn(turn, Operation { name: what, place: Some(place) }),
        None => worker.end_long_turn(turn, what, place),
    }
}
