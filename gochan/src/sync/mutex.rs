//! Mutual exclusion.

use super::raw_mutex::RawMutex;
use crate::sched::bubble::{
    between_points_touching, fine_point, has_points, point_after_at, point_at, point_before_touching,
};
use crate::sched::knots::HOLDERS_NEED_POINTS;
use crate::sched::park::WaitReason;
use crate::sched::touch::Touch;
use std::cell::UnsafeCell;
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::panic::{Location, RefUnwindSafe, UnwindSafe};

/// A value that one goroutine at a time can reach: Go's `sync.Mutex` with what it protects inside.
///
/// Waiting parks the goroutine, not its thread; outside of goroutines it blocks the thread. The lock may be held
/// across anything, also across operations that park. What came before an unlock happens before the next lock.
///
/// There is no poisoning: a guard that is dropped by a panic unlocks, and the next one finds the value as it was
/// left. Locking twice from one goroutine waits for ever, as in Go. Debug builds and tests report that at once, with the
/// places of both locks, as they do when several goroutines wait for each other; other builds do when nothing else can
/// run any more.
///
/// # Fairness
///
/// Free locks go to whoever is there first, waiters are woken in order of arrival to compete, and who has waited for
/// more than a millisecond, or was woken in vain, is served next. So a goroutine that locks in a loop is fast, and
/// nobody starves.
///
/// # Cost
///
/// Two atomic operations for a lock and unlock that meet nobody; 56 bytes besides the value. While it is recorded who holds
/// which lock ([`deadlock_report`](crate::runtime::Builder::deadlock_report)), some nanoseconds more.
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
// A panic may leave the value half changed, but that is stated, and nothing of the lock itself.
impl<T: ?Sized> UnwindSafe for Mutex<T> {}
impl<T: ?Sized> RefUnwindSafe for Mutex<T> {}

impl<T> Mutex<T> {
    /// An unlocked mutex around `value`.
    #[cfg_attr(gochan_loom, const_fn::const_fn(cfg(not(gochan_loom))))]
    pub const fn new(value: T) -> Mutex<T> {
        Mutex { raw: RawMutex::new(), value: UnsafeCell::new(value) }
    }

    /// The value, once nobody shares the mutex any more.
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Locks, waiting for as long as somebody else holds the lock. Dropping the guard unlocks.
    #[doc(alias = "Lock")]
    #[doc(alias = "Unlock")]
    #[inline]
    #[track_caller]
    pub fn lock(&self) -> MutexGuard<'_, T> {
        if has_points() {
            return self.lock_as("Mutex::lock", Some(Location::caller()));
        }
        if HOLDERS_NEED_POINTS {
            self.raw.lock_unnamed(WaitReason::Mutex, Location::caller());
        } else {
            self.raw.lock(WaitReason::Mutex, Location::caller());
        }
        MutexGuard::new(self)
    }

    /// As a part of the operation `what`, which is called from nowhere if it has no `place`.
    #[cold]
    #[track_caller]
    pub(super) fn lock_as(
        &self,
        what: &'static str,
        place: Option<&'static Location<'static>>,
    ) -> MutexGuard<'_, T> {
        point_before_touching(|| Touch::write(&self.raw), what, place);
        self.raw.lock(WaitReason::Mutex, Location::caller());
        let guard = MutexGuard::new(self);
        point_at(what, place);
        guard
    }

    /// The caller holds the lock.
    #[cold]
    fn unlock_between_points(&self) {
        const WHAT: &str = "drop of MutexGuard";
        fine_point(&[Touch::write(&self.raw)], WHAT);
        self.raw.unlock();
        point_after_at(WHAT, None);
    }

    /// Locks if that needs no waiting, and nobody who waits is to be served first.
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
        between_points_touching(|| Touch::write(&self.raw), "Mutex::try_lock", || self.look(place))
    }

    /// As `try_lock`, which is a place for others to run in explorations.
    #[inline]
    fn look(&self, place: &'static Location<'static>) -> Option<MutexGuard<'_, T>> {
        self.raw.try_lock(place).then(|| MutexGuard::new(self))
    }

    /// The value, without locking: the exclusive borrow proves that nobody else has it.
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
/// It stays with the goroutine that has locked.
#[must_use = "the mutex is unlocked when the guard is dropped"]
pub struct MutexGuard<'a, T: ?Sized> {
    mutex: &'a Mutex<T>,
    /// Not `Send`.
    _here: PhantomData<*const ()>,
}

// SAFETY: a shared guard gives shared access to the value only.
unsafe impl<T: ?Sized + Sync> Sync for MutexGuard<'_, T> {}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    #[inline]
    fn new(mutex: &'a Mutex<T>) -> MutexGuard<'a, T> {
        MutexGuard { mutex, _here: PhantomData }
    }

    /// The lock it holds.
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
        if has_points() {
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
