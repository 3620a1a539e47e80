//! Waiting for each other without channels.
//!
//! | | Go | here |
//! |---|---|---|
//! | one at a time | `sync.Mutex` | [`Mutex`], with what it protects inside |
//! | many readers or one writer | `sync.RWMutex` | [`RwLock`] |
//! | once | `sync.Once`, `OnceFunc`, `OnceValue` | [`Once`], [`once_func`], [`once_value`], [`OnceCell`], [`Lazy`] |
//! | until something has changed | `sync.Cond` | [`Cond`] |
//! | until all are done | `sync.WaitGroup` | [`WaitGroup`] |
//! | a part of a supply | `semaphore.Weighted` | [`Semaphore`] |
//! | until all are done, or one fails | `errgroup.Group` | [`errgroup::Group`] |
//! | values to use again | `sync.Pool` | [`Pool`] |
//! | a map for many | `sync.Map` | [`Map`] |
//! | one call for all who ask | `singleflight.Group` | [`singleflight::Group`] |
//!
//! [`atomic`] has std's atomic types once more, for programs that are [explored](mod@crate::test#exploration).
//!
//! Whatever waits here parks its goroutine and lets the thread run others; outside of goroutines it blocks the thread.
//! So goroutines and threads can share these. Their counterparts in std block the thread either way, and with it all
//! goroutines of a worker; worse, a goroutine that parks while it holds such a lock can keep the worker from ever
//! running it again.
//!
//! Guards stay with the goroutine that has locked. There is no poisoning: a panic unlocks, and what it leaves is what
//! the next one finds.
//!
//! ```
//! use gochan::prelude::*;
//! use gochan::sync::{Cond, Mutex};
//! use std::sync::Arc;
//!
//! // A stack that waits while it is empty.
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
mod cond;
pub mod errgroup;
mod lazy;
mod map;
mod mutex;
mod once;
mod once_cell;
mod panicked;
mod pool;
mod queue;
mod raw_mutex;
mod raw_once;
mod raw_rwlock;
mod rwlock;
mod semaphore;
pub mod singleflight;
mod waitgroup;

pub use cond::Cond;
pub use lazy::{Lazy, once_func, once_value};
pub use map::Map;
pub use mutex::{Mutex, MutexGuard};
pub use once::Once;
pub use once_cell::OnceCell;
pub use pool::{Lease, Pool};
pub use rwlock::{RwLock, RwLockReadGuard, RwLockWriteGuard};
pub use semaphore::{Permit, Semaphore};
pub use waitgroup::WaitGroup;
