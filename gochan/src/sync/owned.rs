//! Guards that own a handle of their lock.

use super::mutex::{Mutex, MutexGuard};
use super::rwlock::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

impl<T: ?Sized + 'static> Mutex<T> {
    /// Like [`lock`](Mutex::lock), but the guard owns a handle of the mutex instead of borrowing it: it can be kept in a
    /// structure, or returned from the function that has found the mutex.
    ///
    /// ```
    /// use gochan::sync::{ArcMutexGuard, Map, Mutex};
    /// use std::sync::Arc;
    ///
    /// fn locked(accounts: &Map<&str, Arc<Mutex<u64>>>, name: &'static str) -> ArcMutexGuard<u64> {
    ///     accounts.load_or_store(name, Arc::default()).0.lock_arc()
    /// }
    ///
    /// let accounts = Map::new();
    /// *locked(&accounts, "ann") += 5;
    /// assert_eq!(*locked(&accounts, "ann"), 5);
    /// ```
    #[doc(alias = "lock_owned")]
    #[track_caller]
    pub fn lock_arc(self: &Arc<Self>) -> ArcMutexGuard<T> {
        // SAFETY: the guard is given the handle.
        ArcMutexGuard { guard: unsafe { outliving(self) }.lock(), lock: self.clone() }
    }
}

impl<T: ?Sized + 'static> RwLock<T> {
    /// Like [`read`](RwLock::read), but the guard owns a handle of the lock, as in [`Mutex::lock_arc`].
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// let lock = Arc::new(gochan::sync::RwLock::new(1));
    /// let (one, other) = (lock.read_arc(), lock.read_arc());
    /// assert_eq!(*one + *other, 2);
    /// ```
    #[doc(alias = "read_owned")]
    #[track_caller]
    pub fn read_arc(self: &Arc<Self>) -> ArcRwLockReadGuard<T> {
        // SAFETY: the guard is given the handle.
        ArcRwLockReadGuard { guard: unsafe { outliving(self) }.read(), lock: self.clone() }
    }

    /// Like [`write`](RwLock::write), but the guard owns a handle of the lock, as in [`Mutex::lock_arc`].
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// let lock = Arc::new(gochan::sync::RwLock::new(1));
    /// *lock.write_arc() += 1;
    /// assert_eq!(*lock.read(), 2);
    /// ```
    #[doc(alias = "write_owned")]
    #[track_caller]
    pub fn write_arc(self: &Arc<Self>) -> ArcRwLockWriteGuard<T> {
        // SAFETY: the guard is given the handle.
        ArcRwLockWriteGuard { guard: unsafe { outliving(self) }.write(), lock: self.clone() }
    }
}

/// What `lock` points to.
///
/// # Safety
/// The result is used only while there is a handle.
unsafe fn outliving<L: ?Sized>(lock: &Arc<L>) -> &'static L {
    // SAFETY: the caller's promise; the value does not move.
    unsafe { &*Arc::as_ptr(lock) }
}

macro_rules! owned_guards {
    ($($(#[$doc:meta])* $owned:ident: $guard:ident of $lock:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// It cannot be sent to another goroutine.
        #[must_use = "the lock is released when the guard is dropped"]
        pub struct $owned<T: ?Sized + 'static> {
            /// Dropped first.
            pub(super) guard: $guard<'static, T>,
            lock: Arc<$lock<T>>,
        }

        impl<T: ?Sized> $owned<T> {
            /// The lock that the guard holds.
            pub fn source(guard: &Self) -> &Arc<$lock<T>> {
                &guard.lock
            }
        }

        impl<T: ?Sized> Deref for $owned<T> {
            type Target = T;

            #[inline]
            fn deref(&self) -> &T {
                &self.guard
            }
        }

        impl<T: ?Sized + fmt::Debug> fmt::Debug for $owned<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                (**self).fmt(f)
            }
        }

        impl<T: ?Sized + fmt::Display> fmt::Display for $owned<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                (**self).fmt(f)
            }
        }
    )*};
}

owned_guards! {
    /// Access to the value of a [`Mutex`], and a handle of the mutex, until dropped.
    ArcMutexGuard: MutexGuard of Mutex;
    /// Shared access to the value of a [`RwLock`], and a handle of the lock, until dropped.
    ArcRwLockReadGuard: RwLockReadGuard of RwLock;
    /// Exclusive access to the value of a [`RwLock`], and a handle of the lock, until dropped.
    ArcRwLockWriteGuard: RwLockWriteGuard of RwLock;
}

impl<T: ?Sized> DerefMut for ArcMutexGuard<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guard
    }
}

impl<T: ?Sized> DerefMut for ArcRwLockWriteGuard<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guard
    }
}
