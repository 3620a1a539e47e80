//! Many readers, or one writer.

use super::raw_rwlock::{CountedIn, RawRwLock};
use crate::points;

use std::cell::UnsafeCell;
use std::fmt;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::panic::{Location, RefUnwindSafe, UnwindSafe};

/// A value that many goroutines can read or one can write: Go's `sync.RWMutex` with the value inside.
///
/// A waiting writer holds off new readers; when it has left, the readers that waited go first. So neither side starves.
/// It also means that a goroutine must not take a second read lock of the same lock: a writer may come in between,
/// which waits for the first and holds off the second. Nor can a read lock become a write lock; that waits forever.
/// Debug builds and tests report either at once, other builds when nothing else can run.
///
/// Waiting parks the goroutine, not its thread; outside of goroutines it blocks the thread. There is no poisoning: a
/// guard that a panic drops unlocks, and the next one finds the value as it was left. The end of a write happens before
/// later reads and writes, and the end of a read happens before the next write.
///
/// # Cost
///
/// Two atomic operations for a read without a writer, four for an uncontended write. If readers of several workers keep
/// meeting, the lock gets a counter for each worker, and readers no longer slow each other down; writes then cost more.
///
/// ```
/// use gochan::sync::RwLock;
///
/// let prices = RwLock::new(vec![3, 5]);
/// {
///     let (one, other) = (prices.read(), prices.read());
///     assert_eq!(one[0] + other[1], 8);
/// }
/// prices.write().push(7);
/// assert_eq!(prices.read().len(), 3);
/// ```
#[doc(alias = "sync.RWMutex")]
#[doc(alias = "RWMutex")]
pub struct RwLock<T: ?Sized> {
    raw: RawRwLock,
    value: UnsafeCell<T>,
}

// SAFETY: as for any owner of a `T`.
unsafe impl<T: ?Sized + Send> Send for RwLock<T> {}
// SAFETY: several threads at once get shared access, one at a time exclusive access.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLock<T> {}
impl<T: ?Sized> UnwindSafe for RwLock<T> {}
impl<T: ?Sized> RefUnwindSafe for RwLock<T> {}

impl<T> RwLock<T> {
    /// An unlocked lock around `value`.
    #[cfg_attr(gochan_loom, const_fn::const_fn(cfg(not(gochan_loom))))]
    pub const fn new(value: T) -> RwLock<T> {
        RwLock { raw: RawRwLock::new(), value: UnsafeCell::new(value) }
    }

    /// Returns the value; the lock is no longer shared.
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T: ?Sized> RwLock<T> {
    /// Locks for reading, shared with other readers. Waits while a writer holds the lock or waits for it.
    #[doc(alias = "RLock")]
    #[doc(alias = "RUnlock")]
    #[inline]
    #[track_caller]
    pub fn read(&self) -> RwLockReadGuard<'_, T> {
        if points::are_due() {
            return self.read_between_points();
        }
        let counted = self.raw.read(Location::caller());
        // SAFETY: just locked for reading, and counted so.
        unsafe { RwLockReadGuard::new(self, counted) }
    }

    #[cold]
    #[track_caller]
    fn read_between_points(&self) -> RwLockReadGuard<'_, T> {
        points::before(|| self.raw.reads(), "RwLock::read", Some(Location::caller()));
        let counted = self.raw.read(Location::caller());
        // SAFETY: just locked for reading, and counted so.
        let guard = unsafe { RwLockReadGuard::new(self, counted) };
        points::after("RwLock::read", Some(Location::caller()));
        guard
    }

    /// Locks for writing. Waits until all other readers and writers have left.
    #[doc(alias = "Lock")]
    #[doc(alias = "Unlock")]
    #[inline]
    #[track_caller]
    pub fn write(&self) -> RwLockWriteGuard<'_, T> {
        points::before(|| self.raw.writes(), "RwLock::write", Some(Location::caller()));
        self.raw.write(Location::caller());
        // SAFETY: just locked for writing.
        let guard = unsafe { RwLockWriteGuard::new(self) };
        points::after("RwLock::write", Some(Location::caller()));
        guard
    }

    /// Locks for reading if that needs no waiting; `None` otherwise. Never blocks.
    #[doc(alias = "TryRLock")]
    #[track_caller]
    pub fn try_read(&self) -> Option<RwLockReadGuard<'_, T>> {
        let place = Location::caller();
        let counted = points::around(|| self.raw.reads(), "RwLock::try_read", || self.raw.try_read(place))?;
        // SAFETY: just locked for reading, and counted so.
        Some(unsafe { RwLockReadGuard::new(self, counted) })
    }

    /// Locks for writing if that needs no waiting; `None` otherwise. Never blocks.
    #[doc(alias = "TryLock")]
    #[track_caller]
    pub fn try_write(&self) -> Option<RwLockWriteGuard<'_, T>> {
        let place = Location::caller();
        let locked = points::around(|| self.raw.writes(), "RwLock::try_write", || self.raw.try_write(place));
        // SAFETY: just locked for writing.
        locked.then(|| unsafe { RwLockWriteGuard::new(self) })
    }

    /// Like `try_read`, but without points: others cannot run here in explorations.
    fn look(&self) -> Option<RwLockReadGuard<'_, T>> {
        // SAFETY: just locked for reading, and counted so.
        self.raw.try_read(Location::caller()).map(|counted| unsafe { RwLockReadGuard::new(self, counted) })
    }

    pub(super) fn raw(&self) -> &RawRwLock {
        &self.raw
    }

    /// The value, without locking: the exclusive borrow proves that it is not shared.
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }
}

