//! A count that many bring down and some wait for: the mechanism of `WaitGroup` and of the end of a scope.
//!
//! The count and a flag "somebody waits" share one word, so that counting down costs one atomic operation unless it
//! is the last one and somebody waits. Waiters set the flag under the lock of their list before they look at the
//! count; the one who reaches zero and sees the flag takes the list under the same lock. So either the waiter sees
//! zero, or the last counter sees the waiter.

use super::bubble::{announce, announce_after_wait, has_points, point_at, point_before_at};
use super::knots::{self, Held, Members};
use super::park::{Owner, Parker, WaitReason};
use super::touch::Touch;
use crate::chan::lock::SpinLock;
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
    /// How often those who waited were released.
    rounds: AtomicU32,
    members: Members,
}

/// Why a count could not be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Misuse {
    /// It would have gone below zero, or beyond what can be counted.
    OutOfRange,
    /// It was raised from zero while somebody waits for zero.
    AddDuringWait,
    /// It was raised again before those who waited for zero had seen it.
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

    /// Goroutines that count themselves down at their ends.
    pub(crate) fn members(&self) -> &Members {
        &self.members
    }

    pub(crate) fn count(&self) -> i64 {
        count_of(self.state.load(Relaxed))
    }

    /// Changes the count. Whoever brings it to zero wakes those who wait; what was done before happens before
    /// their return.
    ///
    /// It is the operation `what` of `place`, as for [`point_at`].
    #[inline]
    pub(crate) fn add(
        &self,
        delta: i64,
        what: &'static str,
        place: Option<&'static Location<'static>>,
    ) -> Result<(), Misuse> {
        if has_points() {
            self.point_before_add(delta, what, place);
        }
        // Release for what was done so far, Acquire because the one who reaches zero acts for all the others.
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
        point_at(what, place);
        Ok(())
    }

    #[cold]
    fn point_before_add(&self, delta: i64, what: &'static str, place: Option<&'static Location<'static>>) {
        // One that counts down may change places with others that do, but not with one that counts up.
        if delta < 0 {
            announce(&Touch::done(self));
        } else {
            announce(&[Touch::write(self)]);
        }
        point_before_at(what, place);
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
        if has_points() {
            announce(&[Touch::read(self), Touch::awaits(self)]);
            point_before_at(what, Some(place));
        }
        // Acquire: what was counted down is visible.
        if self.count_acquire() == 0 {
            super::spend();
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
        let round = {
            let mut waiters = self.waiters.lock();
            if count_of(self.state.fetch_or(WAITERS, AcqRel)) == 0 {
                if waiters.is_empty() {
                    self.state.fetch_and(!WAITERS, AcqRel);
                }
                return Ok(());
            }
            waiters.push(parker.owner());
            self.rounds.load(Relaxed)
        };
        if has_points() {
            announce_after_wait(Touch::read(self));
            announce_after_wait(Touch::awaits(self));
        }
        knots::park(&parker, reason, place, &|| self.depends_on(round));
        if self.count_acquire() == 0 { Ok(()) } else { Err(Misuse::ReusedTooEarly) }
    }

    /// What those wait for who began to in this `round`: for each of the members, if nobody else has counted up.
    fn depends_on(&self, round: u32) -> Vec<Held> {
        let _unchanged = self.waiters.lock();
        let count = if self.rounds.load(Relaxed) == round { self.count_acquire() } else { 0 };
        let members = self.members.get();
        let all_are_known = count > 0 && count <= members.len() as i64;
        if all_are_known { members.into_iter().flatten().map(Held::by).collect() } else { Vec::new() }
    }
}
