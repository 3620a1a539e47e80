//! Methods that locks do not have. They exist for the compiler's messages: for `mu.unlock()` it reports that the guard
//! unlocks, instead of proposing the method `lock`. Their bound never holds, so they cannot be called.

use super::{Mutex, RwLock};
use crate::base::report::not_callable;

#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a lock is unlocked by dropping its guard, not by a method",
    label = "there is no unlock: the guard that the lock returned does it",
    note = "keep the guard, as in `let guard = mu.lock();`: it unlocks at the end of the block, so that `defer!` is not \
            needed, or earlier by `drop(guard)`"
)]
pub trait UnlockedByMethod {}

impl<T: ?Sized> Mutex<T> {
    #[doc(hidden)]
    pub fn unlock(&self)
    where
        Self: UnlockedByMethod,
    {
        not_callable()
    }
}

impl<T: ?Sized> RwLock<T> {
    #[doc(hidden)]
    pub fn unlock(&self)
    where
        Self: UnlockedByMethod,
    {
        not_callable()
    }

    #[doc(hidden)]
    pub fn runlock(&self)
    where
        Self: UnlockedByMethod,
    {
        not_callable()
    }
}

#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a read-write lock is locked by `read()` or by `write()`",
    label = "write `read()` to look, `write()` to change",
    note = "Go's `mu.RLock()` is `let guard = mu.read();`, and `mu.Lock()` is `let mut guard = mu.write();`"
)]
pub trait LockedByGoMethod {}

impl<T: ?Sized> RwLock<T> {
    #[doc(hidden)]
    pub fn lock(&self)
    where
        Self: LockedByGoMethod,
    {
        not_callable()
    }

    #[doc(hidden)]
    pub fn rlock(&self)
    where
        Self: LockedByGoMethod,
    {
        not_callable()
    }
}
