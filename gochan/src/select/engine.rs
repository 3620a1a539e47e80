//! How a select chooses, waits and leaves.
//!
//! 1. *Poll*, in [`super::poll`]: the arms in random order, or in source order if biased. An arm that cannot be ready is
//!    passed over without its channel being locked; the first that can be completed is chosen. Nothing else of any
//!    channel is touched.
//! 2. *Look at one instant*: all channels are locked, in the order of their addresses, and polled once more. If
//!    nothing is ready then `default` is right, or it is time to wait: a waiter goes on the queue of every arm before
//!    the locks are let go. So no value can come between polling and queueing, and two selects that face each
//!    other cannot miss each other: one of them has all its locks first, and the other finds it waiting.
//!    Arms of one channel go on its queue in the order of the last draw, which found nothing and so says nothing of
//!    them: the first on the queue, which is the one to be served, is any of them. Source order if biased.
//! 3. *Wait*: an operation that finds one of the waiters claims the select (see [`Claim`]), moves the value, and wakes it.
//! 4. *Leave*: the waiters of the other arms are taken off their queues.
//!
//! A timer's channel is ready by itself: the earliest of them is the deadline of the wait, after which the select
//! starts over. So it does when a wait was ended because things have changed.

use super::arm::Arm;
use super::choice::{Chosen, IfBlocked, Mode, Order};
use super::poll::{Draw, poll, touches};
use super::slot::WaiterSlot;
use crate::base::random;
use crate::chan::{Blocked, Claim, Outcome, Place, Waiter};
use crate::points;
use crate::sched::here;
use crate::sched::park::{Completed, Owner, Parker, WaitReason};
use std::ptr;
use std::time::Instant;

/// How far a select has come.
pub(super) enum Begun<P> {
    Chosen(Chosen),
    /// Queued on every arm; to be woken, or to give up at the time.
    Waiting(P, Option<Instant>),
    /// Every arm is off, for ever.
    AllOff,
}

/// The arms of one select and what it needs to wait on them. All slices are of one length.
pub(super) struct Engine<'e, 'a> {
    pub(super) arms: &'e mut [Arm<'a>],
    /// From when it is queued until it has left, what is there stays there.
    pub(super) slot: WaiterSlot,
    /// All indices, in the order of the last draw; never drawn if biased.
    pub(super) order: &'e mut [u32],
    /// All indices, in the order of their channels' addresses if `sorted`.
    pub(super) locks: &'e mut [u32],
    pub(super) sorted: &'e mut bool,
    pub(super) mode: Mode,
    /// Where the select is; a task's is not known.
    pub(super) place: Option<Place>,
}

impl Engine<'_, '_> {
    /// After `poll` has found nothing: chooses an arm, or queues on all of them for the owner that `wait` makes. `other` is as
    /// for [`poll`].
    #[inline(never)]
    pub(super) fn begin<P>(
        &mut self,
        other: &mut Option<Completed>,
        wait: impl FnOnce() -> (P, Owner),
    ) -> Begun<P> {
        if !self.mode.has_default()
            && self.linger()
            && let Some(chosen) = poll(self.arms, self.order, self.mode.order, self.place, other)
        {
            return Begun::Chosen(chosen);
        }
        if !self.all_off() {
            self.lock_all();
            let chosen = self.poll_locked(other);
            if chosen.is_none() && !self.mode.has_default() && !self.all_off() {
                let (parker, owner) = wait();
                let deadline = self.queue_all(owner);
                self.unlock_all();
                return Begun::Waiting(parker, deadline);
            }
            self.unlock_all();
            if let Some(chosen) = chosen {
                return Begun::Chosen(chosen);
            }
        }
        if self.mode.has_default() || (self.mode.if_blocked == IfBlocked::Else && self.all_off()) {
            return Begun::Chosen(Chosen::fallback(self.arms.len()));
        }
        Begun::AllOff
    }

    /// Waits for the deadline or the wake. To be followed by `leave`.
    #[cold]
    #[inline(never)]
    pub(super) fn park_until(&self, parker: &Parker, deadline: Instant, place: Place) {
        let claim = self.claim();
        parker.park_until(deadline, WaitReason::Select, place, &mut || claim.give_up());
    }

