//! Locking with a limit.
//!
//! A waiter whose limit passes leaves the queue, and leaves the flags of the word as they are: the lock is held, or on its
//! way to a waiter, and the next unlock finds out whether there are still others. If it has been invited, it takes the
//! lock where it is free, and declines where it is held: then the holder's unlock serves the queue.

use super::{INVITED, LOCKED, LockWait, RawMutex, free_for, taken};
use crate::base::clock;
use crate::base::location::SourceLocation;
use crate::base::touch::Touch;
use crate::points;
use crate::sched::park::WaitReason;
use crate::shim::atomic::Ordering::*;
use crate::sync::limit::Limit;
use crate::sync::queue::Waiter;
use std::cell::Cell;

impl RawMutex {
    /// Like `lock`, but false if `limit` has passed before.
    pub(in crate::sync) fn lock_within(
        &self,
        limit: &Limit,
        reason: WaitReason,
        place: SourceLocation,
    ) -> bool {
        // Acquire pairs with the Release of the last holder.
        let locked =
            self.state.fetch_or(LOCKED, Acquire) & LOCKED == 0 || self.wait_within(limit, reason, place);
        if locked {
            self.holder.begin(place);
        }
        locked
    }

    fn wait_within(&self, limit: &Limit, reason: WaitReason, place: SourceLocation) -> bool {
        let waiter = Waiter::new(LockWait {
            since: clock::ticks(),
            invited: Cell::new(false),
            granted: Cell::new(false),
        });
        if let Limit::Now = limit {
            return false;
        }
        while let Some(parker) = self.take_or_queue(&waiter) {
            if points::are_due() {
                points::announce_after_wait(Touch::write(self));
            }
            // SAFETY: the closure only takes the waiter off the queue, on which it was pushed, under its lock.
            let woken = unsafe { limit.park(&parker, reason, place, || self.queue.lock().remove(&waiter)) };
            if !woken || waiter.data.granted.get() {
                return woken;
            }
            if limit.has_passed() {
                return self.take_or_decline();
            }
        }
        true
    }

    /// For the invited waiter.
    fn take_or_decline(&self) -> bool {
        let mut state = self.state.load(Relaxed);
        loop {
            let free = free_for(state, true);
            let next = if free { taken(state, true) } else { state & !INVITED };
            match self.state.compare_exchange_weak(state, next, Acquire, Relaxed) {
                Ok(_) => return free,
                Err(now) => state = now,
            }
        }
    }
}
