//! The channel of a timer: it never buffers anything, and arms nothing until an operation waits.
//!
//! It knows the moment from which on it is ready. A receive after that moment takes it: the value is the moment itself,
//! however late the receive. A receive before it parks with the moment as its deadline, in the timers of its own worker,
//! and then tries again; a task, which has nothing to park, sets an alarm. So a timer that no operation waits for costs
//! only its memory.
//!
//! A moment that has not been received is still the timer's, whether it has come or not, and even if receives wait for
//! it: a stop or a reset takes it away, and returns that. The lock decides between them and a receive. There is no third
//! outcome, and nothing that could be received later.

use super::channel::{Blocked, Channel, Locked, Place, Rare};
use super::header::{Directed, EXPLORED, Header, Receiving, TIMER};
use super::wait::borrow_locked;
use super::waiter::{Outcome, Waiter};
use crate::base::callback::Callbacks;
use crate::base::clock;
use crate::base::tick_instant::TickInstant;
use crate::base::touch::Touch;
use crate::points;
use crate::sched::alarms::Alarm;
use crate::sched::here;
use crate::sched::park::Parker;
use crate::spawn::alarm;
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

/// The moment that has not been received yet.
#[derive(Debug, Clone, Copy)]
enum When {
    /// There is none: stopped, or received and not periodic.
    Never,
    At(Instant),
    /// So long after a start whose `Instant` has not been needed yet.
    After(TickInstant, Duration),
}

impl When {
    #[inline(always)]
    fn after(after: Duration, period: Duration) -> When {
        // A tick instant becomes a time that is slightly late; a timer without delay must be ready now.
        if after <= TickInstant::LONGEST
            && !after.is_zero()
            && period.is_zero()
            && let Some(start) = TickInstant::now()
        {
            return When::After(start, after);
        }
        When::at(clock::deadline_or_never(after))
    }

    /// `time` is ahead.
    fn at(time: Instant) -> When {
        if points::are_due() {
            points::note_unawaited(time);
        }
        When::At(time)
    }

    /// True only if the time has not come; does not read the clock.
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

impl Channel<Instant> {
    /// A channel that is ready when `after` has passed, and every `period` after that unless it is zero.
    #[inline(always)]
    pub(super) fn timer(after: Duration, period: Duration) -> Channel<Instant> {
        let flags = TIMER | if points::is_exploring() { EXPLORED } else { 0 };
        Channel::with_header(Header::new(0, flags), Rare::Timer(TimerState::new(after, period)))
    }

    /// A moment that has not been received by now never will be. True if there was one, come or not, or ticks of a ticker.
    #[track_caller]
    pub(super) fn stop_timer(&self, what: &'static str) -> bool {
        points::before(|| Touch::write(&self.header), what, Some(Location::caller()));
        let mut state = self.lock();
        let Some(timer) = state.timer() else { return false };
        let pending = timer.is_pending();
        timer.when = When::Never;
        timer.taken = None;
        // Otherwise the process would not count as being at rest until the old moment.
        self.let_all_wait_anew(state);
        points::after(what, Some(Location::caller()));
        pending
    }

    /// As [`Channel::timer`], from now on. True as for [`Channel::stop_timer`].
    #[track_caller]
    pub(super) fn reset_timer(&self, what: &'static str, after: Duration, period: Duration) -> bool {
        points::before(|| Touch::write(&self.header), what, Some(Location::caller()));
        let mut state = self.lock();
        let Some(timer) = state.timer() else { return false };
        let pending = timer.is_pending();
        *timer = TimerState::new(after, period);
        self.let_all_wait_anew(state);
        points::after(what, Some(Location::caller()));
        pending
    }

    /// The receives that wait have the old moment as their deadline.
    #[inline]
    fn let_all_wait_anew(&self, state: Locked<'_, Instant>) {
        let waiting =
            (!self.header.receivers.is_empty()).then(|| self.header.receivers.end_all(Outcome::Retry));
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

impl<T> Channel<T> {
    /// Receives from a timer, waiting if need be, no longer than until `limit`.
    ///
    /// # Safety
    /// `slot` is valid for a write; written if the result is `Done`.
    #[cold]
    #[inline(never)]
    pub(super) unsafe fn recv_from_timer(
        &self,
        slot: *mut T,
        limit: Option<Instant>,
        place: Place,
    ) -> Outcome {
        loop {
            self.header.touch();
            let mut state = self.lock();
            // SAFETY: the caller's promise.
            match unsafe { Receiving::attempt(&mut state, slot) } {
                Ok(other) => {
                    drop(state);
                    if let Some(other) = other {
                        other.wake();
                    }
                    here::spend();
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
            // SAFETY: the waiter outlives the park, which lasts until it is completed or withdrawn. A timer has no
            // sender: whatever ends the wait, the slot is still empty.
            unsafe {
                state.queue::<Receiving>(slot, waiter.as_mut_ptr(), parker.owner());
                drop(state);
                self.park_until::<Receiving>(&parker, waiter.as_mut_ptr(), deadline, place);
            }
        }
    }

    /// Gives back a time that was received and not returned.
    #[cold]
    pub(super) fn give_back_time(&self, time: T) {
        // SAFETY: only channels of `Instant` are timers.
        let time = unsafe { (&raw const time).cast::<Instant>().read() };
        let mut state = self.lock();
        if let Some(timer) = state.timer() {
            timer.give_back(time);
        }
        let waiting = self.header.receivers.end_all(Outcome::Retry);
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
/// `header` is the beginning of a locked timer's channel.
pub(super) unsafe fn next_time(header: NonNull<Header>) -> Option<Instant> {
    // SAFETY: only channels of `Instant` are timers; the lock is held by the caller.
    let mut state = unsafe { borrow_locked::<Instant>(header) };
    state.timer().and_then(|timer| timer.when.time())
}

/// Wakes a task at a time: the deadline of a wait that has no thread and no goroutine.
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

    fn take(channel: &Channel<Instant>) -> Option<Instant> {
        channel.try_recv().ok()
    }

    #[test]
    fn what_is_given_back_is_received_again() {
        for period in [Duration::ZERO, FAR] {
            let channel = Channel::timer(Duration::ZERO, period);
            let time = take(&channel).expect("it is due");
            assert_eq!(take(&channel), None);
            channel.give_back_time(time);
            assert_eq!(take(&channel), Some(time));
            assert_eq!(take(&channel), None);
            assert_eq!(channel.next_time(), (!period.is_zero()).then(|| time + period), "the phase is kept");
        }
    }

    #[test]
    fn what_is_given_back_after_a_stop_or_a_reset_is_not_received() {
        let channel = Channel::timer(Duration::ZERO, Duration::ZERO);
        let time = take(&channel).expect("it is due");
        assert!(!channel.stop_timer("stop"));
        channel.give_back_time(time);
        assert_eq!(take(&channel), None);
        assert!(!channel.stop_timer("stop"));
        assert!(!channel.reset_timer("reset", Duration::ZERO, Duration::ZERO));
        let time = take(&channel).expect("it is due");
        assert!(!channel.reset_timer("reset", FAR, Duration::ZERO));
        channel.give_back_time(time);
        assert_eq!(take(&channel), None);
        assert!(channel.stop_timer("stop"), "the one it was reset to");
    }
}
