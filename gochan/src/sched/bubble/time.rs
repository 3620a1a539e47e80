//! The clock of a bubble: when it goes on, and what that fires.
//!
//! * When all wait, it jumps to the next deadline.
//! * What is *due* needs no such jump. It is fired before anybody is told that all wait; between any two turns, unless there
//!   is a director who chooses the moment; and when a goroutine asks to let others run.
//! * A director may have it jump while some can run, who are held up by that. It is offered the timers as well that nobody
//!   waits for: they have no deadline with the worker, but may be looked at. Never while somebody waits for all others
//!   to wait, nor after the end of the first goroutine.
//! * If those that can run do nothing but look for something, again and again, they are taken to wait.

use super::super::clock::Moment;
use super::super::worker::{BUDGET, Worker};
use super::{Bubble, Event};
use std::cmp::Reverse;
use std::time::{Duration, Instant};

/// A timer is ready at `time`, and nobody waits for it: in an exploration it may be ready while others run.
#[cold]
pub(crate) fn note_unawaited(time: Instant) {
    if let Some(bubble) = Worker::current().and_then(Worker::bubble)
        && bubble.director.is_asked_often()
    {
        bubble.unawaited.borrow_mut().push(Reverse(Moment::of(time)));
    }
}

impl Bubble {
    /// How far ahead the next deadline is, if a director may have the clock jump there while some can run. Who waits for
    /// all others to wait expects no time to pass meanwhile.
    #[inline]
    pub(super) fn offered_deadline(&self) -> Option<Duration> {
        if !self.director.is_asked_often() || self.end.get().is_some() {
            return None;
        }
        let first = self.first_deadline().min(self.first_unawaited());
        (first != Moment::NEVER).then(|| self.offer(first)).flatten()
    }

    fn offer(&self, first: Moment) -> Option<Duration> {
        let ahead = first.since(Moment::of(self.now()));
        let is_held = self.returning.get() > 0 || !self.waiting_for_quiet.borrow().is_empty();
        (ahead.is_zero() || !is_held).then_some(ahead)
    }

    /// The goroutine that runs has completed an operation, perhaps a look that has found nothing, or yields.
    pub(super) fn count_look(&self, yields: bool, is_poll: bool) {
        let weight = match (yields, is_poll) {
            (true, _) => 10,
            // One that is asked often is told of each operation, else of the one that ends a budget.
            _ if self.director.is_asked_often() => 1,
            (false, true) => BUDGET,
            (false, false) => 0,
        };
        self.in_vain.set(self.in_vain.get().saturating_add(weight));
    }

    /// True if those that can run have done nothing but look, for so long that they may be taken to wait.
    pub(super) fn is_stalled(&self) -> bool {
        const LONG: u32 = 10_000;
        self.in_vain.get() >= LONG
    }

    pub(super) fn is_due(&self) -> bool {
        self.first_deadline() <= Moment::of(self.now())
    }

    /// What one goroutine has switched out for.
    pub(super) fn let_clock_act(&'static self) {
        let is_stalled = self.is_stalled();
        self.in_vain.set(0);
        if !is_stalled || self.is_due() {
            self.jump();
        } else if !self.wake_for_quiet() {
            self.jump_as_all_wait();
        }
    }

    /// The next moment that somebody waits for, or a function.
    #[inline]
    fn first_deadline(&self) -> Moment {
        let timers = &self.worker.timers;
        let first = if timers.is_empty() { Moment::NEVER } else { timers.first() };
        first.min(self.worker.alarms.first())
    }

    /// The next moment at which a timer is ready that nobody waits for.
    #[inline]
    fn first_unawaited(&self) -> Moment {
        if self.unawaited.borrow().is_empty() {
            return Moment::NEVER;
        }
        let now = Moment::of(self.now());
        let mut unawaited = self.unawaited.borrow_mut();
        while unawaited.peek().is_some_and(|&Reverse(first)| first <= now) {
            unawaited.pop();
        }
        unawaited.peek().map_or(Moment::NEVER, |&Reverse(first)| first)
    }

    /// True if something is due later.
    pub(crate) fn has_deadline(&self) -> bool {
        self.first_deadline() != Moment::NEVER
    }

    /// Fires what is due, in the order in which it was set. True if there was anything.
    pub(super) fn fire_due(&'static self) -> bool {
        self.is_due() && self.jump_to(self.first_deadline(), false)
    }

    pub(super) fn jump_as_all_wait(&'static self) -> bool {
        let deadline = self.first_deadline();
        self.end.get().is_none_or(|end| deadline <= end) && self.jump_to(deadline, true)
    }

    /// Although some can run, which are held up by it.
    pub(super) fn jump(&'static self) -> bool {
        let before = self.now();
        let has_jumped = self.jump_to(self.first_deadline().min(self.first_unawaited()), false);
        self.held_up.set(self.held_up.get() + (self.now() - before));
        has_jumped
    }

    /// Sets the clock to `deadline`, unless that is earlier, and fires whatever is due then, in the order in which it was
    /// set. False if it is never.
    fn jump_to(&'static self, deadline: Moment, all_wait: bool) -> bool {
        if deadline == Moment::NEVER {
            return false;
        }
        let worker = self.worker;
        let ahead = deadline.since(Moment::of(self.now()));
        self.now.set(self.now() + ahead);
        self.director.saw(Event::Jumped { by: ahead, all_wait });
        while self.first_deadline() <= deadline {
            if worker.timers.first_set() <= worker.alarms.first_set() {
                worker.timers.fire_first(|goroutine| worker.push_ready(goroutine));
            } else {
                worker.alarms.fire_first();
            }
            self.collect();
        }
        true
    }
}
