//! How a select chooses, waits and leaves.
//!
//! 1. *Poll*: the arms in random order, or in source order if biased. An arm that cannot be ready is passed over
//!    without its channel being locked; the first that can be completed is chosen. Nothing else of any channel is
//!    touched.
//! 2. *Look at one instant*: all channels are locked, in the order of their addresses, and polled once more. If
//!    nothing is ready then `default` is right, or it is time to wait: a waiter goes on the queue of every arm before
//!    the locks are let go. So no value can come between the look and the queueing, and two selects that face each
//!    other cannot miss each other: one of them has all its locks first, and the other finds it waiting.
//!    Arms of one channel go on its queue in the order of the last draw, which found nothing and so says nothing of
//!    them: the first on the queue, which is the one to be served, is any of them. Source order if biased.
//! 3. *Wait*: whoever finds one of the waiters claims the select (see [`Claim`]), moves the value, and wakes it.
//! 4. *Leave*: the waiters of the other arms are taken off their queues.
//!
//! A timer's channel is ready by itself: the earliest of them is the deadline of the wait, after which the select
//! starts over. So it does when a wait was ended because things have changed.

use super::arm::Arm;
use crate::chan::core::{Blocked, Place};
use crate::chan::waiter::{Claim, Completed, Outcome, Waiter};
use crate::sched::berths::LINE;
use crate::sched::bubble::{self, point_of_poll};
use crate::sched::park::{Owner, Parker, WaitReason};
use crate::sched::touch::Touch;
use crate::sched::{self, random};
use std::mem::MaybeUninit;
use std::ptr::{self, NonNull};
use std::time::Instant;

/// What to do when nothing is ready.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mode {
    /// Source order decides among ready arms.
    pub(super) biased: bool,
    /// There is a `default`.
    pub(super) default: bool,
    /// There is an `else`.
    pub(super) or_else: bool,
}

/// The arm that a select has chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chosen {
    index: u32,
    end: End,
}

/// How a select ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum End {
    /// A value has moved.
    Moved,
    /// The channel is closed.
    Closed,
    /// A send failed because nobody is left who could receive.
    Abandoned,
    /// By `default` or `else`.
    Fallback,
}

impl Chosen {
    /// The number of the arm; the number of all arms for `default` and `else`.
    #[inline]
    pub fn index(self) -> usize {
        self.index as usize
    }

    #[inline]
    fn moved(index: usize) -> Chosen {
        Chosen { index: index as u32, end: End::Moved }
    }

    fn closed(index: usize, arm: &Arm<'_>) -> Chosen {
        Chosen { index: index as u32, end: if arm.is_abandoned() { End::Abandoned } else { End::Closed } }
    }

    /// `default` or `else`, after `arms` arms.
    #[inline]
    pub(super) fn fallback(arms: usize) -> Chosen {
        Chosen { index: arms as u32, end: End::Fallback }
    }

    #[inline]
    pub(super) fn is_moved(self) -> bool {
        self.end == End::Moved
    }

    #[inline]
    pub(super) fn is_fallback(self) -> bool {
        self.end == End::Fallback
    }

    #[inline]
    pub(super) fn is_abandoned(self) -> bool {
        self.end == End::Abandoned
    }
}

/// Where the waiters of a select are, one for each arm, and what they share.
#[derive(Debug, Clone, Copy)]
pub(super) struct Berth {
    claim: NonNull<Claim>,
    waiters: NonNull<Waiter>,
}

impl Berth {
    /// In memory of the caller's, as many waiters as there are arms.
    pub(super) fn of(claim: &mut MaybeUninit<Claim>, waiters: &mut [MaybeUninit<Waiter>]) -> Berth {
        Berth { claim: NonNull::from(claim).cast(), waiters: NonNull::from(waiters).cast() }
    }

    /// How many cache lines hold a berth.
    pub(super) const fn lines(arms: usize) -> usize {
        (Berth::WAITERS + arms * size_of::<Waiter>()).div_ceil(LINE)
    }

    /// Where in a run of cache lines the waiters begin, behind the claim.
    const WAITERS: usize = {
        assert!(align_of::<Claim>() <= LINE && align_of::<Waiter>() <= LINE);
        size_of::<Claim>().next_multiple_of(align_of::<Waiter>())
    };

    /// # Safety
    /// There are [`Berth::lines`] at `run`.
    #[inline]
    pub(super) unsafe fn in_lines(run: NonNull<u8>) -> Berth {
        // SAFETY: that is within the run.
        Berth { claim: run.cast(), waiters: unsafe { run.add(Berth::WAITERS) }.cast() }
    }

