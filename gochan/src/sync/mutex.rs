//! Mutual exclusion.

use super::raw_mutex::RawMutex;
use crate::base::location::SourceLocation;
use crate::base::touch::Touch;
use crate::knots::HOLDERS_NEED_POINTS;
use crate::points;
use crate::sched::park::WaitReason;
use std::cell::UnsafeCell;
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::panic::{Location, RefUnwindSafe, UnwindSafe};

/// A value that one goroutine at a time can access: Go's `sync.Mutex` with the value inside.
///
/// Waiting parks the goroutine, not its thread; outside of goroutines it blocks the thread. The lock may be held across
/// any operation, including those that park. An unlock happens before the next lock.
///
/// There is no poisoning: a guard that a panic drops unlocks, and the next one finds the value as it was left. Locking
/// twice from one goroutine waits forever, as in Go. Debug builds and tests report that at once, with the places of
/// both locks, as well as goroutines that wait for each other; other builds report it when nothing else can run.
///
/// # Fairness
///
/// A free lock goes to the first goroutine that takes it. Waiters are woken in order of arrival to compete; one that
/// has waited for more than a millisecond, or was woken in vain, is served next. So a goroutine that locks in a loop is
/// fast, and no goroutine starves.
///
/// # Cost
///
/// Two atomic operations for an uncontended lock and unlock, and 56 bytes in addition to the value. A few nanoseconds
/// more while the holders of locks are recorded ([`deadlock_report`](crate::runtime::Builder::deadlock_report)).
///
/// ```
/// use gochan::prelude::*;
/// use gochan::sync::Mutex;
/// use std::sync::Arc;
///
/// let count = Arc::new(Mutex::new(0));
/// let wg = WaitGroup::new();
/// for _ in 0..10 {
///     let count = count.clone();
///     wg.go(move || *count.lock() += 1);
/// }
/// wg.wait();
/// assert_eq!(*count.lock(), 10);
/// ```
#[doc(alias = "sync.Mutex")]
#[doc(alias = "Locker")]
pub struct Mutex<T: ?Sized> {
    raw: RawMutex,
    value: UnsafeCell<T>,
}

// SAFETY: as for any owner of a `T`.
unsafe impl<T: ?Sized + Send> Send for Mutex<T> {}
// SAFETY: the lock gives one thread at a time access to the value.
unsafe impl<T: ?Sized + Send> Sync for Mutex<T> {}
// A panic may leave the value half changed, as documented, but never the lock itself.
impl<T: ?Sized> UnwindSafe for Mutex<T> {}
impl<T: ?Sized> RefUnwindSafe for Mutex<T> {}

impl<T> Mutex<T> {
    /// An unlocked mutex around `value`.
    #[cfg_attr(gochan_loom, const_fn::const_fn(cfg(not(gochan_loom))))]
    pub const fn new(value: T) -> Mutex<T> {
        Mutex { raw: RawMutex::new(), value: UnsafeCell::new(value) }
    }

    /// Returns the value; the mutex is no longer shared.
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Locks the mutex, waiting while it is held elsewhere. Dropping the guard unlocks.
    #[doc(alias = "Lock")]
    #[doc(alias = "Unlock")]
    #[inline]
    #[track_caller]
    pub fn lock(&self) -> MutexGuard<'_, T> {
        if points::are_due() {
            return self.lock_as("Mutex::lock", Some(Location::caller()));
        }
        if HOLDERS_NEED_POINTS {
            self.raw.lock_unnamed(WaitReason::Mutex, Location::caller());
        } else {
            self.raw.lock(WaitReason::Mutex, Location::caller());
        }
        MutexGuard::new(self)
    }

    /// Locks as a part of the operation `what`, called at `place` if there is one.
    #[cold]
    #[track_caller]
    pub(super) fn lock_as(&self, what: &'static str, place: Option<SourceLocation>) -> MutexGuard<'_, T> {
        points::before(|| Touch::write(&self.raw), what, place);
        self.raw.lock(WaitReason::Mutex, Location::caller());
        let guard = MutexGuard::new(self);
        points::after(what, place);
        guard
    }

    /// The caller holds the lock.
    #[cold]
    fn unlock_between_points(&self) {
        const WHAT: &str = "drop of MutexGuard";
        points::before_fine(|| Touch::write(&self.raw), WHAT);
        self.raw.unlock();
        points::after_unpolled(WHAT, None);
    }

    /// Locks if the mutex is free and no waiter is to be served first; `None` otherwise. Never blocks.
    ///
    /// ```
    /// let mutex = gochan::sync::Mutex::new(1);
    /// let guard = mutex.try_lock().unwrap();
    /// assert!(mutex.try_lock().is_none());
    /// drop(guard);
    /// assert_eq!(*mutex.try_lock().unwrap(), 1);
    /// ```
    #[doc(alias = "TryLock")]
    #[inline]
    #[track_caller]
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        let place = Location::caller();
        points::around(|| Touch::write(&self.raw), "Mutex::try_lock", || self.look(place))
    }

    /// Like `try_lock`, but without points: others cannot run here in explorations.
    #[inline]
    fn look(&self, place: SourceLocation) -> Option<MutexGuard<'_, T>> {
        self.raw.try_lock(place).then(|| MutexGuard::new(self))
    }

    pub(super) fn raw(&self) -> &RawMutex {
        &self.raw
    }

    /// The value, without locking: the exclusive borrow proves that it is not shared.
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }
}

impl<T: Default> Default for Mutex<T> {
    fn default() -> Mutex<T> {
        Mutex::new(T::default())
    }
}

impl<T> From<T> for Mutex<T> {
    fn from(value: T) -> Mutex<T> {
        Mutex::new(value)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Mutex<T> {
    /// Shows the value unless it is locked.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Mutex");
        match self.look(Location::caller()) {
            Some(guard) => debug.field("value", &&*guard),
            None => debug.field("value", &format_args!("<locked>")),
        };
        debug.finish()
    }
}

/// Access to the value of a [`Mutex`], until dropped.
///
/// It cannot be sent to another goroutine.
#[must_use = "the mutex is unlocked when the guard is dropped"]
pub struct MutexGuard<'a, T: ?Sized> {
    mutex: &'a Mutex<T>,
    /// Makes the guard not `Send`, by a type that explains the error.
    _here: PhantomData<std::sync::MutexGuard<'static, ()>>,
}

// SAFETY: a shared guard gives only shared access to the value.
unsafe impl<T: ?Sized + Sync> Sync for MutexGuard<'_, T> {}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    #[inline]
    pub(super) fn new(mutex: &'a Mutex<T>) -> MutexGuard<'a, T> {
        MutexGuard { mutex, _here: PhantomData }
    }

    /// The lock that it holds.
    pub(super) fn raw(&self) -> &'a RawMutex {
        &self.mutex.raw
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the guard is proof that the lock is held.
        unsafe { &*self.mutex.value.get() }
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the guard is proof that the lock is held.
        unsafe { &mut *self.mutex.value.get() }
    }
}

impl<T: ?Sized> Drop for MutexGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if points::are_due() {
            return self.mutex.unlock_between_points();
        }
        if HOLDERS_NEED_POINTS {
            self.mutex.raw.unlock_unnamed();
        } else {
            self.mutex.raw.unlock();
        }
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
