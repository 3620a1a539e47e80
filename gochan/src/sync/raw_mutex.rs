//! The lock inside of [`Mutex`](super::Mutex), without the value.
//!
//! # States
//!
//! One word. Zero is free, `LOCKED` alone is held with nobody waiting: these two are all that an uncontended lock
//! sees, at the price of two atomic operations. Who finds it locked spins for a moment if the holder may run
//! meanwhile, then queues up (`WAITING`) and parks.
//!
//! An unlock with waiters does not hand the lock over: that would cost a switch for every critical section of
//! goroutines that lock in a loop. It frees the lock and wakes the first waiter, who is then *invited* (`INVITED`) to
//! compete with those that run already. Nobody else is woken until that one has arrived.
//!
//! Who competes sets `LOCKED` and looks whether it was set: one operation, whatever else is in the word. What keeps
//! such a one out is therefore `LOCKED` itself, which stays set from the last holder to the next where the lock is handed
//! over, and is set again, as `RESERVED`, where it is kept for the one who is invited. Only in the moment between an
//! unlock and that step may somebody slip in; the step is then repeated by its unlock.
//!
//! Competing must not go on for ever. With `FAIR` set nobody may take the lock out of turn. It is set
//! * when an invited one has come in vain: it queues up again, first in line, and the next unlock hands the lock to
//!   it, so that nobody is woken twice for nothing;
//! * when an invited one has waited for more than a millisecond and is still not there: it finds the lock free;
//! * for a queued one that has waited that long, whose turn is next.
//!
//! # Who wakes whom
//!
//! `WAITING` is set and cleared under the lock of the queue, and set only if the mutex is held at that moment, or is
//! on its way to somebody (`FAIR`). So each unlock that could be the last sees it, and comes to serve the queue.
//! While `INVITED` is set somebody is awake who will either take the mutex, and unlock it, or queue up again.

use super::queue::{Queue, Waiter};
use crate::chan::lock::SpinLock;
use crate::sched::knots::{self, Holder};
use crate::sched::park::{Owner, Parker, WaitReason};
use crate::sched::touch::Touch;
use crate::sched::{bubble, ticks};
use crate::shim;
use crate::shim::atomic::{AtomicU16, AtomicU32, AtomicU64, Ordering::*};
use std::cell::Cell;
use std::panic::Location;

const LOCKED: u32 = 1;
/// The queue is not empty.
const WAITING: u32 = 2;
/// A waiter has been woken and has not yet looked at the lock.
const INVITED: u32 = 4;
/// Nobody takes the lock out of turn.
const FAIR: u32 = 8;
/// Nobody holds the lock: it is locked so that nobody takes it before the one who is invited.
const RESERVED: u32 = 16;

/// How much of the average the latest lock makes up: one part in so many.
const SHARE: u16 = 8;

/// Who has waited longer is served next.
const PATIENCE: u64 = 1000 * ticks::PER_US;

#[derive(Debug)]
pub(super) struct RawMutex {
    state: AtomicU32,
    /// About how many looks it took lately until the lock was free, times `SHARE`: who looks much longer looks in
    /// vain.
    looks: AtomicU16,
    /// Since when the one who is invited has been waiting.
    invited_since: AtomicU64,
    /// How often the lock was freed since then.
    overtaken: AtomicU16,
    queue: SpinLock<Queue<Turn>>,
    holder: Holder,
}

/// What is known of a waiter.
#[derive(Debug)]
pub(super) struct Turn {
    since: u64,
    /// It was woken to compete.
    invited: Cell<bool>,
    /// The lock was handed to it.
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

    /// Inlined always, but for what leads to a switch: that would make the caller save its registers even for a lock
    /// that is free.
    #[inline(always)]
    pub(super) fn lock(&self, reason: WaitReason, place: &'static Location<'static>) {
        self.lock_unnamed(reason, place);
        self.holder.begin(place);
    }

    /// As `lock`, where holders are known not to be recorded.
    #[inline(always)]
    pub(super) fn lock_unnamed(&self, reason: WaitReason, place: &'static Location<'static>) {
        // Acquire pairs with the Release of the last holder. Setting a bit costs the same whoever is waiting or invited.
        if self.state.fetch_or(LOCKED, Acquire) & LOCKED != 0 {
            self.wait(reason, place);
        }
    }

    #[cold]
    #[inline(never)]
    fn wait(&self, reason: WaitReason, place: &'static Location<'static>) {
        let waiter = Waiter::new(Turn {
            since: bubble::ticks(),
            invited: Cell::new(false),
            granted: Cell::new(false),
        });
        while let Some(parker) = self.take_or_queue(&waiter) {
            if bubble::has_points() {
                bubble::announce_after_wait(Touch::write(self));
            }
            knots::park(&parker, reason, place, &|| Vec::from_iter(self.holder.get()));
            if waiter.data.granted.get() {
                return;
            }
        }
    }

    #[inline]
    pub(super) fn try_lock(&self, place: &'static Location<'static>) -> bool {
        // Acquire pairs with the Release of the last holder.
        let locked =
            self.state.compare_exchange(0, LOCKED, Acquire, Relaxed).is_ok() || self.try_lock_contended();
        if locked {
            self.holder.begin(place);
        }
        locked
    }

    /// As `try_lock`, after that has failed: nobody but waiters may be in the way.
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

