//! What futures do on a channel: they wait without a stack.
//!
//! Their wakers are the user's: to clone or to drop one may run anything, also on the same channel, so neither happens
//! under the lock.

use super::blocking::wake_and_spend;
use super::core::{Blocked, Core};
use super::head::NO_RECEIVER;
use super::transfer::hand_over;
use super::waiter::{NOWHERE, Outcome, Waiter};
use crate::sched::park::Owner;
use std::mem::ManuallyDrop;
use std::task::Waker;

impl<T> Core<T> {
    /// Receives into `slot`, or queues `waiter` with it for a task.
    ///
    /// # Safety
    /// If queued, both stay valid until `withdraw_recv` or completion.
    pub(super) unsafe fn task_recv(&self, slot: *mut T, waiter: *mut Waiter, waker: &Waker) -> Outcome {
        let mut owner = None;
        loop {
            let mut state = self.lock();
            // SAFETY: the caller's promise.
            match unsafe { state.recv_now(slot) } {
                Ok(sender) => {
                    drop(state);
                    wake_and_spend(sender);
                    return Outcome::Done;
                }
                Err(Blocked::Closed) => return Outcome::Closed,
                Err(Blocked::Wait) if owner.is_some() => {
                    // SAFETY: the caller's promise.
                    unsafe {
                        waiter.write(Waiter::new(slot.cast(), owner));
                        state.core.head.receivers.push(waiter);
                    }
                    return Outcome::Pending;
                }
                Err(Blocked::Wait) => {
                    drop(state);
                    owner = Some(Owner::task(waker));
                }
            }
        }
    }

    /// Sends what is in `slot`, or queues `waiter` with it for a task. Unless `Done`, the value is still there.
    ///
    /// # Safety
    /// `slot` holds a value; if queued, both stay valid until `withdraw_send` or completion.
    pub(super) unsafe fn task_send(&self, slot: *mut T, waiter: *mut Waiter, waker: &Waker) -> Outcome {
        let mut owner = None;
        loop {
            let mut state = self.lock();
            // SAFETY: the caller's promise.
            match unsafe { state.send_now(slot) } {
                Ok(receiver) => {
                    drop(state);
                    wake_and_spend(receiver);
                    return Outcome::Done;
                }
                Err(Blocked::Closed) => return Outcome::Closed,
                Err(Blocked::Wait) if owner.is_some() => {
                    // SAFETY: the caller's promise.
                    unsafe {
                        waiter.write(Waiter::new(slot.cast(), owner));
                        state.core.head.senders.push(waiter);
                    }
                    return Outcome::Pending;
                }
                Err(Blocked::Wait) => {
                    drop(state);
                    owner = Some(Owner::task(waker));
                }
            }
        }
    }

    /// Looks at a waiter of a future; a new owner if it is to wait on.
    ///
    /// # Safety
    /// `waiter` is valid and was queued on this channel.
    pub(super) unsafe fn poll_waiter(&self, waiter: *mut Waiter, waker: &Waker) -> Outcome {
        let mut owner = None;
        loop {
            let state = self.lock();
            // SAFETY: the caller's promise, under the lock.
            let waiter = unsafe { &mut *waiter };
            if !waiter.is_queued() || waiter.wakes(waker) {
                return waiter.outcome;
            }
            match owner.take() {
                Some(owner) => {
                    let before = waiter.replace_owner(owner);
                    drop(state);
                    drop(before);
                    return Outcome::Pending;
                }
                None => {
                    drop(state);
                    owner = Some(Owner::task(waker));
                }
            }
        }
    }

    /// # Safety
    /// `waiter` is valid and was queued with the receivers of this channel.
    pub(super) unsafe fn withdraw_recv(&self, waiter: *mut Waiter) -> bool {
        // SAFETY: the caller's promise.
        unsafe { self.head.withdraw(waiter, false) }
    }

    /// # Safety
    /// `waiter` is valid and was queued with the senders of this channel.
    pub(super) unsafe fn withdraw_send(&self, waiter: *mut Waiter) -> bool {
        // SAFETY: the caller's promise.
        unsafe { self.head.withdraw(waiter, true) }
    }

    /// Gives back a value that was handed to a receive which nobody will look at: to the next receiver, or to the
    /// front of the channel.
    pub(super) fn give_back(&self, value: T) {
        if self.head.is_timer() {
            return self.give_back_time(value);
        }
        let mut state = self.lock();
        if self.head.has(NO_RECEIVER) {
            drop(state);
            drop(value);
            return;
        }
        match self.head.receivers.pop(NOWHERE) {
            Some(receiver) => {
                let mut value = ManuallyDrop::new(value);
                // SAFETY: a queued receiver's slot is valid and empty; the value is here and forgotten.
                let receiver = unsafe { hand_over::<T>((&raw mut value).cast(), receiver) };
                drop(state);
                receiver.wake();
            }
            None => {
                state.put_back(value);
            }
        }
    }
}
