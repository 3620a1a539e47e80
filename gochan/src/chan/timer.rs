//! The channel of a timer: nothing is ever buffered in it, and nothing is armed until somebody waits.
//!
//! It knows from when on it is ready. A receive after that moment takes it: the value is the moment itself, however late
//! the receive. A receive before it parks with the moment as its deadline, in the timers of its own worker, and then looks
//! again; a task, which has nothing to park, sets an alarm. So a timer that nobody waits for costs its memory and nothing
//! else.
//!
//! A moment that nobody has received is still the timer's, whether it has come or not, and whoever waits for it: a stop
//! or a reset takes it away, and says so. The lock decides between them and a receive. There is no third outcome, and
//! nothing that could be received later.

use super::blocking::wake_and_spend;
use super::core::{Blocked, Core, Locked, Place, Rare};
use super::head::{EXPLORED, Head, TIMER};
use super::waiter::{Outcome, Waiter};
use crate::callback::Callbacks;
use crate::sched::alarm::{self, Alarm};
use crate::sched::bubble::{has_points, is_explored, note_unawaited, point, point_before_touching, touch};
use crate::sched::clock;
use crate::sched::park::{Parker, WaitReason};
use crate::sched::stamp::Stamp;
use crate::sched::touch::Touch;
use std::mem::MaybeUninit;
use std::panic::Location;
use std::ptr::NonNull;
use std::task::Waker;
use std::time::{Duration, Instant};

/// When a timer's channel is ready; used under the channel's lock.
#[derive(Debug)]
pub(super) struct TimerState {
    when: When,
    /// Zero: not periodic.
    period: Duration,
    /// The moment that was received last, until the timer is stopped or reset.
    taken: Option<Instant>,
}

/// The moment that nobody has received yet.
#[derive(Debug, Clone, Copy)]
enum When {
    /// There is none: stopped, or received and not periodic.
    Never,
    At(Instant),
    /// So long after a moment that nobody has needed to know yet.
    After(Stamp, Duration),
}

impl When {
    #[inline(always)]
    fn after(after: Duration, period: Duration) -> When {
        // A stamp becomes a time that is slightly late, and what is due now is to be there now.
        if after <= Stamp::LONGEST
            && !after.is_zero()
            && period.is_zero()
            && let Some(start) = Stamp::now()
        {
            return When::After(start, after);
        }
        When::at(clock::deadline_or_never(after))
    }

    /// `time` is ahead.
    fn at(time: Instant) -> When {
        if has_points() {
            note_unawaited(time);
        }
        When::At(time)
    }

    /// True only if the time has not come; without a look at the clock.
    #[inline]
    fn is_surely_ahead(&self) -> bool {
        matches!(self, When::After(start, after) if start.is_younger_than(*after))
    }

    fn time(&mut self) -> Option<Instant> {
        if let When::After(start, after) = *self {
            *self = When::At(start.to_instant() + after);
        }
        match *self {
            When::At(time) => Some(time),
            _ => None,
        }
    }
}

impl TimerState {
    #[inline]
    fn new(after: Duration, period: Duration) -> TimerState {
        TimerState { when: When::after(after, period), period, taken: None }
    }

    /// Takes the moment if it has come.
    pub(super) fn take(&mut self) -> Option<Instant> {
        if self.when.is_surely_ahead() {
            return None;
        }
        let when = self.when.time()?;
        let now = clock::now();
        if now < when {
            return None;
        }
        let next = (!self.period.is_zero()).then(|| next_tick(when, self.period, now)).flatten();
        self.when = next.map_or(When::Never, When::at);
        self.taken = Some(when);
        Some(when)
    }

    /// Takes back what `take` has returned last, if the timer has been neither stopped nor reset since. A ticker goes on
    /// from there: it drops the ticks that have come since, and keeps its phase.
    fn give_back(&mut self, time: Instant) {
        if self.taken.take_if(|taken| *taken == time).is_some() {
            self.when = When::At(time);
        }
    }

    /// True if there is a moment to be received, or one of a ticker.
    fn is_pending(&self) -> bool {
        !matches!(self.when, When::Never)
    }
}

/// The first tick after `now` that is in phase with `when`.
fn next_tick(when: Instant, period: Duration, now: Instant) -> Option<Instant> {
    let missed = (now - when).as_nanos() / period.as_nanos();
    let ahead = period.as_nanos().checked_mul(missed + 1)?;
    when.checked_add(Duration::new((ahead / 1_000_000_000).try_into().ok()?, (ahead % 1_000_000_000) as u32))
}

impl Core<Instant> {
    /// A channel that is ready when `after` has passed, and every `period` after that unless it is zero.
    #[inline(always)]
    pub(super) fn timer(after: Duration, period: Duration) -> Core<Instant> {
        let flags = TIMER | if is_explored() { EXPLORED } else { 0 };
        Core::with_head(Head::new(0, flags), Rare::Timer(TimerState::new(after, period)))
    }

    /// What has not been received by now never will be. True if there was something that could have been: a moment, come
    /// or not, or the ticks of a ticker.
    #[track_caller]
    pub(super) fn stop_timer(&self, what: &'static str) -> bool {
        point_before_touching(|| Touch::write(&self.head), what, Some(Location::caller()));
        let mut state = self.lock();
        let Some(timer) = state.timer() else { return false };
        let pending = timer.is_pending();
        timer.when = When::Never;
        timer.taken = None;
        // Or else the process would not count as being at rest until the old moment.
        self.let_all_wait_anew(state);
        point(what);
        pending
    }