impl<T: Default> Default for RwLock<T> {
    fn default() -> RwLock<T> {
        RwLock::new(T::default())
    }
}

impl<T> From<T> for RwLock<T> {
    fn from(value: T) -> RwLock<T> {
        RwLock::new(value)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLock<T> {
    /// Shows the value unless a writer holds the lock or waits for it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("RwLock");
        match self.look() {
            Some(guard) => debug.field("value", &&*guard),
            None => debug.field("value", &format_args!("<locked>")),
        };
        debug.finish()
    }
}

/// Shared access to the value of a [`RwLock`], until dropped.
///
/// It cannot be sent to another goroutine.
#[must_use = "the lock is released when the guard is dropped"]
pub struct RwLockReadGuard<'a, T: ?Sized> {
    lock: &'a RwLock<T>,
    pub(super) counted: CountedIn<'a>,
    /// Makes the guard not `Send`, by a type that explains the error.
    _here: PhantomData<std::sync::RwLockReadGuard<'static, ()>>,
}

// SAFETY: a shared guard gives only shared access to the value.
unsafe impl<T: ?Sized + Sync> Sync for RwLockReadGuard<'_, T> {}

impl<'a, T: ?Sized> RwLockReadGuard<'a, T> {
    /// # Safety
    /// The lock is held for reading, and `counted` says where.
    #[inline]
    pub(super) unsafe fn new(lock: &'a RwLock<T>, counted: CountedIn<'a>) -> RwLockReadGuard<'a, T> {
        RwLockReadGuard { lock, counted, _here: PhantomData }
    }

    pub(super) fn raw(&self) -> &'a RawRwLock {
        &self.lock.raw
    }
}

impl<T: ?Sized> Deref for RwLockReadGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the guard is proof that the lock is held for reading.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T: ?Sized> RwLockReadGuard<'_, T> {
    /// The slow path of `drop`.
    #[cold]
    fn end_between_points(&self) {
        const WHAT: &str = "drop of RwLockReadGuard";
        points::before_fine(|| self.lock.raw.ends_read(), WHAT);
        self.lock.raw.end_read(self.counted);
        points::after_unpolled(WHAT, None);
    }
}

impl<T: ?Sized> Drop for RwLockReadGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if points::are_due() {
            return self.end_between_points();
        }
        self.lock.raw.end_read(self.counted);
    }
}

/// Exclusive access to the value of a [`RwLock`], until dropped.
///
/// It cannot be sent to another goroutine.
#[must_use = "the lock is released when the guard is dropped"]
pub struct RwLockWriteGuard<'a, T: ?Sized> {
    lock: &'a RwLock<T>,
    /// Makes the guard not `Send`, by a type that explains the error.
    _here: PhantomData<std::sync::RwLockWriteGuard<'static, ()>>,
}

// SAFETY: a shared guard gives only shared access to the value.
unsafe impl<T: ?Sized + Sync> Sync for RwLockWriteGuard<'_, T> {}

impl<'a, T: ?Sized> RwLockWriteGuard<'a, T> {
    /// # Safety
    /// The lock is held for writing.
    #[inline]
    pub(super) unsafe fn new(lock: &'a RwLock<T>) -> RwLockWriteGuard<'a, T> {
        RwLockWriteGuard { lock, _here: PhantomData }
    }

    pub(super) fn raw(&self) -> &'a RawRwLock {
        &self.lock.raw
    }

    /// Turns the write lock into a read lock, with no other write in between. Waiting readers are let in. Never blocks.
    ///
    /// ```
    /// let lock = gochan::sync::RwLock::new(1);
    /// let mut guard = lock.write();
    /// *guard += 1;
    /// let guard = gochan::sync::RwLockWriteGuard::downgrade(guard);
    /// assert_eq!((*guard, *lock.read()), (2, 2));
    /// ```
    pub fn downgrade(guard: RwLockWriteGuard<'a, T>) -> RwLockReadGuard<'a, T> {
        let guard = ManuallyDrop::new(guard);
        points::before_fine(|| guard.lock.raw.writes(), "RwLockWriteGuard::downgrade");
        guard.lock.raw.downgrade();
        // SAFETY: the lock is held for reading from now on, counted in `state`.
        let guard = unsafe { RwLockReadGuard::new(guard.lock, None) };
        points::after_unpolled("RwLockWriteGuard::downgrade", Some(Location::caller()));
        guard
    }
}

impl<T: ?Sized> Deref for RwLockWriteGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the guard is proof that the lock is held for writing.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T: ?Sized> DerefMut for RwLockWriteGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the guard is proof that the lock is held for writing.
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T: ?Sized> RwLockWriteGuard<'_, T> {
    /// The slow path of `drop`.
    #[cold]
    fn end_between_points(&self) {
        const WHAT: &str = "drop of RwLockWriteGuard";
        points::before_fine(|| self.lock.raw.writes(), WHAT);
        self.lock.raw.end_write();
        points::after_unpolled(WHAT, None);
    }
}

impl<T: ?Sized> Drop for RwLockWriteGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if points::are_due() {
            return self.end_between_points();
        }
        self.lock.raw.end_write();
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLockReadGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for RwLockReadGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLockWriteGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for RwLockWriteGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
