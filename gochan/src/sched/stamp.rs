//! Noting a moment for less than half of what a look at the clock costs: for timers, most of which nobody ever waits for.
//!
//! A [`Stamp`] is a reading of the processor's time-stamp counter. That suffices to see that a timer's time has surely not
//! come. Should somebody wait for the timer after all, the stamp is turned into a time: by the clock as it is then, less
//! the ticks since. The clock is slewed and the counter is not, so that is not exact; it errs on the late side, by a
//! thousandth of what has passed since the stamp.
//!
//! All this only if the system's own clock is made from the counter, which tells that it can be trusted, and once its rate
//! is known. Until then, and everywhere else, there are no stamps.

use super::ticks;
use super::worker::Worker;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// A moment of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp(u64);

/// Ticks per nanosecond, times `ONE`. Zero: there are no stamps.
static RATE: AtomicU64 = AtomicU64::new(0);
const ONE: u32 = 20;

/// The part of what has passed that a stamp may be late by: twice what the system slews its clock by at most.
const SLEW: u64 = 1024;
/// Of what a reading costs, as the processor may do it somewhat early.
const MARGIN: Duration = Duration::from_nanos(100);

impl Stamp {
    /// The longest time for which a stamp will do as its beginning: with it, lateness is bounded.
    pub(crate) const LONGEST: Duration = Duration::from_secs(2);

    /// Now. None if there are no stamps, or none in the time that the caller lives by.
    #[inline]
    pub(crate) fn now() -> Option<Stamp> {
        if RATE.load(Relaxed) == 0 || Worker::current().and_then(Worker::bubble).is_some() {
            return None;
        }
        Some(Stamp(ticks::now()))
    }

    /// True only if less than `time`, which is not above [`Stamp::LONGEST`], has passed since.
    #[inline]
    pub(crate) fn is_younger_than(self, time: Duration) -> bool {
        let rate = RATE.load(Relaxed);
        // A sixteenth less than the rate: nearer to its time it is the clock that is asked.
        let ticks = (time.as_nanos() as u64).saturating_mul(rate - (rate >> 4)) >> ONE;
        ticks::now().saturating_sub(self.0) < ticks
    }

    /// What the clock showed at that moment, or somewhat later.
    #[cold]
    pub(crate) fn to_instant(self) -> Instant {
        let ticks = ticks::now().saturating_sub(self.0);
        let now = Instant::now();
        let passed = u128::from(ticks) << ONE;
        let passed = (passed / u128::from(RATE.load(Relaxed).max(1))) as u64;
        let passed = Duration::from_nanos(passed - passed / SLEW).saturating_sub(MARGIN);
        now.checked_sub(passed).unwrap_or(now)
    }
}

/// A look at the clock and the counter at once.
#[derive(Debug, Clone, Copy)]
struct Reading {
    time: Instant,
    ticks: u64,
}

impl Reading {
    /// None if the thread was interrupted in between.
    fn take() -> Option<Reading> {
        const AT_ONCE: u64 = 2 * ticks::PER_US;
        let read = || {
            let before = ticks::now();
            let time = Instant::now();
            let ticks = ticks::now();
            (ticks.saturating_sub(before) < AT_ONCE).then_some(Reading { time, ticks })
        };
        (0..10).find_map(|_| read())
    }

    /// The rate between two readings.
    fn rate_since(self, earlier: Reading) -> Option<u64> {
        let nanos = (self.time - earlier.time).as_nanos();
        let ticks = u128::from(self.ticks.checked_sub(earlier.ticks)?);
        let rate = u64::try_from((ticks << ONE).checked_div(nanos)?).ok()?;
        // Between a tenth of a tick and ten ticks a nanosecond.
        ((1 << ONE) / 10..(1 << ONE) * 10).contains(&rate).then_some(rate)
    }
}

static FIRST: LazyLock<Option<Reading>> = LazyLock::new(|| clock_is_counter().then(Reading::take).flatten());

/// Finds the rate once the process is old enough to tell. Called now and then by a thread that has time.
pub(super) fn calibrate() {
    /// Over this time the uncertainty of two readings is some millionths.
    const LONG: Duration = Duration::from_millis(20);
    let Some(first) = *FIRST else { return };
    if RATE.load(Relaxed) == 0
        && first.time.elapsed() >= LONG
        && let Some(rate) = Reading::take().and_then(|reading| reading.rate_since(first))
    {
        RATE.store(rate, Relaxed);
    }
}

/// True if the system keeps its time by the counter: it does so only where that is the same on all processors and never
/// changes its pace.
fn clock_is_counter() -> bool {
    const CLOCK: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
    cfg!(all(target_os = "linux", target_arch = "x86_64"))
        && std::fs::read_to_string(CLOCK).is_ok_and(|name| name.trim() == "tsc")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_never_before_the_clock_and_not_far_behind() {
        let Some(first) = *FIRST else { return };
        std::thread::sleep(Duration::from_millis(25));
        calibrate();
        assert_ne!(RATE.load(Relaxed), 0, "no rate since {first:?}");
        for pause in [0, 1, 30, 200].map(Duration::from_millis) {
            let before = Instant::now();
            let stamp = Stamp::now().expect("there are stamps");
            let after = Instant::now();
            std::thread::sleep(pause);
            let asked = Instant::now();
            let time = stamp.to_instant();
            assert!(time >= before, "{:?} early", before - time);
            // Whatever has interrupted this thread counts as well.
            let slack = Duration::from_micros(1) + (asked - before) / 1000 + asked.elapsed();
            assert!(time <= after + slack, "{:?} late after {pause:?}", time - after);
        }
    }

    #[test]
    fn a_stamp_is_younger_than_what_has_not_passed_and_not_than_what_has() {
        let Some(_) = *FIRST else { return };
        std::thread::sleep(Duration::from_millis(25));
        calibrate();
        let stamp = Stamp::now().expect("there are stamps");
        assert!(stamp.is_younger_than(Stamp::LONGEST));
        assert!(!stamp.is_younger_than(Duration::ZERO));
        let start = Instant::now();
        let pause = Duration::from_millis(50);
        loop {
            let passed = start.elapsed();
            if !stamp.is_younger_than(pause) {
                break;
            }
            assert!(passed < pause, "taken for younger than {pause:?} after {passed:?}");
        }
    }
}
