//! A spin lock, such as a channel's: held for tens of nanoseconds, never across a switch, a wake or user code.
//!
//! One byte: one exchange to lock, one plain store to unlock. A thread that finds it locked spins and backs off, so
//! that the holder's core keeps the cache line and completes several operations per visit. If the holder has been
//! preempted, the waiting thread yields its core, and finally sleeps for short periods.
//!
//! A goroutine that switches while it holds such a lock leaves every other goroutine of the thread that needs the lock
//! spinning forever. Builds with debug assertions count the locks that a thread holds, and code that may switch calls
//! [`assert_none_held`].

use crate::shim::{
    self, UnsafeCell,
    atomic::{AtomicBool, Ordering::*},
};
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::panic::RefUnwindSafe;

/// The bare lock, for values stored next to it.
#[derive(Debug)]
#[cfg_attr(not(gochan_loom), repr(transparent))]
pub(crate) struct RawLock(AtomicBool, #[cfg(gochan_loom)] shim::Bench);

/// A value behind a spin lock, which is stored directly before it.
#[repr(C)]
pub(crate) struct SpinLock<T> {
    lock: RawLock,
    value: UnsafeCell<T>,
}

// SAFETY: the lock gives one thread at a time access to the value.
unsafe impl<T: Send> Sync for SpinLock<T> {}
// SAFETY: as for any owner of a `T`.
unsafe impl<T: Send> Send for SpinLock<T> {}

// Code under the lock does not panic halfway.
impl<T> RefUnwindSafe for SpinLock<T> {}

/// Access to the value until it is dropped.
pub(crate) struct Guard<'a, T> {
    lock: &'a SpinLock<T>,
}

impl RawLock {
    #[cfg_attr(gochan_loom, const_fn::const_fn(cfg(not(gochan_loom))))]
    pub(crate) const fn new() -> RawLock {
        RawLock(
            AtomicBool::new(false),
            #[cfg(gochan_loom)]
            shim::Bench::new(),
        )
    }

    #[inline]
    pub(crate) fn lock(&self) {
        // Acquire pairs with the Release of the last holder.
        if self.0.swap(true, Acquire) {
            self.wait();
        }
        held::one_more();
    }

    /// # Safety
    /// The caller holds the lock, and no longer uses the value behind it.
    #[inline]
    pub(crate) unsafe fn unlock(&self) {
        held::one_less();
        // Release publishes what was written under the lock.
        self.0.store(false, Release);
        #[cfg(gochan_loom)]
        self.1.wake_all();
    }

    /// In a model, spinning threads would interleave in endlessly many ways.
    #[cfg(gochan_loom)]
    fn wait(&self) {
        self.1.wait_until(|| !self.0.swap(true, Acquire));
    }

    #[cfg(not(gochan_loom))]
    #[cold]
    #[inline(never)]
    fn wait(&self) {
        let mut round = 0;
        loop {
            back_off(round);
            round += 1;
            if !self.0.load(Relaxed) && !self.0.swap(true, Acquire) {
                return;
            }
        }
    }
}

impl<T> SpinLock<T> {
    #[cfg_attr(gochan_loom, const_fn::const_fn(cfg(not(gochan_loom))))]
    pub(crate) const fn new(value: T) -> SpinLock<T> {
        SpinLock { lock: RawLock::new(), value: UnsafeCell::new(value) }
    }

    #[inline]
    pub(crate) fn lock(&self) -> Guard<'_, T> {
        self.lock.lock();
        Guard { lock: self }
    }
}

/// Called wherever the calling goroutine may be switched out or user code runs.
#[inline(always)]
#[track_caller]
pub(crate) fn assert_none_held() {
    debug_assert!(
        held::none(),
        "a lock that others spin on is held across a switch, or while user code is called"
    );
}

#[cfg(all(debug_assertions, not(any(gochan_model, gochan_loom))))]
mod held {
    use std::cell::Cell;

