//! The lock inside [`Mutex`](super::Mutex), without the value.
//!
//! # States
//!
//! One word. Zero is free; `LOCKED` alone is held with no waiters. An uncontended lock sees only these two, at the
//! price of two atomic operations. A goroutine that finds the lock held spins for a moment if the holder may run
//! meanwhile, then queues up (`WAITING`) and parks.
//!
//! An unlock with waiters does not hand the lock over: that would cost a switch for every critical section of
//! goroutines that lock in a loop. It frees the lock and wakes the first waiter, which is then *invited* (`INVITED`) to
//! compete with running goroutines. No other waiter is woken until the invited one has arrived.
//!
//! A competitor sets `LOCKED` and checks whether it was set: one operation, whatever else the word contains. So
//! `LOCKED` itself keeps competitors out. It stays set when the lock is handed over, and is set again, together with
//! `RESERVED`, when the lock is kept for the invited waiter. A competitor can slip in only between an unlock and that
//! step; its own unlock then repeats the step.
//!
//! Competition must end. While `FAIR` is set, no goroutine may take the lock out of turn. It is set
//! * when an invited waiter finds the lock held: it queues up again, first in line, and the next unlock hands the lock
//!   to it, so that no waiter is woken twice for nothing;
//! * when an invited waiter has waited for more than a millisecond and has not yet arrived: it finds the lock free;
//! * for a queued waiter that has waited that long and is next.
//!
//! # Wake-ups
//!
//! `WAITING` is set and cleared under the lock of the queue, and set only while the mutex is held or on its way to a
//! waiter (`FAIR`). So every unlock that could be the last sees it and serves the queue. While `INVITED` is set, a
//! waiter is awake that will either take the mutex, and later unlock it, or queue up again.

mod handover;
mod limited;

use super::queue::{Queue, Waiter};
use crate::base::clock;
use crate::base::location::SourceLocation;
use crate::base::spin::SpinLock;
use crate::base::touch::Touch;
use crate::knots::{self, Holder};
use crate::points;
use crate::sched::park::{Parker, WaitReason};
use crate::shim;
use crate::shim::atomic::{AtomicU16, AtomicU32, AtomicU64, Ordering::*};
use std::cell::Cell;

const LOCKED: u32 = 1;
/// The queue is not empty.
const WAITING: u32 = 2;
/// A waiter has been woken and has not yet looked at the lock.
const INVITED: u32 = 4;
/// The lock may not be taken out of turn.
const FAIR: u32 = 8;
/// The lock has no holder: it is kept locked for the invited waiter.
const RESERVED: u32 = 16;

/// The weight of the latest lock in the average: one part in this many.
const SHARE: u16 = 8;

#[derive(Debug)]
pub(super) struct RawMutex {
    state: AtomicU32,
    /// The recent average number of checks until the lock was free, times `SHARE`: checking much more often rarely
    /// helps.
    looks: AtomicU16,
    /// When the invited waiter began to wait.
    invited_since: AtomicU64,
    /// How often the lock has been freed since the invitation.
    overtaken: AtomicU16,
    queue: SpinLock<Queue<LockWait>>,
    holder: Holder,
}

/// A waiter's data.
#[derive(Debug)]
pub(super) struct LockWait {
    since: u64,
    /// The waiter was woken to compete.
    invited: Cell<bool>,
    /// The lock was handed to the waiter.
    granted: Cell<bool>,
}

impl RawMutex {
    #[cfg_attr(gochan_loom, const_fn::const_fn(cfg(not(gochan_loom))))]
    pub(super) const fn new() -> RawMutex {
        RawMutex {
            state: AtomicU32::new(0),
            looks: AtomicU16::new(0),
            invited_since: AtomicU64::new(0),
            overtaken: AtomicU16::new(0),
            queue: SpinLock::new(Queue::new()),
            holder: Holder::new(),
        }
    }

    /// Always inlined, except for the path that may switch: inlining that would make the caller save its registers even
    /// for a free lock.
    #[inline(always)]
    pub(super) fn lock(&self, reason: WaitReason, place: SourceLocation) {
        self.lock_unnamed(reason, place);
        self.holder.begin(place);
    }

    /// Like `lock`, for when holders are known not to be recorded.
    #[inline(always)]
    pub(super) fn lock_unnamed(&self, reason: WaitReason, place: SourceLocation) {
        // Acquire pairs with the Release of the last holder. Setting a bit costs the same with and without waiters.
        if self.state.fetch_or(LOCKED, Acquire) & LOCKED != 0 {
            self.wait(reason, place);
        }
    }

