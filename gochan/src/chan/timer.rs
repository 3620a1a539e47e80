//! The channel of a timer: nothing is ever buffered in it, and nothing is armed until somebody waits.
//!
//! It knows from when on it is ready. A receive after that moment takes the time; a receive before it parks with the
//! moment as its deadline, in the timers of its own worker, and then looks again. So a timer that nobody waits for
//! costs its memory and nothing else, and one that is stopped or reset has no stale value to take back.

#![allow(dead_code, reason = "the timers and tickers of `time` are built on it")]

use super::core::{Blocked, Core, Place, Rare, wake_and_spend};
use super::head::{Head, TIMER};
use super::waiter::{Outcome, Waiter};
use crate::sched::clock;
use crate::sched::park::{Parker, WaitReason};
use std::mem::MaybeUninit;
use std::ptr::NonNull;
use std::time::{Duration, Instant};

/// When a timer's channel is ready; used under the channel's lock.
#[derive(Debug)]
pub(super) struct TimerState {
    /// None: stopped, or received and not periodic.
    when: Option<Instant>,
    /// Zero: not periodic.
    period: Duration,
}

impl TimerState {
    /// Takes the time if it has come.
    pub(super) fn take(&mut self) -> Option<Instant> {
        let when = self.when?;
        let now = clock::now();
        if now < when {
            return None;
        }
        self.when = if self.period.is_zero() { None } else { next_tick(when, self.period, now) };
        Some(now)
    }

    fn is_pending(&self) -> bool {
        self.when.is_some_and(|when| clock::now() < when)
    }
}

/// The first tick after `now` that is in phase with `when`.
fn next_tick(when: Instant, period: Duration, now: Instant) -> Option<Instant> {
    let missed = (now - when).as_nanos() / period.as_nanos();
    let ahead = period.as_nanos().checked_mul(missed + 1)?;
    when.checked_add(Duration::new((ahead / 1_000_000_000).try_into().ok()?, (ahead % 1_000_000_000) as u32))
}

impl Core<Instant> {
    /// A channel that is ready at `when` (`None`: never), and every `period` after that unless it is zero.
    pub(super) fn timer(when: Option<Instant>, period: Duration) -> Core<Instant> {
        Core::with_head(Head::new(0, TIMER), Rare::Timer(TimerState { when, period }))
    }

    /// Whatever has not been received by now never will be. True if the time had not come.
    pub(super) fn stop_timer(&self) -> bool {
        self.with_timer(|timer| {
            let pending = timer.is_pending();
            timer.when = None;
            pending
        })
    }

    /// As [`Core::timer`], from now on. True if the time had not come.
    pub(super) fn reset_timer(&self, when: Option<Instant>, period: Duration) -> bool {
        let pending = self.with_timer(|timer| {
            let pending = timer.is_pending();
            *timer = TimerState { when, period };
            pending
        });
        // Whoever waits does so for the old moment.
        let state = self.lock();
        let waiting = self.head.receivers.end_all(Outcome::Retry);
        drop(state);
        waiting.wake_all();
        pending
    }

    fn with_timer<R>(&self, f: impl FnOnce(&mut TimerState) -> R) -> R {
        match &mut self.lock().body().rare {
            Rare::Timer(timer) => f(timer),
            _ => unreachable!("a timer's channel has its state until the last receiver is gone"),
        }
    }
}

impl<T> Core<T> {
    /// Receives from a timer, waiting if need be, no longer than until `limit`.
    ///
    /// # Safety
    /// `slot` is valid for a write; written if the result is `Done`.
    #[cold]
    #[inline(never)]
    pub(super) unsafe fn timer_recv(&self, slot: *mut T, limit: Option<Instant>, place: Place) -> Outcome {
        loop {
            let mut state = self.lock();
            // SAFETY: the caller's promise.
            match unsafe { state.recv_now(slot) } {
                Ok(completed) => {
                    drop(state);
                    wake_and_spend(completed);
                    return Outcome::Done;
                }
                Err(Blocked::Closed) => return Outcome::Closed,
                Err(Blocked::Wait) => {}
            }
            if limit.is_some_and(|limit| clock::now() >= limit) {
                return Outcome::TimedOut;
            }
            let when = match &state.body().rare {
                Rare::Timer(timer) => timer.when,
                _ => None,
            };
            let deadline = [when, limit].into_iter().flatten().min();
            let parker = Parker::current();
            let mut waiter = MaybeUninit::<Waiter>::uninit();
            let waiter = waiter.as_mut_ptr();
            // SAFETY: the waiter outlives the park, which lasts until it is completed or withdrawn.
            unsafe {
                waiter.write(Waiter::new(slot.cast(), Some(parker.owner())));
                self.head.receivers.push(waiter);
            }
            drop(state);
            match deadline {
                Some(deadline) => {
                    // SAFETY: the waiter is this frame's, and queued with the receivers if at all.
                    let mut give_up = || unsafe { self.head.withdraw(waiter, false) };
                    parker.park_until(deadline, WaitReason::Recv, place, &mut give_up);
                }
                None => parker.park(WaitReason::Recv, place),
            }
        }
    }
}

/// When the timer that a locked channel belongs to is ready next.
///
/// # Safety
/// `head` is the beginning of a locked timer's channel.
pub(crate) unsafe fn next_time(head: NonNull<Head>) -> Option<Instant> {
    // SAFETY: only channels of `Instant` are timers; the lock is held.
    let core = unsafe { head.cast::<Core<Instant>>().as_ref() };
    // SAFETY: the lock is held by the caller, who keeps it: nothing is unlocked here.
    let mut state = std::mem::ManuallyDrop::new(super::core::Locked { core });
    match &state.body().rare {
        Rare::Timer(timer) => timer.when,
        _ => None,
    }
}
