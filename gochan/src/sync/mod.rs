//! Synchronisation without channels: locks, one-time initialisation, groups, and shared collections.
//!
//! | | Go | here |
//! |---|---|---|
//! | one at a time | `sync.Mutex` | [`Mutex`], with the value inside |
//! | many readers or one writer | `sync.RWMutex` | [`RwLock`] |
//! | once | `sync.Once`, `OnceFunc`, `OnceValue` | [`Once`], [`once_func`], [`once_value`], [`OnceCell`], [`Lazy`] |
//! | until a condition changes | `sync.Cond` | [`Cond`] |
//! | until all are done | `sync.WaitGroup` | [`WaitGroup`] |
//! | until all have come | — | [`Barrier`] |
//! | a part of a limited resource | `semaphore.Weighted` | [`Semaphore`] |
//! | until all are done, or one fails | `errgroup.Group` | [`errgroup::Group`] |
//! | reusable values | `sync.Pool` | [`Pool`] |
//! | a concurrent map | `sync.Map` | [`Map`] |
//! | one call for all concurrent callers | `singleflight.Group` | [`singleflight::Group`] |
//!
//! [`atomic`] has std's atomic types, visible to [explorations](mod@crate::test#exploration).
//!
//! A wait parks the goroutine and lets its worker run others; outside of goroutines it blocks the thread. So goroutines
//! and threads can share these types. Their counterparts in std always block the thread, and with it all goroutines of
//! a worker; a goroutine that parks while it holds such a lock can even deadlock its worker.
//!
//! Each wait can be given up: after a time ([`lock_timeout`](Mutex::lock_timeout),
//! [`wait_timeout`](WaitGroup::wait_timeout)), or when a context ends ([`lock_ctx`](Mutex::lock_ctx),
//! [`wait_ctx`](WaitGroup::wait_ctx)). The end of a group is an arm of [`select!`](macro@crate::select) by
//! [`finished`](WaitGroup::finished), as is that of a goroutine by [`JoinHandle::finished`](crate::JoinHandle::finished).
//!
//! A guard stays with the goroutine that locked; one of [`lock_arc`](Mutex::lock_arc) owns a handle of its lock. There is no poisoning: a panic unlocks, and the next goroutine finds
//! the value as it was left.
//!
//! ```
//! use gochan::prelude::*;
//! use gochan::sync::{Cond, Mutex};
//! use std::sync::Arc;
//!
//! // A stack whose `pop` waits while it is empty.
//! let stack = Arc::new((Mutex::new(vec![]), Cond::new()));
//! let popped = {
//!     let stack = stack.clone();
//!     go!({
//!         let (values, filled) = &*stack;
//!         filled.wait_while(values.lock(), |values| values.is_empty()).pop()
//!     })
//! };
//! stack.0.lock().push(7);
//! stack.1.signal();
//! assert_eq!(popped.join().unwrap(), Some(7));
//! ```

pub mod atomic;
mod barrier;
mod cond;
pub mod errgroup;
mod guard;
mod lazy;
mod limit;
mod map;
mod mutex;
mod once;
mod once_cell;
mod owned;
mod panicked;
mod pool;
mod queue;
mod raw_mutex;
mod raw_once;
mod raw_rwlock;
mod rwlock;
mod semaphore;
pub mod singleflight;
mod timed;
mod unlock;
mod waitgroup;

pub use barrier::{Barrier, BarrierWaitResult};
pub use cond::Cond;
pub use guard::LockGuard;
pub use lazy::{Lazy, once_func, once_value};
pub use map::{Map, MapIter};
pub use mutex::{Mutex, MutexGuard};
pub use once::Once;
pub use once_cell::OnceCell;
pub use owned::{ArcMutexGuard, ArcRwLockReadGuard, ArcRwLockWriteGuard};
pub use pool::{Lease, Pool};
pub use rwlock::{RwLock, RwLockReadGuard, RwLockWriteGuard};
pub use semaphore::{Permit, Semaphore};
#[doc(hidden)]
pub use unlock::UnlockedByMethod;
pub use waitgroup::{Delta, WaitGroup};