    /// The waiter of an arm.
    #[inline]
    fn waiter(self, index: usize) -> *mut Waiter {
        self.waiters.as_ptr().wrapping_add(index)
    }
}

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
    pub(super) berth: Berth,
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
        if !self.mode.default
            && self.linger()
            && let Some(chosen) = poll(self.arms, self.order, self.mode.biased, self.place, other)
        {
            return Begun::Chosen(chosen);
        }
        if !self.all_off() {
            self.lock_all();
            let chosen = self.poll_locked(other);
            if chosen.is_none() && !self.mode.default && !self.all_off() {
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
        if self.mode.default || (self.mode.or_else && self.all_off()) {
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

    /// After the wait: what was chosen, once no waiter is on any queue. None: start over. The owner, if nobody has woken it,
    /// may be a task's, and is to be dropped when the choice has been noted.
    ///
    /// The select has been won, or has given up.
    #[inline(never)]
    pub(super) fn leave(&mut self) -> (Option<Chosen>, Option<Owner>) {
        let berth = self.berth;
        let winner = self.claim().winner();
        let mut won = None;
        for (index, arm) in self.arms.iter().enumerate() {
            let Some(operation) = arm.active() else { continue };
            let waiter = berth.waiter(index);
            if ptr::eq(waiter, winner) {
                won = Some(index);
            } else {
                // SAFETY: the waiter was queued with this arm's channel, which the arm borrows. It has no owner of its own.
                drop(unsafe { operation.head().withdraw(waiter, operation.sends) });
            }
        }
        // SAFETY: written when the select was queued, and not used any more.
        let owner = unsafe { berth.claim.read() }.into_owner();
        let chosen = won.and_then(|index| {
            // SAFETY: written when the select was queued; the winner is done with it.
            match unsafe { (*berth.waiter(index)).outcome } {
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

    /// The arm to choose because the channel of the arm `won` was closed, or abandoned by its receivers: who does that
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
                if candidates == 1 || (!self.mode.biased && random::below(random::next(), candidates) == 0) {
                    drawn = Some(index);
                }
            }
        }
        drawn
    }

    /// True if it was worth to wait for a moment before parking: a buffer that another worker fills or drains needs
    /// no wake then.
    fn linger(&self) -> bool {
        let arms = &*self.arms;
        let worth = sched::may_linger() && arms.iter().any(Arm::is_buffered);
        if worth {
            sched::linger(|| arms.iter().any(Arm::may_be_ready));
        }
        worth
    }

    /// For a wait that was not ended by a wake: gives up, or lets the winner come to its end, which is under the lock of
    /// its arm's channel.
    pub(super) fn give_up(&self) {
        let (claim, berth) = (self.claim(), self.berth);
        if bubble::has_points() {
            touches(self.arms).into_iter().for_each(bubble::touch);
        }
        if claim.give_up() {
            return;
        }
        let winner = claim.winner();
        for (index, arm) in self.arms.iter().enumerate() {
            if ptr::eq(berth.waiter(index), winner)
                && let Some(operation) = arm.active()
            {
                // SAFETY: the arm borrows the channel.
                unsafe {
                    operation.head().lock();
                    operation.head().unlock();
                }
            }
        }
    }

    /// Of a select that has been queued.
    fn claim(&self) -> &Claim {
        // SAFETY: written when the select was queued, and there until it has left.
        unsafe { self.berth.claim.as_ref() }
    }

    fn all_off(&self) -> bool {
        self.arms.iter().all(|arm| arm.active().is_none())
    }

    /// Chooses an arm while all channels are locked. `other` is as for [`poll`].
    fn poll_locked(&mut self, other: &mut Option<Completed>) -> Option<Chosen> {
        if bubble::has_points() {
            // The first look was at one after the other, or a wait has come to its end without a choice.
            touches(self.arms).into_iter().for_each(bubble::touch);
            if !self.mode.biased && bubble::goes_through_all() {
                return self.pick_locked(other);
            }
        }
        let draw = Draw { biased: self.mode.biased };
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
            let index = ready.remove(bubble::pick(ready.len()).unwrap_or(0));
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
            unsafe { operation.head() }.lock();
        });
    }

    fn unlock_all(&self) {
        each_channel(self.arms, self.locks, |operation| {
            // SAFETY: the arm borrows the channel, which `lock_all` has locked.
            unsafe { operation.head().unlock() };
        });
    }

    /// Queues on every arm, after `poll_locked` has drawn all of them. The earliest time at which a timer among them is ready.
    fn queue_all(&mut self, owner: Owner) -> Option<Instant> {
        let berth = self.berth;
        // SAFETY: the berth has room for it.
        unsafe { berth.claim.write(Claim::new(owner)) };
        let claim = self.claim();
        if bubble::has_points() {
            bubble::select_waits(ptr::from_ref(claim).addr(), touches(self.arms));
        }
        let mut deadline: Option<Instant> = None;
        // In source order if biased, as nothing is drawn then.
        for &index in self.order.iter() {
            let arm = &self.arms[index as usize];
            let Some(operation) = arm.active() else { continue };
            let waiter = berth.waiter(index as usize);
            // SAFETY: the channel is locked. Waiters and claim stay where they are until `leave`.
            unsafe {
                waiter.write(Waiter::of_select(arm.slot, claim));
                operation.head().queue(operation.sends).push(waiter);
                if let Some(time) = operation.next_time() {
                    deadline = Some(deadline.map_or(time, |deadline| deadline.min(time)));
                }
            }
        }
        deadline
    }
}

/// Chooses an arm, looking at one channel at a time. `order` has all indices, and is left in the order drawn. `other`, which
/// is None before, is who is to be woken when the choice has been noted.
#[inline]
pub(super) fn poll(
    arms: &mut [Arm<'_>],
    order: &mut [u32],
    biased: bool,
    place: Option<Place>,
    other: &mut Option<Completed>,
) -> Option<Chosen> {
    let draw = Draw { biased };
    for turn in 0..arms.len() {
        let index = draw.next(order, turn);
        let arm = &mut arms[index];
        if !arm.may_be_ready() {
            continue;
        }
        let Some(operation) = arm.active() else { continue };
        // SAFETY: the arm borrows the channel.
        if unsafe { operation.head() }.is_explored() && looks_at_one_instant(arms, index, biased, place) {
            return None;
        }
        let arm = &mut arms[index];
        // SAFETY: the arm borrows the channel and the slot; the lock is taken and let go here.
        let attempted = unsafe {
            let head = operation.head();
            head.lock();
            let attempted = operation.attempt(arm.slot);
            head.unlock();
            attempted
        };
        match attempted {
            Ok(completed) => {
                arm.moved();
                if completed.is_some() {
                    *other = completed;
                }
                return Some(Chosen::moved(index));
            }
            Err(Blocked::Closed) if arm.closed() => return Some(Chosen::closed(index, arm)),
            Err(_) => {}
        }
    }
    None
}

/// In an exploration: lets others run before an arm is looked at. True if all arms are to be looked at together instead: in a
/// search through all interleavings, where nothing is to be left to a draw.
#[cold]
fn looks_at_one_instant(arms: &[Arm<'_>], index: usize, biased: bool, place: Option<Place>) -> bool {
    let at_once = !biased && bubble::goes_through_all();
    if at_once {
        bubble::announce(&touches(arms));
        bubble::point_before_at("select", place);
    } else if let Some(operation) = arms[index].active() {
        // SAFETY: the arm borrows the channel.
        unsafe { operation.head() }.point_before("select", place);
    }
    at_once
}

/// What a select touches.
#[cold]
fn touches(arms: &[Arm<'_>]) -> Vec<Touch> {
    let active = arms.iter().filter_map(Arm::active);
    // SAFETY: an arm borrows its channel.
    active.map(|operation| Touch::write(unsafe { operation.head() })).collect()
}

/// The end of a choice that has been noted: wakes the other side, and lets others run now and then. A select with `default`
/// never waits, and lets others run only if its turn has been a long one.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn conclude(completed: Option<Completed>, waits: bool, place: Place) {
    if let Some(completed) = completed {
        completed.wake();
    }
    if waits {
        sched::spend();
    } else {
        point_of_poll("select", place);
    }
}

fn address(arm: &Arm<'_>) -> usize {
    arm.operation.map_or(0, |operation| operation.address())
}

/// Visits each channel once, given the arms' order by address. Arms that went off are among them: they may have done
/// so while the locks were held.
fn each_channel(arms: &[Arm<'_>], by_address: &[u32], visit: impl Fn(crate::chan::operation::Operation)) {
    let mut last = 0;
    for &index in by_address {
        let Some(operation) = arms[index as usize].operation else { continue };
        if operation.address() != last {
            last = operation.address();
            visit(operation);
        }
    }
}

/// Draws arms without replacement, as far as they are asked for.
#[derive(Clone, Copy)]
struct Draw {
    biased: bool,
}

impl Draw {
    /// The arm of turn number `turn`; `order` has the arms drawn before at its front.
    #[inline]
    fn next(self, order: &mut [u32], turn: usize) -> usize {
        if self.biased {
            return turn;
        }
        let left = (order.len() - turn) as u32;
        if left > 1 {
            order.swap(turn, turn + random::below(random::next(), left) as usize);
        }
        order[turn] as usize
    }
}