    /// After the wait: what was chosen, once no waiter is on any queue. None: start over. The owner, if it was not woken,
    /// may be a task's, and is to be dropped when the choice has been noted.
    ///
    /// The select has been won, or has given up.
    #[inline(never)]
    pub(super) fn leave(&mut self) -> (Option<Chosen>, Option<Owner>) {
        let slot = self.slot;
        let winner = self.claim().winner();
        let mut won = None;
        for (index, arm) in self.arms.iter().enumerate() {
            let Some(operation) = arm.active() else { continue };
            let waiter = slot.waiter(index);
            if ptr::eq(waiter, winner) {
                won = Some(index);
            } else {
                // SAFETY: the waiter was queued with this arm's channel, which the arm borrows. It has no owner of its own.
                drop(unsafe { operation.header().withdraw(waiter, operation.direction) });
            }
        }
        // SAFETY: written when the select was queued, and not used any more.
        let owner = unsafe { slot.claim.read() }.into_owner();
        let chosen = won.and_then(|index| {
            // SAFETY: written when the select was queued; the winner is done with it.
            match unsafe { (*slot.waiter(index)).outcome } {
                Outcome::Done => {
                    self.arms[index].moved();
                    Some(Chosen::moved(index))
                }
                Outcome::Closed => {
                    let index = self.redraw_closed(index);
                    self.arms[index].closed().then(|| Chosen::closed(index, &self.arms[index]))
                }
                _ => None,
            }
        });
        (chosen, owner)
    }

    /// The arm to choose because the channel of the arm `won` was closed, or abandoned by its receivers: that
    /// ends the waits in an order of its own, and all arms of that channel are ready now.
    #[inline]
    fn redraw_closed(&self, won: usize) -> usize {
        let channel = address(&self.arms[won]);
        for (index, arm) in self.arms.iter().enumerate() {
            if index != won && address(arm) == channel {
                return self.redraw(channel).unwrap_or(won);
            }
        }
        won
    }

    /// One of the arms of a channel, of which several are ready.
    #[cold]
    fn redraw(&self, channel: usize) -> Option<usize> {
        let mut drawn = None;
        let mut candidates = 0;
        for (index, arm) in self.arms.iter().enumerate() {
            if arm.active().is_some_and(|operation| operation.address() == channel) {
                candidates += 1;
                // Each of them is the last one drawn with the same probability.
                if candidates == 1
                    || (self.mode.order == Order::Random && random::below(random::next(), candidates) == 0)
                {
                    drawn = Some(index);
                }
            }
        }
        drawn
    }

    /// Waits for a moment before parking, if that is worth it: a buffer that another worker fills or drains then needs no
    /// wake. True if it waited.
    fn linger(&self) -> bool {
        let arms = &*self.arms;
        let worth = here::may_linger() && arms.iter().any(Arm::is_buffered);
        if worth {
            here::linger(|| arms.iter().any(Arm::looks_ready));
        }
        worth
    }

    /// Leaves all queues, as the wait is called off. False: an arm has won, or nothing may unwind out of this select.
    #[cold]
    #[inline(never)]
    pub(super) fn call_off(&mut self) -> bool {
        // A place that may have been moved from is guarded by an abort.
        let may_unwind = !self.arms.iter().any(Arm::sends_place);
        let is_called_off = may_unwind && self.claim().give_up();
        if is_called_off {
            drop(self.leave());
        }
        is_called_off
    }

    /// For a wait that was not ended by a wake: gives up, or lets the winner come to its end, which is under the lock of
    /// its arm's channel.
    pub(super) fn give_up(&self) {
        let (claim, slot) = (self.claim(), self.slot);
        if points::are_due() {
            touches(self.arms).into_iter().for_each(points::touch);
        }
        if claim.give_up() {
            return;
        }
        let winner = claim.winner();
        for (index, arm) in self.arms.iter().enumerate() {
            if ptr::eq(slot.waiter(index), winner)
                && let Some(operation) = arm.active()
            {
                // SAFETY: the arm borrows the channel.
                unsafe {
                    operation.header().lock();
                    operation.header().unlock();
                }
            }
        }
    }

    /// Of a select that has been queued.
    fn claim(&self) -> &Claim {
        // SAFETY: written when the select was queued, and there until it has left.
        unsafe { self.slot.claim.as_ref() }
    }

    fn all_off(&self) -> bool {
        self.arms.iter().all(|arm| arm.active().is_none())
    }

