//! A count that many bring down and some wait for: the mechanism of `WaitGroup` and of the end of a scope.
//!
//! The count and a flag "there are waiters" share one word, so that counting down costs one atomic operation unless it is
//! the last one and there are waiters. A waiter sets the flag under the lock of the list and reads the count with it; the
//! operation that reaches zero and reads the flag with it takes the list under the same lock. So either the waiter sees zero,
//! or that operation sees the waiter. It wakes outside of the lock, when the state is final (`sched/INVARIANTS.md`).

use crate::base::spin::SpinLock;
use crate::base::touch::Touch;
use crate::knots::{self, Held, Members};
use crate::points;
use crate::sched::park::{Owner, Parker, WaitReason};
use crate::shim::atomic::{AtomicU64, Ordering::*};
use std::panic::Location;
use std::sync::atomic::AtomicU32;

const WAITERS: u64 = 1;
const ONE: u64 = 2;
/// Counts live above the flag, in two's complement.
const LIMIT: i64 = i64::MAX >> 2;

#[derive(Debug)]
pub(crate) struct Countdown {
    /// The count times two, plus the flag.
    state: AtomicU64,
    waiters: SpinLock<Vec<Owner>>,
    /// The number of times that waiters were released.
    rounds: AtomicU32,
    members: Members,
}

/// Why a count could not be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Misuse {
    /// It would have gone below zero, or beyond what can be counted.
    OutOfRange,
    /// It was raised from zero while there are waiters.
    AddDuringWait,
    /// It was raised again before the waiters for zero had seen it.
    ReusedTooEarly,
}

fn count_of(state: u64) -> i64 {
    (state as i64) >> 1
}

impl Countdown {
    pub(crate) fn new(count: usize) -> Countdown {
        Countdown {
            state: AtomicU64::new(count as u64 * ONE),
            waiters: SpinLock::new(Vec::new()),
            rounds: AtomicU32::new(0),
            members: Members::new(),
        }
    }

    /// The goroutines that count themselves down at their ends.
    pub(crate) fn members(&self) -> &Members {
        &self.members
    }

    pub(crate) fn count(&self) -> i64 {
        count_of(self.state.load(Relaxed))
    }

    /// Changes the count. The call that brings it to zero wakes the waiters; all calls happen before their return.
    ///
    /// `what` and `place` name the operation, as for [`after`](points::after).
    #[inline]
    pub(crate) fn add(
        &self,
        delta: i64,
        what: &'static str,
        place: Option<&'static Location<'static>>,
    ) -> Result<(), Misuse> {
        if points::are_due() {
            self.point_before_add(delta, what, place);
        }
        // Release for what was done so far, Acquire because the call that reaches zero acts for all the others.
        let before = self.state.fetch_add((delta as u64).wrapping_mul(ONE), AcqRel);
        let old = count_of(before);
        let new = old.wrapping_add(delta);
        if !(0..=LIMIT).contains(&new) || delta.unsigned_abs() > LIMIT as u64 {
            self.state.fetch_sub((delta as u64).wrapping_mul(ONE), AcqRel);
            return Err(Misuse::OutOfRange);
        }
        if before & WAITERS != 0 {
            if delta > 0 && old == 0 {
                self.state.fetch_sub((delta as u64).wrapping_mul(ONE), AcqRel);
                return Err(Misuse::AddDuringWait);
            }
            if new == 0 {
                self.release();
            }
        }
        points::after(what, place);
        Ok(())
    }

    #[cold]
    fn point_before_add(&self, delta: i64, what: &'static str, place: Option<&'static Location<'static>>) {
        // Counting down commutes with counting down, but not with counting up.
        if delta < 0 {
            points::before(|| Touch::done(self), what, place);
        } else {
            points::before(|| Touch::write(self), what, place);
        }
    }

    #[cold]
    fn release(&self) {
        let waiters = {
            let mut waiters = self.waiters.lock();
            self.state.fetch_and(!WAITERS, AcqRel);
            self.rounds.store(self.rounds.load(Relaxed).wrapping_add(1), Relaxed);
            std::mem::take(&mut *waiters)
        };
        waiters.into_iter().for_each(Owner::wake);
    }

