//! Readers: entering by the word or by a shard, queueing, and leaving.

use super::super::queue::Waiter;
use super::shards::{Count, Shard};
use super::{CountedIn, LOOKS, MANY, PAUSE, READERS, RawRwLock, SPREAD, WRITER};
use crate::base::location::SourceLocation;
use crate::knots::{self, Held, Obstacle};
use crate::sched::park::{Owner, Parker, WaitReason};
use crate::shim;
use crate::shim::atomic::Ordering::*;

/// What a parked reader waits for: the writer inside.
struct WriterInTheWay<'a> {
    lock: &'a RawRwLock,
    waiter: &'a Waiter<()>,
}

// SAFETY: the waiter is read only under the lock of its queue.
unsafe impl Sync for WriterInTheWay<'_> {}

impl Obstacle for WriterInTheWay<'_> {
    fn depends_on(&self) -> Vec<Held> {
        let waiting = self.lock.waiting.lock();
        let is_queued = self.waiter.is_queued();
        drop(waiting);
        // While it is queued, the writer in its way has not left.
        if is_queued { Vec::from_iter(self.lock.writers.holder().get()) } else { Vec::new() }
    }
}

impl RawRwLock {
    /// Always inlined, except for the path that may switch, as in a mutex.
    #[inline(always)]
    pub(in crate::sync) fn read(&self, place: SourceLocation) -> CountedIn<'_> {
        let counted = self.enter(place);
        self.inside.begin(place);
        counted
    }

    #[inline(always)]
    fn enter(&self, place: SourceLocation) -> CountedIn<'_> {
        // Not by `SPREAD`: a load of the word that has just been changed would wait for that change.
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
    fn read_sharded(&self, place: SourceLocation) -> CountedIn<'_> {
        match self.enter_shard() {
            Some(shard) => {
                shard.note_entry();
                Some(&shard.inside)
            }
            None => self.read_elsewhere(place),
        }
    }

    /// The caller is counted in `state`, which was `before`.
    #[cold]
    #[inline(never)]
    fn read_counted(&self, before: u32, place: SourceLocation) -> CountedIn<'_> {
        if self.is_counted_beside_none(before) {
            return None;
        }
        let waiter = Waiter::new(());
        if let Some(parker) = self.queue_reader(&waiter) {
            let obstacle = WriterInTheWay { lock: self, waiter: &waiter };
            knots::park(&parker, WaitReason::RwLockRead, place, &obstacle, || self.withdraw_reader(&waiter));
        }
        None
    }

    /// The caller is counted in `state`, which was `before`. True if there was no writer, so that it is inside.
    pub(super) fn is_counted_beside_none(&self, before: u32) -> bool {
        if before & WRITER != 0 {
            self.watch_writer_leave();
            return false;
        }
        if before & READERS >= MANY {
            self.leave(None);
            too_many();
        }
        self.note_meeting();
        true
    }

    /// Readers spread, but there is no shard for the calling thread, or there is a writer, or they no longer spread.
    #[cold]
    #[inline(never)]
    fn read_elsewhere(&self, place: SourceLocation) -> CountedIn<'_> {
        match self.read_watching() {
            Some(counted) => counted,
            None => self.read_counted(self.state.fetch_add(1, Acquire), place),
        }
    }

    /// Enters through a shard, or once a writer leaves soon. `None`: it is time to queue up.
    #[inline]
    fn read_watching(&self) -> Option<CountedIn<'_>> {
        let looks = if crate::sched::here::others_run_meanwhile() { LOOKS } else { 1 };
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

    pub(in crate::sync) fn try_read(&self, place: SourceLocation) -> Option<CountedIn<'_>> {
        let counted = match self.try_enter() {
            Some(counted) => counted,
            None => self.enter_abandoned().then_some(None)?,
        };
        self.inside.begin(place);
        Some(counted)
    }

    pub(super) fn try_enter(&self) -> Option<CountedIn<'_>> {
        let mut state = self.state.load(Relaxed);
        if state & (WRITER | SPREAD) == SPREAD && self.shard().is_some() {
            return self.enter_shard().map(|shard| Some(&shard.inside));
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

    /// A counted reader need not park if the writer lets it in soon.
    fn watch_writer_leave(&self) {
        let looks = if crate::sched::here::others_run_meanwhile() { LOOKS } else { 0 };
        for _ in 0..looks {
            if self.state.load(Relaxed) & WRITER == 0 {
                return;
            }
            (0..PAUSE).for_each(|_| shim::spin_loop());
        }
    }

    /// `None`: there is a writer, or no shard for the calling thread, or readers do not spread.
    #[inline]
    fn enter_shard(&self) -> Option<&Shard> {
        let shard = self.shard()?;
        shard.inside.fetch_add(1, SeqCst);
        // Acquire pairs with the Release of the last writer.
        if self.state.load(SeqCst) & (WRITER | SPREAD) == SPREAD {
            return Some(shard);
        }
        self.leave_shard(&shard.inside);
        None
    }

    /// Queues the caller, which is counted in `state`. `None`: it has been let in.
    pub(super) fn queue_reader(&self, waiter: &Waiter<()>) -> Option<Parker> {
        let parker = Parker::current();
        let owner = parker.owner();
        let mut waiting = self.waiting.lock();
        if waiting.admitted > 0 {
            waiting.admitted -= 1;
            return None;
        }
        if waiting.abandoned {
            self.leaving.fetch_add(1, AcqRel);
            return None;
        }
        // SAFETY: the waiter's frame parks until the owner is woken.
        unsafe { waiting.readers.push(waiter, owner) };
        Some(parker)
    }

    /// The caller, which is queued, is no longer counted. False: it has been let in, or is being let in.
    #[cold]
    pub(super) fn withdraw_reader(&self, waiter: &Waiter<()>) -> bool {
        let mut waiting = self.waiting.lock();
        let mut state = self.state.load(Relaxed);
        while waiter.is_queued() && state & WRITER != 0 {
            // The writer counts the readers as it ends, and then wants the lock that is held here.
            match self.state.compare_exchange_weak(state, state - 1, Relaxed, Relaxed) {
                // SAFETY: it was pushed on this queue.
                Ok(_) => return unsafe { waiting.readers.remove(waiter) },
                Err(now) => state = now,
            }
        }
        false
    }

    #[inline]
    pub(in crate::sync) fn end_read(&self, counted: CountedIn<'_>) {
        self.inside.end();
        self.leave(counted);
    }

    #[inline]
    fn leave(&self, counted: CountedIn<'_>) {
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
    fn leave_shard(&self, shard: &Count) {
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
        let mut waiting = self.waiting.lock();
        if !(waiting.abandoned || waiting.writer.is_some()) || !self.is_left() {
            return;
        }
        let admitted = if waiting.abandoned { self.end_abandoned(&mut waiting) } else { Vec::new() };
        let writer = waiting.writer.take();
        drop(waiting);
        writer.into_iter().chain(admitted).for_each(Owner::wake);
    }
}

#[cold]
#[track_caller]
fn too_many() -> ! {
    panic!("too many readers of one RwLock: their guards are leaked, not dropped");
}