    /// Chooses an arm while all channels are locked. `other` is as for [`poll`].
    fn poll_locked(&mut self, other: &mut Option<Completed>) -> Option<Chosen> {
        if points::are_due() {
            // The first poll took one channel after the other, or a wait ended without a choice.
            touches(self.arms).into_iter().for_each(points::touch);
            if self.mode.order == Order::Random && points::is_exhaustive() {
                return self.pick_locked(other);
            }
        }
        let draw = Draw { order: self.mode.order };
        for turn in 0..self.arms.len() {
            let index = draw.next(self.order, turn);
            if let Some(chosen) = self.attempt_locked(index, other) {
                return Some(chosen);
            }
        }
        None
    }

    /// In a search through all interleavings: each of the ready arms is chosen in one of them.
    #[cold]
    fn pick_locked(&mut self, other: &mut Option<Completed>) -> Option<Chosen> {
        let mut ready: Vec<_> = (0..self.arms.len()).filter(|&index| self.is_ready(index)).collect();
        while !ready.is_empty() {
            let index = ready.remove(points::pick(ready.len()).unwrap_or(0));
            // None: it goes off, because it is closed.
            if let Some(chosen) = self.attempt_locked(index, other) {
                return Some(chosen);
            }
        }
        None
    }

    /// True if the arm would be chosen now. All channels are locked.
    fn is_ready(&mut self, index: usize) -> bool {
        let arm = &mut self.arms[index];
        // SAFETY: the arm borrows the channel, which is locked.
        arm.active().is_some_and(|operation| unsafe { operation.is_ready() })
    }

    /// Chooses this arm if it is ready. All channels are locked.
    #[inline]
    fn attempt_locked(&mut self, index: usize, other: &mut Option<Completed>) -> Option<Chosen> {
        let arm = &mut self.arms[index];
        let operation = arm.active()?;
        // SAFETY: the arm borrows the channel, which is locked, and the slot.
        match unsafe { operation.attempt(arm.slot) } {
            Ok(completed) => {
                arm.moved();
                *other = completed;
                Some(Chosen::moved(index))
            }
            Err(Blocked::Closed) if arm.closed() => Some(Chosen::closed(index, arm)),
            Err(_) => None,
        }
    }

    /// Locks every channel once.
    fn lock_all(&mut self) {
        let arms = &*self.arms;
        if !*self.sorted {
            self.locks.sort_unstable_by_key(|&index| address(&arms[index as usize]));
            *self.sorted = true;
        }
        each_channel(arms, self.locks, |operation| {
            // SAFETY: the arm borrows the channel.
            unsafe { operation.header() }.lock();
        });
    }

    fn unlock_all(&self) {
        each_channel(self.arms, self.locks, |operation| {
            // SAFETY: the arm borrows the channel, which `lock_all` has locked.
            unsafe { operation.header().unlock() };
        });
    }

    /// Queues on every arm, after `poll_locked` has drawn all of them. The earliest time at which a timer among them is ready.
    fn queue_all(&mut self, owner: Owner) -> Option<Instant> {
        let slot = self.slot;
        // SAFETY: the slot has room for it.
        unsafe { slot.claim.write(Claim::new(owner)) };
        let claim = self.claim();
        if points::are_due() {
            points::select_waits(ptr::from_ref(claim).addr(), touches(self.arms));
        }
        let mut deadline: Option<Instant> = None;
        // In source order if biased, as nothing is drawn then.
        for &index in self.order.iter() {
            let arm = &self.arms[index as usize];
            let Some(operation) = arm.active() else { continue };
            let waiter = slot.waiter(index as usize);
            // SAFETY: the channel is locked. Waiters and claim stay where they are until `leave`.
            unsafe {
                waiter.write(Waiter::of_select(arm.slot, claim));
                operation.header().queue(operation.direction).push(waiter);
                if let Some(time) = operation.next_time() {
                    deadline = Some(deadline.map_or(time, |deadline| deadline.min(time)));
                }
            }
        }
        deadline
    }
}

fn address(arm: &Arm<'_>) -> usize {
    arm.operation.map_or(0, |operation| operation.address())
}

/// Visits each channel once, given the arms' order by address. Arms that went off are among them: they may have done
/// so while the locks were held.
fn each_channel(arms: &[Arm<'_>], by_address: &[u32], visit: impl Fn(crate::chan::Operation)) {
    let mut last = 0;
    for &index in by_address {
        let Some(operation) = arms[index as usize].operation else { continue };
        if operation.address() != last {
            last = operation.address();
            visit(operation);
        }
    }
}
