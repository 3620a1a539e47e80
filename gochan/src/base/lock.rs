//! Locking std's mutexes regardless of poison.
//!
//! The runtime's own data is valid at every point where a panic could leave it, or the panic ends the process. So the poison
//! that a panic leaves behind carries no information, and the next user of the lock must not panic because of it.

use crate::own_tls::in_place;
use std::sync::{LockResult, Mutex, MutexGuard, PoisonError};

/// Locks `mutex`, poisoned or not.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    regardless(in_place(|| mutex.lock()))
}

/// The guard, poisoned or not: for mutexes of the shim, which are others in models.
pub(crate) fn regardless<G>(locked: LockResult<G>) -> G {
    locked.unwrap_or_else(PoisonError::into_inner)
}
