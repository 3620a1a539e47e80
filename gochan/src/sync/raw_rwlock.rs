//! The lock inside [`RwLock`](super::RwLock), without the value.
//!
//! # Writers
//!
//! Writers exclude each other by a mutex. Its holder sets `WRITER`, which holds off new readers, and waits for the
//! readers inside to leave. When it is done, it clears `WRITER`, which lets in the readers that have arrived meanwhile,
//! and only then unlocks the mutex for the next writer: so readers and writers take turns.
//!
//! # Readers
//!
//! A reader counts itself in the low bits of `state`. If it finds `WRITER` there, it stays counted, as one of the next
//! to be let in, and parks. A reader that leaves while `WRITER` is set counts down `leaving`, to which the writer has
//! added the readers that it found inside; at zero the writer goes on. The two may happen in either order.
//!
//! A reader on its way to the queue may be let in before it gets there. The unlock knows how many readers are counted
//! and how many it has found in the queue; the difference is `admitted`. Readers that reach the queue take from
//! `admitted` first; it does not matter which of them does.
//!
//! # Shards
//!
//! Overlapping readers of several workers spend their time fetching the cache line of `state` from each other. Once
//! this has been noticed often enough, readers spread: the lock gets a counter for each worker, on a cache line of its
//! own, and `state` says `SPREAD`. A reader then counts itself in its shard first and checks `state` next: it is inside
//! if readers spread and there is no writer. A writer sets `WRITER` first and adds up the counters next. In sequentially
//! consistent order at least one of the two sees the other. A reader that sees the writer takes its count back and
//! queues up like any other reader, counted in `state`.
//!
//! A writer pays for each shard. So one that finds that few readers have come since the last writer ends the
//! spreading: with the unlock it takes `SPREAD` back, while no reader is in a shard. Until readers spread again, a
//! reader that counts itself in a shard sees that and takes its count back, and writers leave the shards alone.

mod limited;
mod readers;
mod shards;
mod writers;

use super::queue::{Queue, Waiter};
use super::raw_mutex::RawMutex;
use crate::base::spin::SpinLock;
use crate::base::touch::Touch;
use crate::knots::Readers;
use crate::sched::park::Owner;
use crate::shim::atomic::{AtomicI32, AtomicPtr, AtomicU32, Ordering::*};
use shards::{Shards, Spreading};
use std::ptr;

pub(super) use shards::CountedIn;

/// A writer is inside, or waits for readers to leave, or has given up that wait (see `limited`).
const WRITER: u32 = 1 << 31;
/// Readers count themselves in shards.
const SPREAD: u32 = 1 << 30;
/// The readers that are counted in this word.
const READERS: u32 = SPREAD - 1;
/// The limit of readers, which only a loop that forgets guards reaches. It is far below the bits above, with room for
/// all threads that count themselves before they check.
const MANY: u32 = READERS / 2;

/// Checks of a lock that may soon be released, and spins between two checks.
const LOOKS: u32 = 16;
const PAUSE: u32 = 4;

#[derive(Debug)]
pub(super) struct RawRwLock {
    state: AtomicU32,
    /// Readers of `state` that the writer still waits for.
    leaving: AtomicI32,
    /// The shards, while readers are to try them.
    shards: AtomicPtr<Shards>,
    /// The shards, once there are some.
    made: AtomicPtr<Shards>,
    /// Whether readers should spread.
    spreading: Spreading,
    waiting: SpinLock<LockWaiters>,
    writers: RawMutex,
    /// The readers inside, as far as they are recorded.
    inside: Readers,
}

/// The parked goroutines, except writers that wait for other writers.
struct LockWaiters {
    readers: Queue<()>,
    /// Readers that were let in before they reached the queue.
    admitted: u32,
    /// The writer, while it waits for readers to leave.
    writer: Option<Owner>,
    /// `WRITER` is set, and there is no writer: one has given up.
    abandoned: bool,
}

impl LockWaiters {
    /// Takes all readers off the queue. The caller must wake them.
    fn take_readers(&mut self) -> Vec<Owner> {
        std::iter::from_fn(|| self.readers.pop()).map(Waiter::take_owner).collect()
    }
}

impl RawRwLock {
    #[cfg_attr(gochan_loom, const_fn::const_fn(cfg(not(gochan_loom))))]
    pub(super) const fn new() -> RawRwLock {
        RawRwLock {
            state: AtomicU32::new(0),
            leaving: AtomicI32::new(0),
            shards: AtomicPtr::new(ptr::null_mut()),
            made: AtomicPtr::new(ptr::null_mut()),
            spreading: Spreading::new(),
            waiting: SpinLock::new(LockWaiters {
                readers: Queue::new(),
                admitted: 0,
                writer: None,
                abandoned: false,
            }),
            writers: RawMutex::new(),
            inside: Readers::new(),
        }
    }

    /// What a reader touches.
    pub(super) fn reads(&self) -> Touch {
        // A writer that another writer wakes touches the mutex.
        Touch::read(&self.writers)
    }

    /// What the end of a reader touches.
    pub(super) fn ends_read(&self) -> [Touch; 2] {
        Touch::done(&self.writers)
    }

    /// What a writer touches.
    pub(super) fn writes(&self) -> Touch {
        Touch::write(&self.writers)
    }
}

impl Drop for RawRwLock {
    fn drop(&mut self) {
        let shards = self.made.load(Relaxed);
        if !shards.is_null() {
            // SAFETY: made by `spread`; the lock is no longer shared.
            drop(unsafe { Box::from_raw(shards) });
        }
    }
}

#[cfg(all(test, not(any(gochan_model, gochan_loom))))]
mod tests {
    use super::*;
    use std::panic::{Location, catch_unwind};

    /// Otherwise the count would run into the other bits and finally let a writer in with readers.
    #[test]
    fn a_count_of_leaked_guards_stops_short_of_the_other_bits() {
        let lock = RawRwLock::new();
        lock.state.store(MANY - 1, Relaxed);
        let here = Location::caller();
        assert!(lock.read(here).is_none());
        assert!(catch_unwind(|| lock.read(here).is_none()).is_err());
        assert!(catch_unwind(|| lock.try_read(here).is_none()).is_err());
        assert_eq!(lock.state.load(Relaxed), MANY);
        assert!(!lock.try_write(here));
    }
}

#[cfg(all(test, gochan_loom))]
mod model_loom;
