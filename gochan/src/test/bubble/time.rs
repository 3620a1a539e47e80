//! The clock of a bubble: when it advances, and what that fires.
//!
//! * When all wait, it jumps to the next deadline.
//! * An event that is *due* needs no such jump. It fires before any goroutine learns that all wait; between any two
//!   turns, unless a director chooses the moment; and when a goroutine asks to let others run.
//! * A director may make the clock jump while some goroutines can run, which delays them. The choice includes timers
//!   that nothing waits for: they have no deadline with the worker, but may be polled. There are no such jumps while a
//!   goroutine waits for all others to wait, nor after the end of the first goroutine.
//! * Goroutines that can run, but only poll again and again, count as waiting.

use super::Bubble;
use crate::base::clock::Moment;
use crate::base::policy::BUDGET;
use crate::test::director::Event;
use std::cmp::Reverse;
use std::time::Duration;

/// Why the running goroutine has called its worker.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pause {
    Yielded,
    /// It has polled, perhaps without finding anything.
    Polled,
    /// It has completed another operation.
    Operated,
}

/// The state of the goroutines when the clock jumps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Others {
    AllWait,
    MayRun,
}

impl Bubble {
    /// The time until the next deadline, if a director may make the clock jump there while some can run. A goroutine
    /// that waits for all others to wait expects no time to pass meanwhile.
    #[inline]
    pub(crate) fn offered_deadline(&self) -> Option<Duration> {
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

    /// Adds to the operations that may have been in vain.
    pub(super) fn count_in_vain(&self, pause: Pause) {
        let weight = match pause {
            Pause::Yielded => 10,
            // A director that is asked often is told of each operation, otherwise of the one that ends a budget.
            _ if self.director.is_asked_often() => 1,
            Pause::Polled => BUDGET,
            Pause::Operated => 0,
        };
        self.in_vain.set(self.in_vain.get().saturating_add(weight));
    }

    /// True if the goroutines that can run have only polled for so long that they count as waiting.
    pub(crate) fn is_stalled(&self) -> bool {
        const LONG: u32 = 10_000;
        self.in_vain.get() >= LONG
    }

    pub(crate) fn is_due(&self) -> bool {
        self.first_deadline() <= Moment::of(self.now())
    }

    /// The reason why one goroutine has switched out.
    pub(crate) fn let_clock_act(&'static self) {
        let is_stalled = self.is_stalled();
        self.in_vain.set(0);
        if !is_stalled || self.is_due() {
            self.jump();
        } else if !self.wake_for_quiet() {
            self.jump_as_all_wait();
        }
    }

    /// The next moment at which a wait or a function is due.
    #[inline]
    fn first_deadline(&self) -> Moment {
        let timers = &self.worker.timers;
        let first = if timers.is_empty() { Moment::NEVER } else { timers.first() };
        first.min(self.worker.alarms.first())
    }

    /// The next moment at which a timer is ready that nothing waits for.
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

    /// Fires everything that is due, in the order in which it was set. True if there was anything.
    pub(crate) fn fire_due(&'static self) -> bool {
        self.is_due() && self.jump_to(self.first_deadline(), Others::MayRun)
    }

    pub(crate) fn jump_as_all_wait(&'static self) -> bool {
        let deadline = self.first_deadline();
        self.end.get().is_none_or(|end| deadline <= end) && self.jump_to(deadline, Others::AllWait)
    }

    /// Jumps although some can run, which delays them.
    pub(crate) fn jump(&'static self) -> bool {
        let before = self.now();
        let has_jumped = self.jump_to(self.first_deadline().min(self.first_unawaited()), Others::MayRun);
        self.held_up.set(self.held_up.get() + (self.now() - before));
        has_jumped
    }

    /// Sets the clock to `deadline`, unless that is earlier, and fires everything that is due then, in the order in
    /// which it was set. False if the deadline is never.
    fn jump_to(&'static self, deadline: Moment, others: Others) -> bool {
        if deadline == Moment::NEVER {
            return false;
        }
        let worker = self.worker;
        let ahead = deadline.since(Moment::of(self.now()));
        self.set_now(self.now() + ahead);
        self.director.saw(Event::Jumped { by: ahead, all_wait: others == Others::AllWait });
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
