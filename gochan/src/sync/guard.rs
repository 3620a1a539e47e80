//! What a `Cond` does with a guard.

use super::mutex::MutexGuard;
use super::owned::{ArcMutexGuard, ArcRwLockReadGuard, ArcRwLockWriteGuard};
use super::rwlock::{RwLockReadGuard, RwLockWriteGuard};
use crate::base::location::SourceLocation;
use crate::base::touch::Touch;
use crate::sched::park::WaitReason;
use relock::Relock;

/// The guards of the locks of this module, with which a [`Cond`](super::Cond) can wait.
#[diagnostic::on_unimplemented(
    message = "a `Cond` waits with the guard of a lock, and `{Self}` is none",
    label = "this is no guard of `gochan::sync`",
    note = "lock first, and take back the guard that the wait returns: `let mut guard = mu.lock();`, then \
            `while !ready(&guard) {{ guard = cond.wait(guard); }}`"
)]
pub trait LockGuard: Relock {}

pub(super) mod relock {
    use super::SourceLocation;

    /// A guard that gives its lock up for a time. Until it has locked again it is neither used nor dropped.
    pub trait Relock {
        /// The object that locking writes to, as a touch names it.
        fn object(&self) -> Option<usize>;

        fn unlock(&mut self);

        fn lock(&mut self, place: SourceLocation);
    }
}

impl<T: ?Sized> Relock for MutexGuard<'_, T> {
    fn object(&self) -> Option<usize> {
        Touch::write(self.raw()).object
    }

    #[inline]
    fn unlock(&mut self) {
        self.raw().unlock();
    }

    #[inline]
    fn lock(&mut self, place: SourceLocation) {
        self.raw().lock(WaitReason::Mutex, place);
    }
}

impl<T: ?Sized> Relock for RwLockReadGuard<'_, T> {
    fn object(&self) -> Option<usize> {
        self.raw().writes().object
    }

    fn unlock(&mut self) {
        self.raw().end_read(self.counted);
    }

    fn lock(&mut self, place: SourceLocation) {
        self.counted = self.raw().read(place);
    }
}

impl<T: ?Sized> Relock for RwLockWriteGuard<'_, T> {
    fn object(&self) -> Option<usize> {
        self.raw().writes().object
    }

    fn unlock(&mut self) {
        self.raw().end_write();
    }

    fn lock(&mut self, place: SourceLocation) {
        self.raw().write(place);
    }
}

macro_rules! owned {
    ($($guard:ident)*) => {$(
        impl<T: ?Sized> Relock for $guard<T> {
            fn object(&self) -> Option<usize> {
                self.guard.object()
            }

            fn unlock(&mut self) {
                self.guard.unlock();
            }

            fn lock(&mut self, place: SourceLocation) {
                self.guard.lock(place);
            }
        }

        impl<T: ?Sized> LockGuard for $guard<T> {}
    )*};
}

owned!(ArcMutexGuard ArcRwLockReadGuard ArcRwLockWriteGuard);

impl<T: ?Sized> LockGuard for MutexGuard<'_, T> {}
impl<T: ?Sized> LockGuard for RwLockReadGuard<'_, T> {}
impl<T: ?Sized> LockGuard for RwLockWriteGuard<'_, T> {}
