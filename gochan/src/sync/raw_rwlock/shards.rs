//! The counters of readers, one for each worker, and when they are worth their price.

use super::{RawRwLock, SPREAD};
use crate::shim::atomic::{AtomicU64, Ordering::*};
use crossbeam_utils::CachePadded;
use std::ptr;
// Only hints: the models need not try their interleavings.
use std::sync::atomic::{AtomicU16, AtomicU32};

/// After this many meetings of readers from different workers, shards are worth their memory.
const MEETINGS: u16 = if cfg!(any(gochan_model, gochan_loom)) { 1 } else { 64 };

/// The most meetings that are asked for, when spreading has not been worth it before.
const MOST_MEETINGS: u16 = 1 << 14;

/// Spreading has paid for a writer's visits to the shards if so many reads per shard have come since the last writer.
const WORTH: u32 = 16;

/// How many writers more may find that it has not than find that it has, before the spreading ends: at first and at most.
const CREDIT: u16 = if cfg!(any(gochan_model, gochan_loom)) { 0 } else { 4 };
const MOST_CREDIT: u16 = 8;

/// The readers inside, counted for each worker; a power of two of counters.
#[derive(Debug)]
pub(super) struct Shards(Box<[CachePadded<Shard>]>);

#[derive(Debug, Default)]
pub(super) struct Shard {
    pub(super) inside: Count,
    /// All readers that have come this way; it wraps.
    entries: AtomicU32,
}

/// Wide enough that forgotten guards cannot wrap it.
pub(in crate::sync) type Count = AtomicU64;

/// The shard in which a reader is counted; `None` is `state`.
pub(in crate::sync) type CountedIn<'a> = Option<&'a Count>;

/// Whether readers of several workers meet often enough, and writers come seldom enough, for shards.
#[derive(Debug)]
pub(super) struct Spreading {
    /// One more than the worker of the reader that has last met another reader; and how often that worker changed.
    last_worker: AtomicU16,
    meetings: AtomicU16,
    /// How many meetings it takes to spread.
    meetings_needed: AtomicU16,
    /// The reads through shards that writers have seen so far.
    entries_seen: AtomicU32,
    credit: AtomicU16,
}

impl Spreading {
    pub(super) const fn new() -> Spreading {
        Spreading {
            last_worker: AtomicU16::new(0),
            meetings: AtomicU16::new(0),
            meetings_needed: AtomicU16::new(MEETINGS),
            entries_seen: AtomicU32::new(0),
            credit: AtomicU16::new(CREDIT),
        }
    }
}

impl Shard {
    /// By the worker of this shard only: a lost count of another thread would not matter.
    #[inline]
    pub(super) fn note_entry(&self) {
        self.entries.store(self.entries.load(Relaxed).wrapping_add(1), Relaxed);
    }
}

impl RawRwLock {
    /// Notes that a reader has found others inside.
    #[inline(never)]
    pub(super) fn note_meeting(&self) {
        let Some((worker, workers)) = crate::sched::here::worker_of() else { return };
        let me = worker as u16 + 1;
        let Spreading { last_worker, meetings, meetings_needed, .. } = &self.spreading;
        if workers < 2 || last_worker.load(Relaxed) == me {
            return;
        }
        last_worker.store(me, Relaxed);
        let so_far = meetings.load(Relaxed).saturating_add(1);
        meetings.store(so_far, Relaxed);
        if so_far == meetings_needed.load(Relaxed) {
            self.spread(workers);
        }
    }

    /// The caller is counted in `state`. So a writer that comes between the steps, when readers may already be in the
    /// shards, waits at least for the caller, and then finds the shards.
    #[cold]
    pub(super) fn spread(&self, workers: usize) {
        if self.made.load(Relaxed).is_null() {
            let shards = (0..workers.next_power_of_two()).map(|_| CachePadded::default()).collect();
            let shards = Box::into_raw(Box::new(Shards(shards)));
            // Release pairs with the Acquire in `all_shards`.
            if self.made.compare_exchange(ptr::null_mut(), shards, Release, Relaxed).is_err() {
                // SAFETY: it was just made and is not published.
                drop(unsafe { Box::from_raw(shards) });
            }
        }
        self.state.fetch_or(SPREAD, Release);
        // Release pairs with the Acquire in `shard`.
        self.shards.store(self.made.load(Acquire), Release);
    }

    /// What a writer takes off `state` with the unlock, beside `WRITER`: `SPREAD`, if readers spread and should not.
    #[inline]
    pub(super) fn end_of_spreading(&self) -> u32 {
        if self.state.load(Relaxed) & SPREAD == 0 || self.is_spreading_worth_it() {
            return 0;
        }
        self.shards.store(ptr::null_mut(), Relaxed);
        SPREAD
    }

    /// By a writer that holds the lock.
    fn is_spreading_worth_it(&self) -> bool {
        let shards = self.all_shards();
        let entries = shards.iter().fold(0_u32, |sum, shard| sum.wrapping_add(shard.entries.load(Relaxed)));
        let Spreading { meetings, meetings_needed, entries_seen, credit, .. } = &self.spreading;
        let fresh = entries.wrapping_sub(entries_seen.load(Relaxed));
        entries_seen.store(entries, Relaxed);
        let left = credit.load(Relaxed);
        if fresh >= WORTH * shards.len() as u32 {
            credit.store((left + 1).min(MOST_CREDIT), Relaxed);
            meetings_needed.store(MEETINGS, Relaxed);
        } else if left > 0 {
            credit.store(left - 1, Relaxed);
        } else {
            credit.store(CREDIT, Relaxed);
            meetings.store(0, Relaxed);
            let more = meetings_needed.load(Relaxed).saturating_mul(2).min(MOST_MEETINGS);
            meetings_needed.store(more, Relaxed);
            return false;
        }
        true
    }

    #[inline]
    pub(super) fn all_shards(&self) -> &[CachePadded<Shard>] {
        // SAFETY: null, or published by `spread` and freed by `drop` only.
        unsafe { self.made.load(Acquire).as_ref() }.map_or(&[], |shards| &shards.0)
    }

    /// The shard of the calling worker, if readers are to try it.
    #[inline]
    pub(super) fn shard(&self) -> Option<&Shard> {
        let worker = crate::sched::here::worker_number()?;
        // SAFETY: null, or published by `spread` and freed by `drop` only.
        let Shards(shards) = unsafe { self.shards.load(Acquire).as_ref() }?;
        // The workers of one runtime have consecutive numbers.
        shards.get(worker & shards.len().wrapping_sub(1)).map(|shard| &**shard)
    }
}
