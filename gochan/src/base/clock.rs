//! The clock: the runtime's only source of the current time for deadlines.

use super::ticks;
use crate::own_tls::of_worker;
use crossbeam_utils::CachePadded;
use std::cell::Cell;
use std::ops::Add;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

thread_local! {
    /// The current time on a thread that runs a test in virtual time.
    static VIRTUAL: Cell<Option<Instant>> = const { Cell::new(None) };
    /// The number of deadlines set so far on such a thread.
    static DEADLINES: Cell<u32> = const { Cell::new(0) };
}

/// The current time: the system clock's, or the [virtual time](set_virtual) of the thread if it has one.
#[inline]
pub(crate) fn now() -> Instant {
    virtual_time().unwrap_or_else(Instant::now)
}

/// Starts a run in virtual time on the calling thread.
pub(crate) fn begin_virtual(time: Instant) {
    DEADLINES.with(|deadlines| of_worker(deadlines).set(0));
    set_virtual(Some(time));
}

/// Sets the virtual time of the calling thread. `None` returns it to the system clock.
pub(crate) fn set_virtual(time: Option<Instant>) {
    VIRTUAL.with(|current| of_worker(current).set(time));
}

/// A worker's loop changes its thread-locals, and must not keep their addresses: see `own_tls`.
#[cfg_attr(feature = "virtual", inline(never))]
#[cfg_attr(not(feature = "virtual"), inline)]
fn virtual_time() -> Option<Instant> {
    VIRTUAL.with(|time| of_worker(time).get())
}

/// In virtual time, the position of a new deadline among those with the same time.
#[inline]
pub(crate) fn next_deadline() -> Option<u32> {
    is_virtual().then(|| {
        DEADLINES.with(|deadlines| {
            let deadlines = of_worker(deadlines);
            deadlines.set(deadlines.get().wrapping_add(1));
            deadlines.get()
        })
    })
}

#[inline]
pub(crate) fn is_virtual() -> bool {
    virtual_time().is_some()
}

/// Like [`ticks::now`], but in the calling thread's time.
pub(crate) fn ticks() -> u64 {
    match virtual_time() {
        Some(time) => Moment::of(time).to_bits() / 1000 * ticks::PER_US,
        None => ticks::now(),
    }
}

/// `now() + after`. `None` if that is beyond the clock's range, which means never.
#[inline]
pub(crate) fn deadline(after: Duration) -> Option<Instant> {
    now().checked_add(after)
}

/// Like [`deadline`], but beyond the clock's range it returns a time so far away that it never comes.
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

/// A point in time as heaps and atomics hold it: nanoseconds since the first use. Earlier times count as the first use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(u64);

/// A time before all others that this process measures.
pub(crate) fn beginning() -> Instant {
    *BEGINNING
}

static BEGINNING: LazyLock<Instant> = LazyLock::new(Instant::now);

impl Moment {
    /// Later than any time of the clock.
    pub(crate) const NEVER: Moment = Moment(u64::MAX);

    #[inline]
    pub(crate) fn now() -> Moment {
        Moment::of(now())
    }

    #[inline]
    pub(crate) fn of(time: Instant) -> Moment {
        Moment(0) + time.saturating_duration_since(*BEGINNING)
    }

    /// The corresponding `Instant`, if the clock can represent it.
    pub(crate) fn to_instant(self) -> Instant {
        *BEGINNING + Duration::from_nanos(self.0)
    }

    /// Zero if `earlier` is later.
    #[inline]
    pub(crate) fn since(self, earlier: Moment) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    pub(crate) const fn to_bits(self) -> u64 {
        self.0
    }

    pub(crate) const fn from_bits(bits: u64) -> Moment {
        Moment(bits)
    }
}

impl Add<Duration> for Moment {
    type Output = Moment;

    /// Beyond 584 years it is `NEVER`.
    #[inline]
    fn add(self, after: Duration) -> Moment {
        let nanos = after.as_secs().checked_mul(1_000_000_000);
        let nanos = nanos.and_then(|nanos| nanos.checked_add(after.subsec_nanos().into()));
        Moment(nanos.and_then(|nanos| self.0.checked_add(nanos)).unwrap_or(u64::MAX))
    }
}

/// A clock that advances in steps and costs one load. Dumps use it to tell how long a goroutine has waited. The monitor
/// advances it while goroutines run, and a worker advances it after a sleep.
static COARSE: CachePadded<AtomicU32> = CachePadded::new(AtomicU32::new(0));

/// The minimum length of one step.
const STEP: Duration = Duration::from_millis(10);

/// Steps since the first use.
#[inline]
pub(crate) fn coarse() -> u32 {
    COARSE.load(Relaxed)
}

/// Advances the coarse clock to the current time.
pub(crate) fn move_coarse() {
    super::tick_instant::calibrate();
    COARSE.store((BEGINNING.elapsed().as_nanos() / STEP.as_nanos()) as u32, Relaxed);
}

/// The time that a value of the coarse clock stands for.
pub(crate) fn coarse_instant(steps: u32) -> Instant {
    *BEGINNING + STEP * steps
}

#[cfg(test)]
mod tests {
    use crate::base::clock::*;

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
