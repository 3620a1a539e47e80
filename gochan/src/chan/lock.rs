//! The lock of a channel: taken for tens of nanoseconds, never across a switch, a wake or user code.
//!
//! One byte, one exchange to take it, one plain store to let go. Whoever finds it taken spins, backing off, so that
//! the holder's core keeps the cache line and gets several operations done per visit; should the holder have been
//! preempted, the thread gives up its core, and in the end sleeps for moments.
//!
//! Who switches with such a lock held keeps every other goroutine of the thread that wants it spinning for ever.
//! Builds with debug assertions count the locks that a thread holds, and whatever may switch asks [`assert_none_held`].

use crate::shim::{
    self, UnsafeCell,
    atomic::{AtomicBool, Ordering::*},
};
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::panic::RefUnwindSafe;

/// The bare lock, for values that stand beside it.
#[derive(Debug)]
#[cfg_attr(not(gochan_loom), repr(transparent))]
pub(crate) struct RawLock(AtomicBool, #[cfg(gochan_loom)] shim::Bench);

/// A value behind a spin lock; the lock stands right before it.
#[repr(C)]
pub(crate) struct SpinLock<T> {
    lock: RawLock,
    value: UnsafeCell<T>,
}

// SAFETY: the lock gives one thread at a time access to the value.
unsafe impl<T: Send> Sync for SpinLock<T> {}
// SAFETY: as for any owner of a `T`.
unsafe impl<T: Send> Send for SpinLock<T> {}

// Nothing that is done under the lock panics halfway.
impl<T> RefUnwindSafe for SpinLock<T> {}

/// Access to the value, until dropped.
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
    /// The caller holds the lock, and uses nothing behind it from now on.
    #[inline]
    pub(crate) unsafe fn unlock(&self) {
        held::one_less();
        // Release publishes what was written under the lock.
        self.0.store(false, Release);
        #[cfg(gochan_loom)]
        self.1.wake_all();
    }

    /// Threads that spin beside each other do so in endlessly many ways.
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

/// For wherever the calling goroutine may be switched out, or something of the user runs.
#[inline(always)]
#[track_caller]
pub(crate) fn assert_none_held() {
    debug_assert!(
        held::none(),
        "a lock that others spin on is held across a switch, or by who calls user code"
    );
}

#[cfg(all(debug_assertions, not(any(gochan_model, gochan_loom))))]
mod held {
    use std::cell::Cell;

    thread_local! {
        /// How many locks this thread holds; goroutines never leave theirs.
        static HELD: Cell<usize> = const { Cell::new(0) };
    }

    pub(super) fn one_more() {
        HELD.set(HELD.get() + 1);
    }

    pub(super) fn one_less() {
        HELD.set(HELD.get() - 1);
    }

    pub(super) fn none() -> bool {
        HELD.get() == 0
    }
}

/// The threads of a model are not those of the process.
#[cfg(not(all(debug_assertions, not(any(gochan_model, gochan_loom)))))]
mod held {
    #[inline(always)]
    pub(super) fn one_more() {}

    #[inline(always)]
    pub(super) fn one_less() {}

    #[inline(always)]
    pub(super) fn none() -> bool {
        true
    }
}

/// Waits for what another thread does in a moment, longer each `round`.
pub(crate) fn back_off(round: u32) {
    /// The first pause, in spins: time for the holder's core to get dozens of operations done. Looking sooner would
    /// only take the cache line away from it.
    const FIRST: u32 = 48;
    /// Doublings of the pause.
    const SPINS: u32 = 4;
    const YIELDS: u32 = 32;
    if round <= SPINS {
        (0..FIRST << round).for_each(|_| shim::spin_loop());
    } else if round <= SPINS + YIELDS {
        shim::yield_now();
    } else {
        // The holder does not get a core: stop competing for it.
        rest();
    }
}

#[cfg(not(any(gochan_model, gochan_loom)))]
fn rest() {
    crate::sched::fork::refuse_to_spin();
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
    use super::*;
    use crate::sched::{bubble, park};
    use std::panic::{AssertUnwindSafe, Location, catch_unwind};

    #[test]
    fn nothing_that_may_switch_is_reached_with_a_lock_held() {
        let lock = SpinLock::new(());
        let refuses = |name: &str, operation: &dyn Fn()| {
            let guard = lock.lock();
            let payload = catch_unwind(AssertUnwindSafe(operation)).expect_err(name);
            assert!(crate::sched::report::message(&*payload).contains("is held across a switch"), "{name}");
            drop(guard);
            assert_none_held();
        };
        refuses("a point", &|| bubble::point("an operation"));
        refuses("a point before", &|| bubble::point_before("an operation"));
        refuses("spending", &crate::sched::spend);
        let parker = park::Parker::current();
        refuses("a park", &|| parker.park(park::WaitReason::Recv, Location::caller()));
        let now = crate::time::now();
        let (reason, here) = (park::WaitReason::Sleep, Location::caller());
        refuses("a sleep", &|| parker.sleep_until(now, reason, here));
        refuses("a park with a deadline", &|| parker.park_until(now, reason, here, &mut || true));
        refuses("a waker", &|| park::Owner::task(std::task::Waker::noop()).wake());
    }
}
