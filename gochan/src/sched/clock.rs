//! The clock: the one place where the runtime asks what time it is for a deadline.

use super::worker::Worker;
use crossbeam_utils::CachePadded;
use std::ops::Add;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// The time now: the clock's, or in a [bubble](super::bubble) the bubble's.
#[inline]
pub(crate) fn now() -> Instant {
    match Worker::current().and_then(Worker::bubble) {
        Some(bubble) => bubble.now(),
        None => Instant::now(),
    }
}

/// `now() + after`. None: beyond what the clock can tell, so never.
#[inline]
pub(crate) fn deadline(after: Duration) -> Option<Instant> {
    now().checked_add(after)
}

/// As [`deadline`], but if the clock does not reach that far, then a time so far off that it never comes.
#[inline]
pub(crate) fn deadline_or_never(after: Duration) -> Instant {
    let now = now();
    let mut after = after;
    loop {
        match now.checked_add(after) {
            Some(deadline) => return deadline,
            None => after /= 2,
        }
    }
}

/// A point in time as heaps and atomics hold it: nanoseconds since the first use. What lies before that counts as
/// the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(u64);

static BEGINNING: LazyLock<Instant> = LazyLock::new(Instant::now);

impl Moment {
    /// Later than any time the clock will show.
    pub(super) const NEVER: Moment = Moment(u64::MAX);

    #[inline]
    pub(super) fn now() -> Moment {
        Moment::of(now())
    }

    #[inline]
    pub(super) fn of(time: Instant) -> Moment {
        Moment(0) + time.saturating_duration_since(*BEGINNING)
    }

    /// The time that it stands for, if that is one of the clock's.
    pub(super) fn to_instant(self) -> Instant {
        *BEGINNING + Duration::from_nanos(self.0)
    }

    /// Zero if `earlier` is later.
    #[inline]
    pub(super) fn since(self, earlier: Moment) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    pub(super) const fn to_bits(self) -> u64 {
        self.0
    }

    pub(super) const fn from_bits(bits: u64) -> Moment {
        Moment(bits)
    }
}

impl Add<Duration> for Moment {
    type Output = Moment;

    /// Beyond 584 years it is never.
    #[inline]
    fn add(self, after: Duration) -> Moment {
        let nanos = after.as_secs().checked_mul(1_000_000_000);
        let nanos = nanos.and_then(|nanos| nanos.checked_add(after.subsec_nanos().into()));
        Moment(nanos.and_then(|nanos| self.0.checked_add(nanos)).unwrap_or(u64::MAX))
    }
}

/// A clock that costs one load and goes in steps: dumps tell by it since when somebody waits. The monitor moves it on
/// while goroutines run, and a worker that has slept does.
static COARSE: CachePadded<AtomicU32> = CachePadded::new(AtomicU32::new(0));

/// One step, at least.
const STEP: Duration = Duration::from_millis(10);

/// Steps since the first use.
#[inline]
pub(super) fn coarse() -> u32 {
    COARSE.load(Relaxed)
}

/// Sets the coarse clock right.
pub(super) fn move_coarse() {
    super::stamp::calibrate();
    COARSE.store((BEGINNING.elapsed().as_nanos() / STEP.as_nanos()) as u32, Relaxed);
}

/// The time that the coarse clock meant.
pub(super) fn coarse_instant(steps: u32) -> Instant {
    *BEGINNING + STEP * steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_ordered_as_the_times_they_stand_for() {
        let first = Moment::now();
        let time = now();
        let step = Duration::from_nanos(1);
        assert!(first <= Moment::of(time));
        assert!(Moment::of(time) < Moment::of(time + step));
        assert_eq!(Moment::of(time).to_instant(), time);
        assert_eq!(Moment::of(time + step).since(Moment::of(time)), step);
        assert_eq!(Moment::of(time).since(Moment::of(time + step)), Duration::ZERO);
    }

    #[test]
    fn what_is_centuries_away_is_never() {
        let century = Duration::from_secs(100 * 365 * 86_400);
        assert!(Moment::of(now() + century) < Moment::NEVER);
        assert_eq!(Moment::of(now() + 10 * century), Moment::NEVER);
        assert_eq!(Moment::now() + Duration::MAX, Moment::NEVER);
        assert_eq!(deadline(Duration::MAX), None);
        assert_eq!(Moment::of(deadline_or_never(Duration::MAX)), Moment::NEVER);
    }
}