    #[cold]
    #[inline(never)]
    fn wait(&self, reason: WaitReason, place: SourceLocation) {
        let waiter = Waiter::new(LockWait {
            since: clock::ticks(),
            invited: Cell::new(false),
            granted: Cell::new(false),
        });
        while let Some(parker) = self.take_or_queue(&waiter) {
            if points::are_due() {
                points::announce_after_wait(Touch::write(self));
            }
            knots::park(
                &parker,
                reason,
                place,
                &|| Vec::from_iter(self.holder.get()),
                // SAFETY: it was pushed on this queue. What the state says of it, the next unlock corrects.
                || unsafe { self.queue.lock().remove(&waiter) },
            );
            if waiter.data.granted.get() {
                return;
            }
        }
    }

    #[inline]
    pub(super) fn try_lock(&self, place: SourceLocation) -> bool {
        // Acquire pairs with the Release of the last holder.
        let locked =
            self.state.compare_exchange(0, LOCKED, Acquire, Relaxed).is_ok() || self.try_lock_contended();
        if locked {
            self.holder.begin(place);
        }
        locked
    }

    /// Like `try_lock`, after its fast path has failed: the word may be nonzero only because of waiters.
    #[cold]
    fn try_lock_contended(&self) -> bool {
        let mut state = self.state.load(Relaxed);
        while state & (LOCKED | FAIR) == 0 {
            match self.state.compare_exchange_weak(state, state | LOCKED, Acquire, Relaxed) {
                Ok(_) => return true,
                Err(now) => state = now,
            }
        }
        false
    }

    /// The holder, if known.
    pub(super) fn holder(&self) -> &Holder {
        &self.holder
    }

    /// The caller holds the lock.
    #[inline]
    pub(super) fn unlock(&self) {
        self.holder.end();
        self.unlock_unnamed();
    }

    /// Like `unlock`, for when holders are known not to be recorded.
    #[inline(always)]
    pub(super) fn unlock_unnamed(&self) {
        // Release publishes what was done under the lock.
        let before = self.state.fetch_sub(LOCKED, Release);
        debug_assert!(before & LOCKED != 0);
        if before == LOCKED {
            return;
        }
        if before & INVITED == 0 {
            self.serve();
        } else if before & FAIR != 0 {
            self.reserve();
        } else if self.is_time_to_look() {
            self.look_after_the_invited();
        }
    }

    /// Takes the lock (`None`), or queues the waiter, which the caller must then park.
    #[cold]
    #[inline(never)]
    fn take_or_queue(&self, waiter: &Waiter<LockWait>) -> Option<Parker> {
        let invited = waiter.data.invited.replace(false);
        if self.spin(invited) {
            return None;
        }
        let parker = Parker::current();
        let owner = parker.owner();
        let mut queue = self.queue.lock();
        let mut state = self.state.load(Relaxed);
        loop {
            let free = free_for(state, invited);
            let next = match (free, invited) {
                (true, _) => taken(state, invited),
                (false, false) => state | WAITING,
                (false, true) => state & !INVITED | WAITING | FAIR,
            };
            match self.state.compare_exchange_weak(state, next, Acquire, Relaxed) {
                Ok(_) if free => return None,
                Ok(_) => break,
                Err(now) => state = now,
            }
        }
        // SAFETY: the waiter's frame parks until the owner is woken.
        unsafe {
            if invited {
                queue.push_first(waiter, owner);
            } else {
                queue.push(waiter, owner);
            }
        }
        Some(parker)
    }

    /// Tries to take the lock, repeatedly if the holder may release it meanwhile.
    fn spin(&self, invited: bool) -> bool {
        /// Spins of the first and of the longest pause between two checks. Shorter pauses would only take the cache
        /// line away from the holder.
        const PAUSES: (u32, u32) = (32, 256);
        /// The number of checks that is always worth it, and the limit.
        const LOOKS: (u16, u16) = (4, 16);
        let usual = self.looks.load(Relaxed);
        let limit = match crate::sched::here::others_run_meanwhile() {
            true => (2 * usual / SHARE + LOOKS.0).min(LOOKS.1),
            false => 0,
        };
        let mut pause = PAUSES.0;
        let mut looks = 0;
        loop {
            let state = self.state.load(Relaxed);
            let free = free_for(state, invited);
            if free && self.state.compare_exchange(state, taken(state, invited), Acquire, Relaxed).is_ok() {
                self.looks.store(usual - usual / SHARE + looks, Relaxed);
                return true;
            }
            if looks >= limit || (!free && state & FAIR != 0 && !invited) {
                self.looks.store(usual - usual / SHARE, Relaxed);
                return false;
            }
            looks += 1;
            (0..pause).for_each(|_| shim::spin_loop());
            pause = (pause * 2).min(PAUSES.1);
        }
    }
}

/// Whether a newcomer or the invited waiter may take the lock.
fn free_for(state: u32, invited: bool) -> bool {
    if invited { state & LOCKED == 0 || state & RESERVED != 0 } else { state & (LOCKED | FAIR) == 0 }
}

/// The state after that.
fn taken(state: u32, invited: bool) -> u32 {
    if invited { state & !(INVITED | FAIR | RESERVED) | LOCKED } else { state | LOCKED }
}