    /// Waits for zero, in the operation `what`.
    #[inline]
    pub(crate) fn wait(
        &self,
        what: &'static str,
        reason: WaitReason,
        place: &'static Location<'static>,
    ) -> Result<(), Misuse> {
        points::before(|| [Touch::read(self), Touch::awaits(self)], what, Some(place));
        // Acquire: what was done before counting down is visible.
        if self.count_acquire() == 0 {
            crate::sched::here::spend();
            Ok(())
        } else {
            self.wait_slow(reason, place)
        }
    }

    fn count_acquire(&self) -> i64 {
        count_of(self.state.load(Acquire))
    }

    fn wait_slow(&self, reason: WaitReason, place: &'static Location<'static>) -> Result<(), Misuse> {
        let parker = Parker::current();
        let Ok(round) = self.register(parker.owner()) else { return Ok(()) };
        if points::are_due() {
            points::announce_after_wait(Touch::read(self));
            points::announce_after_wait(Touch::awaits(self));
        }
        // The frame of a scope stays until those that borrow from it have ended.
        let withdraw = || reason != WaitReason::Scope && self.withdraw(&parker);
        knots::park(&parker, reason, place, &|| self.depends_on(round), withdraw);
        self.waited()
    }

    fn waited(&self) -> Result<(), Misuse> {
        if self.count_acquire() == 0 { Ok(()) } else { Err(Misuse::ReusedTooEarly) }
    }

    /// Leaves `owner` to be woken at zero, and returns the round. Gives it back if the count is zero.
    pub(crate) fn register(&self, owner: Owner) -> Result<u32, Owner> {
        let mut waiters = self.waiters.lock();
        if count_of(self.state.fetch_or(WAITERS, AcqRel)) == 0 {
            if waiters.is_empty() {
                self.state.fetch_and(!WAITERS, AcqRel);
            }
            return Err(owner);
        }
        waiters.push(owner);
        Ok(self.rounds.load(Relaxed))
    }

    /// True while owners that were registered in `round` wait.
    pub(crate) fn is_in(&self, round: u32) -> bool {
        let _unchanged = self.waiters.lock();
        self.rounds.load(Relaxed) == round && count_of(self.state.load(Acquire)) != 0
    }

    /// Like `wait`, but may end before zero: `park` sleeps until its parker is woken, or until the closure, which
    /// withdraws the waiter under a spin lock, has returned true. It then returns false, as this does.
    pub(crate) fn wait_or_leave(
        &self,
        park: impl FnOnce(&Parker, &dyn Fn() -> bool) -> bool,
    ) -> Result<bool, Misuse> {
        let parker = Parker::current();
        if self.count_acquire() == 0 || self.register(parker.owner()).is_err() {
            return Ok(true);
        }
        if points::are_due() {
            points::announce_after_wait(Touch::write(self));
        }
        let woken = park(&parker, &|| self.withdraw(&parker));
        if woken { self.waited().map(|()| true) } else { Ok(false) }
    }

    /// Takes the owner of `parker` off the list. False: it has been taken off.
    #[cold]
    fn withdraw(&self, parker: &Parker) -> bool {
        let owner = parker.owner();
        let mut waiters = self.waiters.lock();
        let at = waiters.iter().position(|waiting| *waiting == owner);
        at.map(|at| waiters.swap_remove(at)).is_some()
    }

    /// What the waiters of this `round` wait for: each of the members, if only members are counted.
    fn depends_on(&self, round: u32) -> Vec<Held> {
        let _unchanged = self.waiters.lock();
        let count = if self.rounds.load(Relaxed) == round { self.count_acquire() } else { 0 };
        let members = self.members.get();
        let all_are_known = count > 0 && count <= members.len() as i64;
        if all_are_known { members.into_iter().flatten().map(Held::by).collect() } else { Vec::new() }
    }
}
