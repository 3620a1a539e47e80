//! Writers: excluding each other, waiting for readers to leave, and letting them in again.

use super::{LOOKS, PAUSE, READERS, RawRwLock, SPREAD, WRITER};
use crate::base::location::SourceLocation;
use crate::base::touch::Touch;
use crate::knots::{self, Held};
use crate::points;
use crate::sched::park::{Owner, Parker, WaitReason};
use crate::shim;
use crate::shim::atomic::Ordering::*;

impl RawRwLock {
    #[inline]
    pub(in crate::sync) fn write(&self, place: SourceLocation) {
        self.writers.lock(WaitReason::RwLockWrite, place);
        // SeqCst, against the readers of shards; Acquire pairs with the Release of the last reader.
        let before = self.state.fetch_or(WRITER, SeqCst);
        if before != 0 {
            self.wait_for_readers(before, place);
        }
    }

    #[inline(never)]
    fn wait_for_readers(&self, before: u32, place: SourceLocation) {
        if let Some(parker) = self.watch_readers_leave(before) {
            if points::are_due() {
                points::announce_after_wait(Touch::awaits(&self.writers));
            }
            // Not called off: the readers that leave meanwhile count on the writer.
            knots::park(&parker, WaitReason::RwLockWrite, place, &|| self.readers_in_the_way(), || false);
        }
    }

    /// The readers that the parked writer waits for.
    fn readers_in_the_way(&self) -> Vec<Held> {
        let is_woken = self.waiting.lock().writer.is_none();
        if is_woken { Vec::new() } else { self.inside.get() }
    }

    /// Waits a moment for the readers to leave. `None`: all have left.
    pub(super) fn watch_readers_leave(&self, before: u32) -> Option<Parker> {
        self.count_leaving(before);
        let looks = if crate::sched::here::others_run_meanwhile() { LOOKS } else { 1 };
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
        // A reader that leaves after this check finds the owner.
        if self.is_left() {
            return None;
        }
        waiting.writer = Some(owner);
        Some(parker)
    }

    /// Counts the readers that are inside.
    fn count_leaving(&self, mut before: u32) {
        while before & WRITER != 0 {
            if self.take_over() {
                // They are counted.
                return;
            }
            before = self.state.fetch_or(WRITER, SeqCst);
        }
        self.leaving.fetch_add((before & READERS) as i32, AcqRel);
    }

    /// True if no reader is inside. `WRITER` is set, and so `SPREAD` is not taken back.
    pub(super) fn is_left(&self) -> bool {
        // Acquire pairs with the Release of the readers that have left.
        let is_left = self.leaving.load(Acquire) == 0;
        is_left && (self.state.load(Relaxed) & SPREAD == 0 || self.are_shards_left())
    }

    fn are_shards_left(&self) -> bool {
        self.all_shards().iter().all(|shard| shard.inside.load(SeqCst) == 0)
    }

    pub(in crate::sync) fn try_write(&self, place: SourceLocation) -> bool {
        if !self.writers.try_lock(place) {
            return false;
        }
        let state = self.state.load(Relaxed) & SPREAD;
        if self.state.compare_exchange(state, state | WRITER, SeqCst, Relaxed).is_err() {
            self.writers.unlock();
            return false;
        }
        let alone = self.is_left();
        if !alone {
            // Readers may be in the shards: `SPREAD` stays.
            self.admit(self.state.fetch_sub(WRITER, Release));
        }
        alone
    }

    pub(in crate::sync) fn end_write(&self) {
        // Release publishes what was written.
        self.admit(self.state.fetch_sub(WRITER + self.end_of_spreading(), Release));
    }

    /// Turns the caller into a reader, counted in `state`, and lets other readers in.
    pub(in crate::sync) fn downgrade(&self) {
        if let Some(place) = self.writers.holder().get().and_then(|held| held.place) {
            self.inside.begin(place);
        }
        self.admit(self.state.fetch_sub(WRITER - 1 + self.end_of_spreading(), Release));
    }

    /// Lets in all readers that were counted `before` the end of the write, then the next writer.
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
            let owners = waiting.take_readers();
            waiting.admitted += counted - owners.len() as u32;
            owners
        };
        owners.into_iter().for_each(Owner::wake);
    }
}
