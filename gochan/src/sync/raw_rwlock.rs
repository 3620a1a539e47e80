//! The lock inside of [`RwLock`](super::RwLock), without the value.
//!
//! # Writers
//!
//! One at a time, by a mutex among themselves. The one that holds it sets `WRITER`, which holds off new readers, and
//! waits for those inside to leave. When it is done it clears `WRITER`, which lets in the readers that have come in
//! the meantime, and only then lets the next writer have the mutex: so readers and writers take turns.
//!
//! # Readers
//!
//! A reader counts itself in the low bits of `state`. If it finds `WRITER` there it stays counted, as one of the
//! next to be let in, and parks. Whoever leaves while `WRITER` is set counts down `leaving`, to which the writer has
//! added the readers that it found inside; at zero the writer goes on. The two may happen in either order.
//!
//! A reader on its way to the queue may be let in before it gets there. The unlock knows how many readers are
//! counted and how many it has found in the queue; the difference is `admitted`, and those who come to the queue
//! take from that first. It does not matter which of them does.
//!
//! # Shards
//!
//! Readers of several workers that overlap spend their time fetching the cache line of `state` from each other. Once
//! that has been noticed often enough, the lock gets a counter for each worker, on a cache line of its own
//! (`SHARDED`). A reader then counts itself there and looks whether `WRITER` is set after that; a writer sets
//! `WRITER` and adds up the counters after that. In sequentially consistent order one of the two sees the other: a
//! reader that sees the writer takes itself off again and queues up like any other, by the count in `state`.

use super::queue::{Queue, Waiter};
use super::raw_mutex::RawMutex;
use crate::chan::lock::SpinLock;
use crate::sched::bubble;
use crate::sched::knots::{self, Held, Obstacle, Readers};
use crate::sched::park::{Owner, Parker, WaitReason};
use crate::sched::touch::Touch;
use crate::shim;
use crate::shim::atomic::{AtomicI32, AtomicPtr, AtomicU16, AtomicU32, AtomicU64, Ordering::*};
use crossbeam_utils::CachePadded;
use std::panic::Location;
use std::ptr;

/// A writer is inside, or waits for readers to leave.
const WRITER: u32 = 1 << 31;
/// There are shards.
const SHARDED: u32 = 1 << 30;
/// The readers that are counted here.
const READERS: u32 = SHARDED - 1;
/// So many readers are only there if guards are forgotten in a loop: long before their count would reach the bits above,
/// and with room for all threads that count themselves before they look.
const MANY: u32 = READERS / 2;

/// So many meetings of readers from different workers make shards worth their memory.
const MEETINGS: u16 = if cfg!(any(gochan_model, gochan_loom)) { 1 } else { 64 };

/// Looks at a lock that somebody may be about to leave, and spins between two of them.
const LOOKS: u32 = 16;
const PAUSE: u32 = 16;

type Place = &'static Location<'static>;

#[derive(Debug)]
pub(super) struct RawRwLock {
    state: AtomicU32,
    /// Readers of `state` that the writer still waits for.
    leaving: AtomicI32,
    shards: AtomicPtr<Shards>,
    /// The worker of a reader that has met another one, plus one; and how often it was a different one.
    last_worker: AtomicU16,
    meetings: AtomicU16,
    waiting: SpinLock<Waiting>,
    writers: RawMutex,
    /// Those inside, as far as they are known.
    inside: Readers,
}

/// Who is parked, but for writers that wait for other writers.
struct Waiting {
    readers: Queue<()>,
    /// Readers that have been let in on their way here.
    admitted: u32,
    /// The writer, while it waits for readers to leave.
    writer: Option<Owner>,
}

/// The readers inside, for each worker; a power of two of them.
#[derive(Debug)]
struct Shards(Box<[CachePadded<Shard>]>);

/// What a parked reader waits for.
struct Behind<'a> {
    lock: &'a RawRwLock,
    waiter: &'a Waiter<()>,
}

// SAFETY: the waiter is read under the lock of its queue only.
unsafe impl Sync for Behind<'_> {}

impl Obstacle for Behind<'_> {
    fn depends_on(&self) -> Vec<Held> {
        let waiting = self.lock.waiting.lock();
        let is_queued = self.waiter.is_queued();
        drop(waiting);
        // While it is queued, the writer that holds it off has not left.
        if is_queued { Vec::from_iter(self.lock.writers.holder().get()) } else { Vec::new() }
    }
}

