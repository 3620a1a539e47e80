//! Locking for a limited time, or until a context ends.

use super::limit::Limit;
use super::mutex::{Mutex, MutexGuard};
use super::rwlock::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use crate::base::location::SourceLocation;
use crate::base::touch::Touch;
use crate::context::{Context, ContextError};
use crate::points;
use crate::sched::park::WaitReason;
use std::panic::Location;
use std::time::Duration;

/// The operation `what` on what `touch` says: `lock` within the limit.
fn within<G>(
    limit: &Limit,
    touch: impl FnOnce() -> Touch,
    what: &'static str,
    place: SourceLocation,
    lock: impl FnOnce(&Limit) -> Option<G>,
) -> Option<G> {
    limit.point_before(touch, what, place);
    let guard = lock(limit);
    points::after(what, Some(place));
    guard
}

impl<T: ?Sized> Mutex<T> {
    /// Like [`lock`](Mutex::lock), but waits for at most `limit`; `None` if the mutex was not free by then. A limit of
    /// zero does not wait.
    ///
    /// ```
    /// use gochan::sync::Mutex;
    /// use std::time::Duration;
    ///
    /// let mutex = Mutex::new(1);
    /// let held = mutex.lock();
    /// assert!(mutex.lock_timeout(Duration::from_millis(1)).is_none());
    /// drop(held);
    /// assert_eq!(*mutex.lock_timeout(Duration::from_secs(60)).unwrap(), 1);
    /// ```
    #[doc(alias = "try_lock_for")]
    #[track_caller]
    pub fn lock_timeout(&self, limit: Duration) -> Option<MutexGuard<'_, T>> {
        match Limit::after(limit) {
            Some(limit) => self.lock_within(&limit, "Mutex::lock_timeout", Location::caller()),
            None => Some(self.lock()),
        }
    }

    /// Like [`lock`](Mutex::lock), but gives up when `ctx` ends. Go programs use a channel with room for one value
    /// instead, and a `select` with `ctx.Done()`.
    ///
    /// # Errors
    /// The error of `ctx`, if it ends before the mutex is locked, or has ended before the call.
    ///
    /// ```
    /// use gochan::context::ContextError;
    /// use gochan::prelude::*;
    /// use gochan::sync::Mutex;
    ///
    /// fn count(ctx: &Context, counter: &Mutex<u64>) -> Result<(), ContextError> {
    ///     *counter.lock_ctx(ctx)? += 1;
    ///     Ok(())
    /// }
    ///
    /// let (ctx, cancel) = background().with_cancel();
    /// let counter = Mutex::new(0);
    /// assert_eq!(count(&ctx, &counter), Ok(()));
    /// cancel.cancel();
    /// assert_eq!(count(&ctx, &counter), Err(ContextError::Canceled));
    /// ```
    #[track_caller]
    pub fn lock_ctx(&self, ctx: &Context) -> Result<MutexGuard<'_, T>, ContextError> {
        const WHAT: &str = "Mutex::lock_ctx";
        match Limit::end_of(ctx, WHAT, Location::caller())? {
            Some(limit) => {
                let guard = self.lock_within(&limit, WHAT, Location::caller());
                guard.ok_or_else(|| limit.error())
            }
            None => Ok(self.lock()),
        }
    }

    fn lock_within(
        &self,
        limit: &Limit,
        what: &'static str,
        place: SourceLocation,
    ) -> Option<MutexGuard<'_, T>> {
        let raw = self.raw();
        within(
            limit,
            || Touch::write(raw),
            what,
            place,
            |limit| raw.lock_within(limit, WaitReason::Mutex, place).then(|| MutexGuard::new(self)),
        )
    }
}

