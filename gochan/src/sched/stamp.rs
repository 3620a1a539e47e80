//! Noting a moment for less than half of what a look at the clock costs: for timers, most of which nobody ever waits for.
//!
//! A [`Stamp`] is a reading of the processor's time-stamp counter. That suffices to see that a timer's time has surely not
//! come. Should somebody wait for the timer after all, the stamp is turned into a time: a reading of both the clock and the
//! counter that its thread has made shortly before, and the ticks from there to the stamp. The clock is slewed and the
//! counter is not, so that is not exact; it errs on the late side, by a microsecond at most, whenever it is done.
//!
//! All this only if the system's own clock is made from the counter, which tells that it can be trusted, and once its rate
//! is known. Until then, and everywhere else, there are no stamps.

use super::clock::Moment;
use super::ticks;
use super::worker::Worker;
use std::cell::Cell;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// A moment of this process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stamp {
    /// The time of a reading, made at most [`NEAR`] before.
    reading: Moment,
    since_reading: u32,
    ticks: u64,
}

/// Ticks per nanosecond, times `ONE`. Zero: there are no stamps.
static RATE: AtomicU64 = AtomicU64::new(0);
const ONE: u32 = 20;

/// The ticks for which a reading is good.
const NEAR: u64 = 50 * ticks::PER_US;
/// The part of what has passed since its reading that a stamp may be late by: twice what the system slews its clock by at
/// most.
const SLEW: u64 = 1024;
/// Of what a reading costs, as the processor may do it somewhat early.
const MARGIN: Duration = Duration::from_nanos(100);

thread_local! {
    /// The last reading of this thread.
    static LAST: Cell<Option<Reading>> = const { Cell::new(None) };
}

impl Stamp {
    /// The longest time for which a stamp will do as its beginning: it can be counted in ticks.
    pub(crate) const LONGEST: Duration = Duration::from_secs(3600);

    /// Now. None if there are no stamps, or none in the time that the caller lives by.
    #[inline]
    pub(crate) fn now() -> Option<Stamp> {
        if RATE.load(Relaxed) == 0 || Worker::current().and_then(Worker::bubble).is_some() {
            return None;
        }
        let ticks = ticks::now();
        match LAST.get() {
            Some(reading) if reading.is_near(ticks) => Some(Stamp::after(reading, ticks)),
            _ => Stamp::of_new_reading(),
        }
    }

    #[inline]
    fn after(reading: Reading, ticks: u64) -> Stamp {
        Stamp { reading: reading.time, since_reading: ticks.wrapping_sub(reading.ticks) as u32, ticks }
    }

    #[cold]
    fn of_new_reading() -> Option<Stamp> {
        let reading = Reading::take();
        LAST.set(reading);
        let ticks = ticks::now();
        // None if the thread was held up in between.
        reading.filter(|reading| reading.is_near(ticks)).map(|reading| Stamp::after(reading, ticks))
    }

    /// True only if less than `time`, which is not above [`Stamp::LONGEST`], has passed since.
    #[inline]
    pub(crate) fn is_younger_than(self, time: Duration) -> bool {
        let rate = RATE.load(Relaxed);
        // A sixteenth less than the rate: nearer to its time it is the clock that is asked.
        let ticks = (time.as_nanos() as u64).saturating_mul(rate - (rate >> 4)) >> ONE;
        ticks::now().saturating_sub(self.ticks) < ticks
    }

    /// What the clock showed at that moment, or slightly later.
    #[cold]
    pub(crate) fn to_instant(self) -> Instant {
        let passed = (u64::from(self.since_reading) << ONE) / RATE.load(Relaxed).max(1);
        self.reading.to_instant() + Duration::from_nanos(passed + passed / SLEW) + MARGIN
    }
}

/// A look at the clock and the counter at once.
#[derive(Debug, Clone, Copy)]
struct Reading {
    time: Moment,
    /// From before the look at the clock: what is reckoned from both is late rather than early.
    ticks: u64,
}

impl Reading {
    #[inline]
    fn is_near(self, ticks: u64) -> bool {
        ticks.wrapping_sub(self.ticks) < NEAR
    }

    /// None if the thread was interrupted in between.
    fn take() -> Option<Reading> {
        const AT_ONCE: u64 = ticks::PER_US / 2;
        let read = || {
            let before = ticks::now();
            let time = Instant::now();
            let at_once = ticks::now().saturating_sub(before) < AT_ONCE;
            at_once.then(|| Reading { time: Moment::of(time), ticks: before })
        };
        (0..10).find_map(|_| read())
    }

    /// The rate between two readings.
    fn rate_since(self, earlier: Reading) -> Option<u64> {
        let nanos = self.time.since(earlier.time).as_nanos();
        let ticks = u128::from(self.ticks.checked_sub(earlier.ticks)?);
        let rate = u64::try_from((ticks << ONE).checked_div(nanos)?).ok()?;
        // Between a tenth of a tick and ten ticks a nanosecond.
        ((1 << ONE) / 10..(1 << ONE) * 10).contains(&rate).then_some(rate)
    }
}

static FIRST: LazyLock<Option<Reading>> = LazyLock::new(|| {
    // Moments begin with the first use, which is not to be within a reading.
    let _ = Moment::of(Instant::now());
    clock_is_counter().then(Reading::take).flatten()
});

/// Finds the rate once the process is old enough to tell. Called now and then by a thread that has time.
pub(super) fn calibrate() {
    /// Over this time the uncertainty of two readings is some millionths.
    const LONG: Duration = Duration::from_millis(20);
    let Some(first) = *FIRST else { return };
    if RATE.load(Relaxed) == 0
        && Moment::of(Instant::now()).since(first.time) >= LONG
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

    fn one() -> Stamp {
        std::iter::repeat_with(Stamp::now).take(1000).flatten().next().expect("there are stamps")
    }

    #[test]
    fn a_stamp_is_never_before_the_clock_and_not_far_behind_however_old() {
        let Some(first) = *FIRST else { return };
        std::thread::sleep(Duration::from_millis(25));
        calibrate();
        assert_ne!(RATE.load(Relaxed), 0, "no rate since {first:?}");
        let mut stamps = Vec::new();
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(20) {
            let before = Instant::now();
            if let Some(stamp) = Stamp::now() {
                stamps.push((before, stamp, Instant::now()));
            }
        }
        assert!(!stamps.is_empty(), "there are stamps");
        for pause in [0, 1, 200].map(Duration::from_millis) {
            std::thread::sleep(pause);
            for &(before, stamp, after) in &stamps {
                let time = stamp.to_instant();
                assert!(time >= before, "{:?} early", before - time);
                let slack = Duration::from_micros(2);
                assert!(time <= after + slack, "{:?} late after {pause:?}", time - after);
            }
        }
    }

    #[test]
    fn one_reading_serves_many_stamps_and_an_old_one_none() {
        let Some(_) = *FIRST else { return };
        std::thread::sleep(Duration::from_millis(25));
        calibrate();
        let made_in_time = (0..1000).any(|_| {
            let [one, other] = [(); 2].map(|()| Stamp::now().map(|stamp| stamp.reading));
            one.is_some() && one == other
        });
        assert!(made_in_time);
        let old = one();
        std::thread::sleep(Duration::from_millis(5));
        let new = one();
        assert!(new.reading > old.reading);
    }

    #[test]
    fn a_stamp_is_younger_than_what_has_not_passed_and_not_than_what_has() {
        let Some(_) = *FIRST else { return };
        std::thread::sleep(Duration::from_millis(25));
        calibrate();
        let stamp = one();
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