    thread_local! {
        /// The number of locks that this thread holds; goroutines never keep theirs across a switch.
        static HELD: Cell<usize> = const { Cell::new(0) };
    }

    pub(crate) fn one_more() {
        HELD.set(HELD.get() + 1);
    }

    pub(crate) fn one_less() {
        HELD.set(HELD.get() - 1);
    }

    pub(crate) fn none() -> bool {
        HELD.get() == 0
    }
}

/// The threads of a model are not those of the process.
#[cfg(not(all(debug_assertions, not(any(gochan_model, gochan_loom)))))]
mod held {
    #[inline(always)]
    pub(crate) fn one_more() {}

    #[inline(always)]
    pub(crate) fn one_less() {}

    #[inline(always)]
    pub(crate) fn none() -> bool {
        true
    }
}

/// Waits for a short action of another thread, longer in each `round`.
pub(crate) fn back_off(round: u32) {
    /// The first pause, in spins: time for a few operations of the holder's core. A longer one lets that core complete
    /// more of them per visit, which a buffer gains from, but leaves the other side of a conversation without its
    /// partner: fan-in of ten, unbuffered, two workers, is four times as slow with 48.
    const FIRST: u32 = 4;
    /// The number of times that the pause doubles.
    const SPINS: u32 = 7;
    const YIELDS: u32 = 32;
    if round <= SPINS {
        (0..FIRST << round).for_each(|_| shim::spin_loop());
    } else if round <= SPINS + YIELDS {
        shim::yield_now();
    } else {
        // The holder has no core: stop competing for one.
        rest();
    }
}

#[cfg(not(any(gochan_model, gochan_loom)))]
fn rest() {
    super::fork::refuse_to_spin();
    std::thread::sleep(std::time::Duration::from_micros(50));
}

#[cfg(any(gochan_model, gochan_loom))]
fn rest() {
    shim::yield_now();
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the guard is proof that the lock is held.
        self.lock.value.with(|value| unsafe { &*value })
    }
}

impl<T> DerefMut for Guard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the guard is proof that the lock is held.
        self.lock.value.with_mut(|value| unsafe { &mut *value })
    }
}

impl<T> Drop for Guard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the guard is proof that the lock is held, and ends here.
        unsafe { self.lock.lock.unlock() };
    }
}

impl<T> fmt::Debug for SpinLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpinLock").finish_non_exhaustive()
    }
}

#[cfg(all(test, debug_assertions, not(any(gochan_model, gochan_loom))))]
mod tests {
    use crate::base::spin::*;
    use crate::base::touch::Touch;
    use crate::points;
    use crate::sched::park;
    use std::panic::{AssertUnwindSafe, Location, catch_unwind};

    #[test]
    fn nothing_that_may_switch_is_reached_with_a_lock_held() {
        let lock = SpinLock::new(());
        let refuses = |name: &str, operation: &dyn Fn()| {
            let guard = lock.lock();
            let payload = catch_unwind(AssertUnwindSafe(operation)).expect_err(name);
            assert!(crate::base::report::message(&*payload).contains("is held across a switch"), "{name}");
            drop(guard);
            assert_none_held();
        };
        refuses("a point", &|| points::after("an operation", Some(Location::caller())));
        refuses("a point before", &|| {
            points::before(|| Touch::EVERYTHING, "an operation", Some(Location::caller()));
        });
        refuses("spending", &crate::sched::here::spend);
        let parker = park::Parker::current();
        refuses("a park", &|| parker.park(park::WaitReason::Recv, Location::caller()));
        let now = crate::time::now();
        let (reason, here) = (park::WaitReason::Sleep, Location::caller());
        refuses("a sleep", &|| parker.sleep_until(now, reason, here));
        refuses("a park with a deadline", &|| parker.park_until(now, reason, here, &mut || true));
        refuses("a waker", &|| park::Owner::task(std::task::Waker::noop()).wake());
    }
}
