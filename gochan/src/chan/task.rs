//! What futures do on a channel: they wait without a stack.
//!
//! Their wakers are the user's: to clone, to wake or to drop one may run anything, also on the same channel, and may panic.
//! So nothing of that happens under the lock, nor before the future has noted what has become of its operation: see
//! [`Polled`]. A poll never waits, and so never lets another goroutine run.

use super::blocking::wake;
use super::core::{Blocked, Core, Locked};
use super::head::{NO_RECEIVER, Withdrawal};
use super::transfer::hand_over;
use super::waiter::{Completed, NOWHERE, Outcome, Waiter};
use crate::callback::Callbacks;
use crate::sched::park::Owner;
use std::mem::ManuallyDrop;
use std::task::Waker;

/// What has become of an operation of a future, with the wakers that are to be woken or dropped for it. A panic of theirs
/// is raised when the future has noted the outcome.
#[must_use]
pub(super) struct Polled {
    pub(super) outcome: Outcome,
    /// The other side, to be woken.
    completed: Option<Completed>,
    /// An owner that is not needed.
    spare: Option<Owner>,
}

impl Polled {
    fn new(outcome: Outcome, spare: Option<Owner>) -> Polled {
        Polled { outcome, completed: None, spare }
    }

    /// Wakes and drops.
    pub(super) fn finish(self, callbacks: &mut Callbacks) {
        if self.completed.is_some() {
            callbacks.run(|| wake(self.completed));
        }
        if self.spare.is_some() {
            callbacks.run(|| drop(self.spare));
        }
    }
}

impl<T> Core<T> {
    /// Receives into `slot`, or queues `waiter` with it for a task.
    ///
    /// # Safety
    /// If queued, both stay valid until `withdraw_recv` or completion.
    pub(super) unsafe fn task_recv(&self, slot: *mut T, waiter: *mut Waiter, waker: &Waker) -> Polled {
        // SAFETY: the caller's promise.
        let attempt = |state: &mut Locked<'_, T>| unsafe { state.recv_now(slot) };
        // SAFETY: the caller's promise.
        unsafe { self.task_operation(false, attempt, slot, waiter, waker) }
    }

    /// Sends what is in `slot`, or queues `waiter` with it for a task. Unless `Done`, the value is still there.
    ///
    /// # Safety
    /// `slot` holds a value; if queued, both stay valid until `withdraw_send` or completion.
    pub(super) unsafe fn task_send(&self, slot: *mut T, waiter: *mut Waiter, waker: &Waker) -> Polled {
        // SAFETY: the caller's promise.
        let attempt = |state: &mut Locked<'_, T>| unsafe { state.send_now(slot) };
        // SAFETY: the caller's promise.
        unsafe { self.task_operation(true, attempt, slot, waiter, waker) }
    }

    /// # Safety
    /// `slot` is as `attempt` wants it; if queued, `slot` and `waiter` stay valid until withdrawal or completion.
    #[inline]
    unsafe fn task_operation(
        &self,
        sends: bool,
        attempt: impl Fn(&mut Locked<'_, T>) -> Result<Option<Completed>, Blocked>,
        slot: *mut T,
        waiter: *mut Waiter,
        waker: &Waker,
    ) -> Polled {
        self.head.touch();
        let mut owner = None;
        loop {
            let mut state = self.lock();
            match attempt(&mut state) {
                Ok(completed) => return Polled { completed, ..Polled::new(Outcome::Done, owner) },
                Err(Blocked::Closed) => return Polled::new(Outcome::Closed, owner),
                Err(Blocked::Wait) if owner.is_some() => {
                    // SAFETY: the caller's promise.
                    unsafe {
                        waiter.write(Waiter::new(slot.cast(), owner));
                        self.head.queue(sends).push(waiter);
                    }
                    return Polled::new(Outcome::Pending, None);
                }
                Err(Blocked::Wait) => {
                    drop(state);
                    owner = Some(Owner::task(waker));
                }
            }
        }
    }

    /// Looks at a waiter of a future, which waits on for the task of `waker` if it is still queued.
    ///
    /// # Safety
    /// `waiter` is valid and was queued on this channel.
    pub(super) unsafe fn poll_waiter(&self, waiter: *mut Waiter, waker: &Waker) -> Polled {
        self.head.touch();
        let mut owner = None;
        loop {
            let state = self.lock();
            // SAFETY: the caller's promise, under the lock.
            let waiter = unsafe { &mut *waiter };
            if !waiter.is_queued() || waiter.wakes(waker) {
                return Polled::new(waiter.outcome, owner);
            }
            match owner.take() {
                Some(owner) => return Polled::new(Outcome::Pending, waiter.replace_owner(owner)),
                None => {
                    drop(state);
                    owner = Some(Owner::task(waker));
                }
            }
        }
    }

    /// Takes a receiver of a future off the queue.
    ///
    /// # Safety
    /// `waiter` is valid and was queued with the receivers of this channel.
    pub(super) unsafe fn withdraw_recv(&self, waiter: *mut Waiter) -> Withdrawal {
        // SAFETY: the caller's promise.
        unsafe {
            self.head.touch();
            self.head.withdraw(waiter, false)
        }
    }

    /// Takes a sender of a future off the queue.
    ///
    /// # Safety
    /// `waiter` is valid and was queued with the senders of this channel.
    pub(super) unsafe fn withdraw_send(&self, waiter: *mut Waiter) -> Withdrawal {
        // SAFETY: the caller's promise.
        unsafe {
            self.head.touch();
            self.head.withdraw(waiter, true)
        }
    }

    /// Gives back a value that was handed to a receive which nobody will look at: to the next receiver, or to the
    /// front of the channel.
    pub(super) fn give_back(&self, value: T) {
        self.head.touch();
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