    /// As [`Core::timer`], from now on. True as for [`Core::stop_timer`].
    #[track_caller]
    pub(super) fn reset_timer(&self, what: &'static str, after: Duration, period: Duration) -> bool {
        point_before_touching(|| Touch::write(&self.head), what, Some(Location::caller()));
        let mut state = self.lock();
        let Some(timer) = state.timer() else { return false };
        let pending = timer.is_pending();
        *timer = TimerState::new(after, period);
        self.let_all_wait_anew(state);
        point(what);
        pending
    }

    /// Those who wait have the old moment for a deadline.
    #[inline]
    fn let_all_wait_anew(&self, state: Locked<'_, Instant>) {
        let waiting = (!self.head.receivers.is_empty()).then(|| self.head.receivers.end_all(Outcome::Retry));
        drop(state);
        if let Some(waiting) = waiting {
            waiting.wake_all();
        }
    }
}

impl<T> Locked<'_, T> {
    /// None once the last receiver is gone.
    fn timer(&mut self) -> Option<&mut TimerState> {
        match &mut self.body().rare {
            Rare::Timer(timer) => Some(timer),
            _ => None,
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
            if self.head.is_explored() {
                touch(Touch::write(&self.head));
            }
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
            let when = state.timer().and_then(|timer| timer.when.time());
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
                    let mut give_up = || unsafe { self.head.withdraw(waiter, false) }.was_queued;
                    parker.park_until(deadline, WaitReason::Recv, place, &mut give_up);
                }
                None => parker.park(WaitReason::Recv, place),
            }
        }
    }

    /// Gives back the time that was received for nobody.
    #[cold]
    pub(super) fn give_back_time(&self, time: T) {
        // SAFETY: only channels of `Instant` are timers.
        let time = unsafe { (&raw const time).cast::<Instant>().read() };
        let mut state = self.lock();
        if let Some(timer) = state.timer() {
            timer.give_back(time);
        }
        let waiting = self.head.receivers.end_all(Outcome::Retry);
        drop(state);
        waiting.wake_all();
    }

    /// When the channel will be ready by itself, if it is a timer's.
    pub(super) fn next_time(&self) -> Option<Instant> {
        self.lock().timer()?.when.time()
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
    let mut state = std::mem::ManuallyDrop::new(Locked { core });
    state.timer().and_then(|timer| timer.when.time())
}

/// Wakes a task at a time: what a deadline is to a wait that has no thread and no goroutine.
#[derive(Debug, Default)]
pub(super) struct WakeAt(Option<Box<Wakeup>>);

#[derive(Debug)]
struct Wakeup {
    time: Instant,
    waker: Waker,
    alarm: Alarm,
}

impl WakeAt {
    pub(super) const fn new() -> WakeAt {
        WakeAt(None)
    }

    /// Wakes `waker` at `time`, and not at the time set before.
    pub(super) fn set(&mut self, time: Option<Instant>, waker: &Waker) {
        match (&self.0, time) {
            (None, None) => {}
            (Some(set), Some(time)) if set.time == time && set.waker.will_wake(waker) => {}
            (_, None) => self.cancel(),
            (_, Some(time)) => {
                self.cancel();
                let (rung, waker) = (waker.clone(), waker.clone());
                let alarm = alarm::set(time, move || rung.wake());
                self.0 = Some(Box::new(Wakeup { time, waker, alarm }));
            }
        }
    }

    pub(super) fn cancel(&mut self) {
        if let Some(set) = self.0.take() {
            let Wakeup { waker, alarm, .. } = *set;
            let mut callbacks = Callbacks::new();
            callbacks.run(|| _ = alarm.cancel());
            callbacks.run(|| drop(waker));
            callbacks.finish();
        }
    }
}

impl Drop for WakeAt {
    fn drop(&mut self) {
        self.cancel();
    }
}

#[cfg(all(test, not(any(gochan_model, gochan_loom))))]
mod tests {
    use super::*;

    const FAR: Duration = Duration::from_secs(3600);

    fn take(core: &Core<Instant>) -> Option<Instant> {
        core.try_recv().ok()
    }

    #[test]
    fn what_is_given_back_is_received_again() {
        for period in [Duration::ZERO, FAR] {
            let core = Core::timer(Duration::ZERO, period);
            let time = take(&core).expect("it is due");
            assert_eq!(take(&core), None);
            core.give_back_time(time);
            assert_eq!(take(&core), Some(time));
            assert_eq!(take(&core), None);
            assert_eq!(core.next_time(), (!period.is_zero()).then(|| time + period), "the phase is kept");
        }
    }

    #[test]
    fn what_is_given_back_after_a_stop_or_a_reset_is_not_received() {
        let core = Core::timer(Duration::ZERO, Duration::ZERO);
        let time = take(&core).expect("it is due");
        assert!(!core.stop_timer("stop"));
        core.give_back_time(time);
        assert_eq!(take(&core), None);
        assert!(!core.stop_timer("stop"));
        assert!(!core.reset_timer("reset", Duration::ZERO, Duration::ZERO));
        let time = take(&core).expect("it is due");
        assert!(!core.reset_timer("reset", FAR, Duration::ZERO));
        core.give_back_time(time);
        assert_eq!(take(&core), None);
        assert!(core.stop_timer("stop"), "the one it was reset to");
    }
}