/// Of so many bits that no number of forgotten guards wraps it.
pub(super) type Shard = AtomicU64;

/// Where a reader has counted itself: None, in `state`.
pub(super) type Counted<'a> = Option<&'a Shard>;

impl RawRwLock {
    #[cfg_attr(gochan_loom, const_fn::const_fn(cfg(not(gochan_loom))))]
    pub(super) const fn new() -> RawRwLock {
        RawRwLock {
            state: AtomicU32::new(0),
            leaving: AtomicI32::new(0),
            shards: AtomicPtr::new(ptr::null_mut()),
            last_worker: AtomicU16::new(0),
            meetings: AtomicU16::new(0),
            waiting: SpinLock::new(Waiting { readers: Queue::new(), admitted: 0, writer: None }),
            writers: RawMutex::new(),
            inside: Readers::new(),
        }
    }

    /// What a reader touches.
    pub(super) fn reads(&self) -> Touch {
        // A writer that is woken by another one touches the mutex.
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

    // Readers.

    /// Inlined always, but for what leads to a switch, as in a mutex.
    #[inline(always)]
    pub(super) fn read(&self, place: Place) -> Counted<'_> {
        let counted = self.enter(place);
        self.inside.begin(place);
        counted
    }

    #[inline(always)]
    fn enter(&self, place: Place) -> Counted<'_> {
        // Not by `SHARDED`: a load of what has just been counted in waits for that.
        if self.shards.load(Relaxed).is_null() {
            // Acquire pairs with the Release of the last writer.
            match self.state.fetch_add(1, Acquire) {
                0 => None,
                before => self.read_counted(before, place),
            }
        } else {
            self.read_sharded(place)
        }
    }

    #[inline(never)]
    fn read_sharded(&self, place: Place) -> Counted<'_> {
        match self.enter_shard() {
            Some(shard) => Some(shard),
            None => self.read_elsewhere(place),
        }
    }

    /// The caller is counted in `state`, which was `before`.
    #[cold]
    #[inline(never)]
    fn read_counted(&self, before: u32, place: Place) -> Counted<'_> {
        if before & WRITER == 0 {
            if before & READERS >= MANY {
                self.leave(None);
                too_many();
            }
            self.note_meeting();
            return None;
        }
        self.watch_writer_leave();
        let waiter = Waiter::new(());
        if let Some(parker) = self.queue_reader(&waiter) {
            let obstacle = Behind { lock: self, waiter: &waiter };
            knots::park(&parker, WaitReason::RwLockRead, place, &obstacle);
        }
        None
    }

    /// There are shards, but for the calling thread, or there is a writer, too.
    #[cold]
    #[inline(never)]
    fn read_elsewhere(&self, place: Place) -> Counted<'_> {
        match self.read_watching() {
            Some(counted) => counted,
            None => self.read_counted(self.state.fetch_add(1, Acquire), place),
        }
    }

    /// Gets in through a shard, or when a writer leaves soon. None: it is time to queue up.
    #[inline]
    fn read_watching(&self) -> Option<Counted<'_>> {
        let looks = if crate::sched::others_run_meanwhile() { LOOKS } else { 1 };
        for look in 0..looks {
            if look > 0 {
                (0..PAUSE).for_each(|_| shim::spin_loop());
            }
            if self.state.load(Relaxed) & WRITER == 0
                && let Some(counted) = self.try_enter()
            {
                return Some(counted);
            }
        }
        None
    }

    pub(super) fn try_read(&self, place: Place) -> Option<Counted<'_>> {
        let counted = self.try_enter()?;
        self.inside.begin(place);
        Some(counted)
    }

    fn try_enter(&self) -> Option<Counted<'_>> {
        let mut state = self.state.load(Relaxed);
        if state & (WRITER | SHARDED) == SHARDED && self.shard().is_some() {
            return self.enter_shard().map(Some);
        }
        while state & WRITER == 0 {
            if state & READERS >= MANY {
                too_many();
            }
            match self.state.compare_exchange_weak(state, state + 1, Acquire, Relaxed) {
                Ok(_) => return Some(None),
                Err(now) => state = now,
            }
        }
        None
    }

    /// Whoever is counted need not park if the writer lets it in soon.
    fn watch_writer_leave(&self) {
        let looks = if crate::sched::others_run_meanwhile() { LOOKS } else { 0 };
        for _ in 0..looks {
            if self.state.load(Relaxed) & WRITER == 0 {
                return;
            }
            (0..PAUSE).for_each(|_| shim::spin_loop());
        }
    }

    /// None: there is a writer, or no shard for the calling thread.
    #[inline]
    fn enter_shard(&self) -> Option<&Shard> {
        let shard = self.shard()?;
        shard.fetch_add(1, SeqCst);
        // Acquire pairs with the Release of the last writer.
        if self.state.load(SeqCst) & WRITER == 0 {
            return Some(shard);
        }
        self.leave_shard(shard);
        None
    }

    /// The caller is counted in `state`. None: it has been let in.
    fn queue_reader(&self, waiter: &Waiter<()>) -> Option<Parker> {
        let parker = Parker::current();
        let owner = parker.owner();
        let mut waiting = self.waiting.lock();
        if waiting.admitted > 0 {
            waiting.admitted -= 1;
            return None;
        }
        // SAFETY: the waiter's frame parks until the owner is woken.
        unsafe { waiting.readers.push(waiter, owner) };
        Some(parker)
    }

    #[inline]
    pub(super) fn end_read(&self, counted: Counted<'_>) {
        self.inside.end();
        self.leave(counted);
    }

    #[inline]
    fn leave(&self, counted: Counted<'_>) {
        match counted {
            None => {
                // Release: the writer's work comes after what was read.
                if self.state.fetch_sub(1, Release) & WRITER != 0 {
                    self.left();
                }
            }
            Some(shard) => self.leave_shard(shard),
        }
    }

    #[inline]
    fn leave_shard(&self, shard: &Shard) {
        shard.fetch_sub(1, SeqCst);
        if self.state.load(SeqCst) & WRITER != 0 {
            self.wake_writer();
        }
    }

    /// A reader that was counted in `state` has left while a writer is waiting, or about to.
    #[cold]
    fn left(&self) {
        if self.leaving.fetch_sub(1, AcqRel) == 1 {
            self.wake_writer();
        }
    }

    #[cold]
    #[inline(never)]
    fn wake_writer(&self) {
        let owner = {
            let mut waiting = self.waiting.lock();
            if waiting.writer.is_none() || !self.is_left() {
                return;
            }
            waiting.writer.take()
        };
        if let Some(owner) = owner {
            owner.wake();
        }
    }

    // Writers.

    #[inline]
    pub(super) fn write(&self, place: Place) {
        self.writers.lock(WaitReason::RwLockWrite, place);
        // SeqCst, against the readers of shards; Acquire pairs with the Release of the last reader.
        let before = self.state.fetch_or(WRITER, SeqCst);
        if before != 0 {
            self.wait_for_readers(before, place);
        }
    }

    #[inline(never)]
    fn wait_for_readers(&self, before: u32, place: Place) {
        if let Some(parker) = self.watch_readers_leave(before) {
            if bubble::has_points() {
                bubble::announce_after_wait(Touch::awaits(&self.writers));
            }
            knots::park(&parker, WaitReason::RwLockWrite, place, &|| self.readers_in_the_way());
        }
    }

    /// Those that the writer waits for, which is parked.
    fn readers_in_the_way(&self) -> Vec<Held> {
        let is_woken = self.waiting.lock().writer.is_none();
        if is_woken { Vec::new() } else { self.inside.get() }
    }

    /// None: all readers have left.
    fn watch_readers_leave(&self, before: u32) -> Option<Parker> {
        self.leaving.fetch_add((before & READERS) as i32, AcqRel);
        let looks = if crate::sched::others_run_meanwhile() { LOOKS } else { 1 };
        for look in 0..looks {
            if look > 0 {
                (0..PAUSE).for_each(|_| shim::spin_loop());
            }
            if self.is_left() {
                return None;
            }
        }
        let parker = Parker::current();
        let owner = parker.owner();
        let mut waiting = self.waiting.lock();
        // Whoever leaves after this look finds the owner.
        if self.is_left() {
            return None;
        }
        waiting.writer = Some(owner);
        Some(parker)
    }

    /// True if no reader is inside any more. `WRITER` is set.
    fn is_left(&self) -> bool {
        // Acquire pairs with the Release of those who have left.
        self.leaving.load(Acquire) == 0 && self.all_shards().iter().all(|shard| shard.load(SeqCst) == 0)
    }

    pub(super) fn try_write(&self, place: Place) -> bool {
        if !self.writers.try_lock(place) {
            return false;
        }
        let state = self.state.load(Relaxed) & SHARDED;
        if self.state.compare_exchange(state, state | WRITER, SeqCst, Relaxed).is_err() {
            self.writers.unlock();
            return false;
        }
        let alone = self.is_left();
        if !alone {
            self.end_write();
        }
        alone
    }

    pub(super) fn end_write(&self) {
        // Release publishes what was written.
        self.admit(self.state.fetch_sub(WRITER, Release));
    }

    /// Lets readers in, the caller first: it is counted in `state` from now on.
    pub(super) fn downgrade(&self) {
        if let Some(place) = self.writers.holder().get().and_then(|held| held.place) {
            self.inside.begin(place);
        }
        self.admit(self.state.fetch_sub(WRITER - 1, Release));
    }

    /// Lets in all readers that were counted `before` the end of the write, then the next writer have its turn.
    #[inline]
    fn admit(&self, before: u32) {
        if before & READERS != 0 {
            self.admit_readers(before & READERS);
        }
        self.writers.unlock();
    }

    #[cold]
    #[inline(never)]
    fn admit_readers(&self, counted: u32) {
        let owners: Vec<_> = {
            let mut waiting = self.waiting.lock();
            let readers = &mut waiting.readers;
            let owners: Vec<_> = std::iter::from_fn(|| readers.pop()).map(Waiter::take_owner).collect();
            waiting.admitted += counted - owners.len() as u32;
            owners
        };
        owners.into_iter().for_each(Owner::wake);
    }

    // Shards.

    /// A reader has found others inside.
    #[inline(never)]
    fn note_meeting(&self) {
        let Some((worker, workers)) = crate::sched::worker_of() else { return };
        let me = worker as u16 + 1;
        if workers < 2 || self.last_worker.load(Relaxed) == me {
            return;
        }
        self.last_worker.store(me, Relaxed);
        let meetings = self.meetings.load(Relaxed).saturating_add(1);
        self.meetings.store(meetings, Relaxed);
        if meetings == MEETINGS {
            self.make_shards(workers);
        }
    }

    /// The caller is counted in `state`. So a writer that comes between the two steps, when readers may be in the shards
    /// already, waits for the caller at least, and finds the shards by then.
    #[cold]
    fn make_shards(&self, workers: usize) {
        let shards = (0..workers.next_power_of_two()).map(|_| CachePadded::default()).collect();
        let shards = Box::into_raw(Box::new(Shards(shards)));
        // Release pairs with the Acquire in `all_shards`.
        if self.shards.compare_exchange(ptr::null_mut(), shards, Release, Relaxed).is_err() {
            // SAFETY: just made, and not published.
            drop(unsafe { Box::from_raw(shards) });
        }
        self.state.fetch_or(SHARDED, Release);
    }

    #[inline]
    fn all_shards(&self) -> &[CachePadded<Shard>] {
        // SAFETY: null, or published by `make_shards` and freed by `drop` only.
        unsafe { self.shards.load(Acquire).as_ref() }.map_or(&[], |shards| &shards.0)
    }

    /// The calling worker's.
    #[inline]
    fn shard(&self) -> Option<&Shard> {
        let worker = crate::sched::worker_number()?;
        let shards = self.all_shards();
        // Those of one runtime have consecutive numbers.
        shards.get(worker & shards.len().wrapping_sub(1)).map(|shard| &**shard)
    }
}

#[cold]
#[track_caller]
fn too_many() -> ! {
    panic!("too many readers of one RwLock: their guards are leaked, not dropped");
}

impl Drop for RawRwLock {
    fn drop(&mut self) {
        let shards = self.shards.load(Relaxed);
        if !shards.is_null() {
            // SAFETY: made by `make_shards`; nobody else has the lock any more.
            drop(unsafe { Box::from_raw(shards) });
        }
    }
}

#[cfg(all(test, not(any(gochan_model, gochan_loom))))]
mod tests {
    use super::*;
    use std::panic::catch_unwind;

    /// Else the count would run into the bits beside it, and at last let a writer in beside readers.
    #[test]
    fn so_many_leaked_guards_are_refused_that_their_count_stays_a_count() {
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