impl<T: ?Sized> RwLock<T> {
    /// Like [`read`](RwLock::read), but waits for at most `limit`; `None` if a writer held the lock, or waited for it, all
    /// that time. A limit of zero does not wait.
    ///
    /// ```
    /// use gochan::sync::RwLock;
    /// use std::time::Duration;
    ///
    /// let lock = RwLock::new(1);
    /// let writing = lock.write();
    /// assert!(lock.read_timeout(Duration::from_millis(1)).is_none());
    /// drop(writing);
    /// assert_eq!(*lock.read_timeout(Duration::from_secs(60)).unwrap(), 1);
    /// ```
    #[doc(alias = "try_read_for")]
    #[track_caller]
    pub fn read_timeout(&self, limit: Duration) -> Option<RwLockReadGuard<'_, T>> {
        match Limit::after(limit) {
            Some(limit) => self.read_within(&limit, "RwLock::read_timeout", Location::caller()),
            None => Some(self.read()),
        }
    }

    /// Like [`read`](RwLock::read), but gives up when `ctx` ends.
    ///
    /// # Errors
    /// The error of `ctx`, if it ends before the lock is taken, or has ended before the call.
    ///
    /// ```
    /// use gochan::prelude::*;
    ///
    /// let lock = gochan::sync::RwLock::new(1);
    /// let (ctx, cancel) = background().with_cancel();
    /// assert_eq!(*lock.read_ctx(&ctx).unwrap(), 1);
    /// cancel.cancel();
    /// assert!(lock.read_ctx(&ctx).is_err());
    /// ```
    #[track_caller]
    pub fn read_ctx(&self, ctx: &Context) -> Result<RwLockReadGuard<'_, T>, ContextError> {
        const WHAT: &str = "RwLock::read_ctx";
        match Limit::end_of(ctx, WHAT, Location::caller())? {
            Some(limit) => {
                let guard = self.read_within(&limit, WHAT, Location::caller());
                guard.ok_or_else(|| limit.error())
            }
            None => Ok(self.read()),
        }
    }

    /// Like [`write`](RwLock::write), but waits for at most `limit`; `None` if there were other writers or readers all
    /// that time. While it waits it holds off new readers, as `write` does; once it has given up they are let in. A limit
    /// of zero does not wait.
    ///
    /// ```
    /// use gochan::sync::RwLock;
    /// use std::time::Duration;
    ///
    /// let lock = RwLock::new(1);
    /// let reading = lock.read();
    /// assert!(lock.write_timeout(Duration::from_millis(1)).is_none());
    /// assert_eq!(*lock.read(), 1);
    /// drop(reading);
    /// *lock.write_timeout(Duration::from_secs(60)).unwrap() = 2;
    /// ```
    #[doc(alias = "try_write_for")]
    #[track_caller]
    pub fn write_timeout(&self, limit: Duration) -> Option<RwLockWriteGuard<'_, T>> {
        match Limit::after(limit) {
            Some(limit) => self.write_within(&limit, "RwLock::write_timeout", Location::caller()),
            None => Some(self.write()),
        }
    }

    /// Like [`write`](RwLock::write), but gives up when `ctx` ends.
    ///
    /// # Errors
    /// The error of `ctx`, if it ends before the lock is taken, or has ended before the call.
    ///
    /// ```
    /// use gochan::prelude::*;
    ///
    /// let lock = gochan::sync::RwLock::new(1);
    /// let (ctx, cancel) = background().with_cancel();
    /// *lock.write_ctx(&ctx).unwrap() += 1;
    /// cancel.cancel();
    /// assert!(lock.write_ctx(&ctx).is_err());
    /// ```
    #[track_caller]
    pub fn write_ctx(&self, ctx: &Context) -> Result<RwLockWriteGuard<'_, T>, ContextError> {
        const WHAT: &str = "RwLock::write_ctx";
        match Limit::end_of(ctx, WHAT, Location::caller())? {
            Some(limit) => {
                let guard = self.write_within(&limit, WHAT, Location::caller());
                guard.ok_or_else(|| limit.error())
            }
            None => Ok(self.write()),
        }
    }

    fn read_within(
        &self,
        limit: &Limit,
        what: &'static str,
        place: SourceLocation,
    ) -> Option<RwLockReadGuard<'_, T>> {
        let raw = self.raw();
        within(
            limit,
            || raw.writes(),
            what,
            place,
            |limit| {
                let counted = raw.read_within(limit, place)?;
                // SAFETY: just locked for reading, and counted so.
                Some(unsafe { RwLockReadGuard::new(self, counted) })
            },
        )
    }

    fn write_within(
        &self,
        limit: &Limit,
        what: &'static str,
        place: SourceLocation,
    ) -> Option<RwLockWriteGuard<'_, T>> {
        let raw = self.raw();
        within(
            limit,
            || raw.writes(),
            what,
            place,
            |limit| {
                // SAFETY: locked for writing.
                raw.write_within(limit, place).then(|| unsafe { RwLockWriteGuard::new(self) })
            },
        )
    }
}
