//! Locking with a limit.
//!
//! A reader whose limit passes while a writer is in its way takes its count back, and leaves the queue. Both are one step
//! to the writer's end, which clears `WRITER` first: once that is clear, the reader has been let in.
//!
//! A writer whose limit passes cannot take back what it has added to `leaving`, because readers may be on their way to
//! count it down. So it *abandons* the lock: `WRITER` stays set, and under the lock of the queue it is noted that there
//! is no writer. Until then readers have queued up; from then on they are let in, each counted in `leaving` as a reader
//! that the next writer waits for. The last reader to leave clears `WRITER`, or the next writer takes it over, with
//! `leaving` as it is.

use super::super::limit::Limit;
use super::super::queue::Waiter;
use super::LockWaiters;
use super::{CountedIn, READERS, RawRwLock, WRITER};
use crate::base::location::SourceLocation;
use crate::points;
use crate::sched::park::{Owner, WaitReason};
use crate::shim::atomic::Ordering::*;

impl RawRwLock {
    /// Like `read`, but None if `limit` has passed before.
    pub(in crate::sync) fn read_within(&self, limit: &Limit, place: SourceLocation) -> Option<CountedIn<'_>> {
        let counted = match self.try_enter() {
            Some(counted) => counted,
            None => self.wait_to_read(limit, place).then_some(None)?,
        };
        self.inside.begin(place);
        Some(counted)
    }

    /// There is a writer. A reader that this lets in is counted in `state`.
    fn wait_to_read(&self, limit: &Limit, place: SourceLocation) -> bool {
        if self.is_counted_beside_none(self.state.fetch_add(1, Acquire)) {
            return true;
        }
        let waiter = Waiter::new(());
        let Some(parker) = self.queue_reader(&waiter) else { return true };
        if points::are_due() {
            points::announce_after_wait(self.reads());
        }
        // SAFETY: the closure does nothing but what it does under the lock of the queue.
        unsafe { limit.park(&parker, WaitReason::RwLockRead, place, || self.withdraw_reader(&waiter)) }
    }

    /// Like `write`, but false if `limit` has passed before.
    pub(in crate::sync) fn write_within(&self, limit: &Limit, place: SourceLocation) -> bool {
        if !self.writers.lock_within(limit, WaitReason::RwLockWrite, place) {
            return false;
        }
        // As in `write`.
        let before = self.state.fetch_or(WRITER, SeqCst);
        if before == 0 {
            return true;
        }
        let Some(parker) = self.watch_readers_leave(before) else { return true };
        if points::are_due() {
            points::announce_after_wait(self.writes());
        }
        // SAFETY: the closure does nothing but what it does under the lock of the queue.
        let woken = unsafe { limit.park(&parker, WaitReason::RwLockWrite, place, || self.withdraw_writer()) };
        if !woken {
            self.abandon();
            self.writers.unlock();
        }
        woken
    }

    /// Withdraws the writer that waits for readers; false if the last one has left.
    fn withdraw_writer(&self) -> bool {
        let mut waiting = self.waiting.lock();
        let waits = waiting.writer.take().is_some();
        waiting.abandoned = waits;
        waits
    }

    /// Lets in the readers that the writer has held off.
    fn abandon(&self) {
        let mut waiting = self.waiting.lock();
        // The last reader may have left since.
        let owners = if waiting.abandoned { waiting.take_readers() } else { Vec::new() };
        self.leaving.fetch_add(owners.len() as i32, AcqRel);
        drop(waiting);
        owners.into_iter().for_each(Owner::wake);
    }

    /// The caller has found `WRITER` set. If it is abandoned, counts the caller as a reader that has entered.
    pub(super) fn enter_abandoned(&self) -> bool {
        let waiting = self.waiting.lock();
        if waiting.abandoned {
            self.state.fetch_add(1, Acquire);
            self.leaving.fetch_add(1, AcqRel);
        }
        waiting.abandoned
    }

    /// A writer has found `WRITER` set: takes the abandoned lock over. False if it has been cleared since.
    pub(super) fn take_over(&self) -> bool {
        std::mem::take(&mut self.waiting.lock().abandoned)
    }

    /// The last reader has left the abandoned lock. Returns readers to wake.
    pub(super) fn end_abandoned(&self, waiting: &mut LockWaiters) -> Vec<Owner> {
        waiting.abandoned = false;
        // As at the end of a write.
        let counted = self.state.fetch_sub(WRITER, Release) & READERS;
        let owners = waiting.take_readers();
        waiting.admitted += counted - owners.len() as u32;
        owners
    }
}
