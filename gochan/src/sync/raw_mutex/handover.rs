//! What an unlock does for the waiters: invites one, hands it the lock, or keeps the lock for it.

use super::{FAIR, INVITED, LOCKED, RESERVED, RawMutex, WAITING};
use crate::base::clock;
use crate::base::ticks;
use crate::sched::park::Owner;
use crate::shim::atomic::Ordering::*;

/// A waiter that has waited longer than this is served next.
const PATIENCE: u64 = 1000 * ticks::PER_US;

impl RawMutex {
    /// The lock has been freed, and the invited waiter has not arrived yet. Returns true now and then, when it is time
    /// to check how long that waiter has waited; often at first, for locks that are held for long.
    #[inline]
    pub(super) fn is_time_to_look(&self) -> bool {
        const OFTEN: u16 = 16;
        let overtaken = self.overtaken.load(Relaxed).wrapping_add(1);
        self.overtaken.store(overtaken, Relaxed);
        overtaken.is_multiple_of(OFTEN) || (overtaken < OFTEN && overtaken.is_power_of_two())
    }

    /// Keeps the lock for the invited waiter if that one has waited for long.
    #[cold]
    #[inline(never)]
    pub(super) fn look_after_the_invited(&self) {
        if !is_long_ago(self.invited_since.load(Relaxed)) {
            return;
        }
        let mut state = self.state.load(Relaxed);
        // Only while there is an invited waiter: otherwise no waiter would notice that the lock is free.
        while state & INVITED != 0 {
            match self.state.compare_exchange_weak(state, reserved(state), Relaxed, Relaxed) {
                Ok(_) => return,
                Err(now) => state = now,
            }
        }
    }

    /// Keeps the freed lock for the invited waiter.
    #[cold]
    #[inline(never)]
    pub(super) fn reserve(&self) {
        let mut state = self.state.load(Relaxed);
        // Otherwise the invited waiter has already arrived.
        while state & (INVITED | FAIR) == INVITED | FAIR {
            match self.state.compare_exchange_weak(state, reserved(state), Relaxed, Relaxed) {
                Ok(_) => return,
                Err(now) => state = now,
            }
        }
    }

    /// Wakes a waiter of the freed lock.
    #[cold]
    #[inline(never)]
    pub(super) fn serve(&self) {
        if let Some(owner) = self.serve_first() {
            owner.wake();
        }
    }

    /// Hands the free lock to the first waiter, or invites it. The caller must wake the returned owner.
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
                // Another unlock has invited a waiter since.
                return None;
            } else if state & LOCKED != 0 {
                // A competitor was faster; its unlock comes here again.
                if !due {
                    return None;
                }
                state | FAIR
            } else if due || state & FAIR != 0 {
                state | LOCKED
            } else {
                state | INVITED
            };
            // Acquire on behalf of the waiter that gets the lock.
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

/// The state in which only the invited waiter can take the lock once it is free.
fn reserved(state: u32) -> u32 {
    if state & LOCKED == 0 { state | FAIR | RESERVED | LOCKED } else { state | FAIR }
}

fn is_long_ago(since: u64) -> bool {
    if cfg!(any(gochan_model, gochan_loom)) {
        // A model has no time, so any wait may count as long.
        return crate::base::random::next() & 1 == 0;
    }
    clock::ticks().saturating_sub(since) > PATIENCE
}