    /// Who holds it, if that is known.
    pub(super) fn holder(&self) -> &Holder {
        &self.holder
    }

    /// The caller holds the lock.
    #[inline]
    pub(super) fn unlock(&self) {
        self.holder.end();
        self.unlock_unnamed();
    }

    /// As `unlock`, where holders are known not to be recorded.
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

    /// The lock has been freed, and the one who is invited has not come yet: now and then it is time to look for how
    /// long that has been going on, soon at first for the sake of those that lock for long.
    fn is_time_to_look(&self) -> bool {
        const OFTEN: u16 = 16;
        let overtaken = self.overtaken.load(Relaxed).wrapping_add(1);
        self.overtaken.store(overtaken, Relaxed);
        overtaken.is_multiple_of(OFTEN) || (overtaken < OFTEN && overtaken.is_power_of_two())
    }

    /// None: the lock is the caller's. Else it is queued, and to be parked.
    #[cold]
    #[inline(never)]
    fn take_or_queue(&self, waiter: &Waiter<Turn>) -> Option<Parker> {
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

    /// Tries to get the lock, looking again and again if its holder may let go meanwhile.
    fn spin(&self, invited: bool) -> bool {
        /// Spins of the first pause between two looks, and of the longest. Looking more often would only take the
        /// cache line away from the holder.
        const PAUSES: (u32, u32) = (32, 256);
        /// Looks that are always worth it, and those that never are.
        const LOOKS: (u16, u16) = (4, 16);
        let usual = self.looks.load(Relaxed);
        let limit = match crate::sched::others_run_meanwhile() {
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

    /// Lets nobody else take the lock before the one who is invited, if that one has been waiting for long.
    #[cold]
    #[inline(never)]
    fn look_after_the_invited(&self) {
        if !is_long_ago(self.invited_since.load(Relaxed)) {
            return;
        }
        let mut state = self.state.load(Relaxed);
        // Only while somebody is invited: nobody else would take notice of a lock that is free.
        while state & INVITED != 0 {
            match self.state.compare_exchange_weak(state, reserved(state), Relaxed, Relaxed) {
                Ok(_) => return,
                Err(now) => state = now,
            }
        }
    }

    /// The lock has been freed, and is for the one who is invited.
    #[cold]
    #[inline(never)]
    fn reserve(&self) {
        let mut state = self.state.load(Relaxed);
        // Else it has come already.
        while state & (INVITED | FAIR) == INVITED | FAIR {
            match self.state.compare_exchange_weak(state, reserved(state), Relaxed, Relaxed) {
                Ok(_) => return,
                Err(now) => state = now,
            }
        }
    }

    /// The lock has been freed, and others wait.
    #[cold]
    #[inline(never)]
    fn serve(&self) {
        if let Some(owner) = self.serve_first() {
            owner.wake();
        }
    }

    /// Hands the free lock to the first waiter, or invites it. The owner is to be woken.
    fn serve_first(&self) -> Option<Owner> {
        let mut queue = self.queue.lock();
        let Some(first) = queue.first() else {
            self.state.fetch_and(!(WAITING | FAIR), Relaxed);
            return None;
        };
        let since = first.data.since;
        let due = is_long_ago(since);
        let mut state = self.state.load(Relaxed);
        loop {
            let next = if state & INVITED != 0 {
                // Somebody else has freed the lock once more since, and invited.
                return None;
            } else if state & LOCKED != 0 {
                // Somebody was faster, and will be back here with the unlock.
                if !due {
                    return None;
                }
                state | FAIR
            } else if due || state & FAIR != 0 {
                state | LOCKED
            } else {
                state | INVITED
            };
            // Acquire for the one who is handed the lock.
            match self.state.compare_exchange_weak(state, next, Acquire, Relaxed) {
                Ok(_) if state & LOCKED != 0 => return None,
                Ok(_) => break,
                Err(now) => state = now,
            }
        }
        let first = queue.pop().expect("it was first");
        let granted = due || state & FAIR != 0;
        if granted {
            first.data.granted.set(true);
            if !queue.first().is_some_and(|next| is_long_ago(next.data.since)) {
                self.state.fetch_and(!FAIR, Relaxed);
            }
        } else {
            first.data.invited.set(true);
            self.invited_since.store(since, Relaxed);
            self.overtaken.store(0, Relaxed);
        }
        if queue.is_empty() {
            self.state.fetch_and(!WAITING, Relaxed);
        }
        Some(first.take_owner())
    }
}

/// Whether one who comes now, or was invited, may take the lock.
fn free_for(state: u32, invited: bool) -> bool {
    if invited { state & LOCKED == 0 || state & RESERVED != 0 } else { state & (LOCKED | FAIR) == 0 }
}

/// The state when such a one has taken it.
fn taken(state: u32, invited: bool) -> u32 {
    if invited { state & !(INVITED | FAIR | RESERVED) | LOCKED } else { state | LOCKED }
}

/// The state in which nobody but the one who is invited takes the lock, once it is free.
fn reserved(state: u32) -> u32 {
    if state & LOCKED == 0 { state | FAIR | RESERVED | LOCKED } else { state | FAIR }
}

fn is_long_ago(since: u64) -> bool {
    if cfg!(any(gochan_model, gochan_loom)) {
        // A model has no time: any wait may have been long.
        return crate::sched::random::next() & 1 == 0;
    }
    bubble::ticks().saturating_sub(since) > PATIENCE
}
