//! How values move while the lock is held: through the ring, or straight between the slots of two waiters.

use super::core::{Blocked, Locked, Rare};
use super::head::{CLOSED, EXPLORED, NO_RECEIVER, RETURNED, TIMER};
use super::waiter::{Completed, NOWHERE, Outcome, Waiter};
use crate::sched;
use std::time::Instant;

impl<T> Locked<'_, T> {
    /// True if a send only has to buffer: there is room, nobody waits, nothing has ended.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn has_plain_room(&self) -> bool {
        let head = &self.core.head;
        head.len() < head.capacity && head.receivers.is_empty() && !head.has(CLOSED | NO_RECEIVER | EXPLORED)
    }

    /// True if a receive only has to take from the buffer: there is something, and nobody waits to add to it.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn has_plain_value(&self) -> bool {
        let head = &self.core.head;
        head.len() > 0 && head.senders.is_empty() && !head.has(RETURNED | EXPLORED)
    }

    /// Moves the value out of `slot` if that needs no waiting; whoever is returned is to be woken.
    ///
    /// # Safety
    /// `slot` holds a value, which stays there unless the result is `Ok`.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) unsafe fn send_now(&mut self, slot: *mut T) -> Result<Option<Completed>, Blocked> {
        let head = &self.core.head;
        if head.has(CLOSED | NO_RECEIVER) {
            return Err(Blocked::Closed);
        }
        if !head.receivers.is_empty()
            && let Some(receiver) = head.receivers.pop(here())
        {
            // SAFETY: a queued receiver's slot is valid and empty; the caller's promise.
            return Ok(Some(unsafe { hand_over::<T>(slot, receiver) }));
        }
        if head.len() < head.capacity {
            // SAFETY: the caller's promise; there is room.
            unsafe { self.push_back(slot) };
            return Ok(None);
        }
        Err(Blocked::Wait)
    }

    /// Moves a value into `slot` if that needs no waiting; whoever is returned is to be woken.
    ///
    /// # Safety
    /// `slot` is valid for a write; it is written if the result is `Ok`.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) unsafe fn recv_now(&mut self, slot: *mut T) -> Result<Option<Completed>, Blocked> {
        let head = &self.core.head;
        if head.has(RETURNED | TIMER) {
            // SAFETY: the caller's promise.
            return unsafe { self.recv_rare(slot) };
        }
        if head.len() > 0 {
            if !head.senders.is_empty()
                && let Some(sender) = head.senders.pop(here())
            {
                // SAFETY: the ring is full while senders wait, so its oldest value is at `place`, where the newest
                // is to be. A queued sender's slot holds its value, and `Done` tells it that it has moved.
                unsafe {
                    let place = self.turn_ring();
                    slot.copy_from_nonoverlapping(place, 1);
                    place.copy_from_nonoverlapping(sender.slot.cast(), 1);
                }
                return Ok(Some(sender.complete(Outcome::Done)));
            }
            // SAFETY: the caller's promise; something is buffered.
            unsafe { slot.copy_from_nonoverlapping(self.pop_front(), 1) };
            return Ok(None);
        }
        if !head.senders.is_empty()
            && let Some(sender) = head.senders.pop(here())
        {
            // SAFETY: a queued sender's slot holds its value, and `Done` tells the sender that it has moved.
            unsafe { slot.copy_from_nonoverlapping(sender.slot.cast(), 1) };
            return Ok(Some(sender.complete(Outcome::Done)));
        }
        Err(if head.has(CLOSED) { Blocked::Closed } else { Blocked::Wait })
    }

    /// Receives what was given back, or from a timer.
    ///
    /// # Safety
    /// As for `recv_now`.
    #[cold]
    #[inline(never)]
    unsafe fn recv_rare(&mut self, slot: *mut T) -> Result<Option<Completed>, Blocked> {
        match &mut self.body().rare {
            Rare::Returned(values) => {
                let value = values.pop_front().expect("the flag says so");
                let empty = values.is_empty();
                // SAFETY: the caller's promise.
                unsafe { slot.write(value) };
                if empty {
                    self.core.head.clear(RETURNED);
                }
                Ok(None)
            }
            Rare::Timer(timer) => match timer.take() {
                Some(time) => {
                    // SAFETY: the caller's promise; only channels of `Instant` are timers.
                    unsafe { slot.cast::<Instant>().write(time) };
                    Ok(None)
                }
                None => Err(Blocked::Wait),
            },
            Rare::None => Err(Blocked::Wait),
        }
    }

    /// Moves the value in `slot` to the end of the ring.
    ///
    /// # Safety
    /// `slot` holds a value, and the ring has room.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) unsafe fn push_back(&mut self, slot: *const T) {
        let (len, capacity) = (self.core.head.len(), self.core.head.capacity);
        // SAFETY: the ring is of that capacity, and has room; so its end is a free place.
        unsafe { self.body().ring.end(len, capacity).copy_from_nonoverlapping(slot, 1) };
        self.core.head.set_len(len + 1);
    }

    /// Takes the first place off the ring; the value in it is the caller's to move.
    ///
    /// # Safety
    /// Something is buffered.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) unsafe fn pop_front(&mut self) -> *const T {
        // SAFETY: the caller's promise.
        let place = unsafe { self.turn_ring() };
        self.core.head.set_len(self.core.head.len() - 1);
        place
    }

    /// Makes the first place of the ring its last.
    ///
    /// # Safety
    /// Something is buffered.
    #[cfg_attr(not(debug_assertions), inline(always))]
    unsafe fn turn_ring(&mut self) -> *mut T {
        let head = &self.core.head;
        debug_assert!(head.len() > 0);
        // SAFETY: the ring is of that capacity, which is not zero, as something is in it.
        unsafe { self.body().ring.turn(head.capacity) }
    }
}

/// Moves the value in `slot` into the receiver's.
///
/// # Safety
/// `slot` holds a value; `receiver` was just taken off the queue of receivers of a channel of `T`.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) unsafe fn hand_over<T>(slot: *const T, receiver: &mut Waiter) -> Completed {
    // SAFETY: the slot of a waiting receiver is valid for a write.
    unsafe { receiver.slot.cast::<T>().copy_from_nonoverlapping(slot, 1) };
    receiver.complete(Outcome::Done)
}

/// The worker whose waiters this thread serves first, as waiters name it.
#[inline]
fn here() -> u32 {
    match sched::worker::Worker::current() {
        Some(worker) if worker.prefers_local() => worker.index() as u32,
        _ => NOWHERE,
    }
}
