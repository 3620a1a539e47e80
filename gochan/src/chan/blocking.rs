//! Sending and receiving as threads and goroutines do: at once if that is possible, else parked in a queue.

use super::core::{Blocked, Core, Locked, Place};
use super::error::{SendTimeoutError, TryRecvError, TrySendError};
use super::head::EXPLORED;
use super::waiter::{Completed, Outcome, Waiter};
use crate::sched;
use crate::sched::bubble::{point, point_after_at};
use crate::sched::park::{Parker, WaitReason};
use std::mem::{ManuallyDrop, MaybeUninit};
use std::panic::Location;
use std::time::Instant;

/// How far an operation got that may wait.
enum Step {
    Done,
    Closed,
    Queued(Parker),
}
impl<T> Core<T> {
    /// Sends, waiting if need be. The error has the value back.
    ///
    /// Inlined always, for the sake of the switch in `park`; what is not plain buffering is in `send_or_queue`. Not in
    /// unoptimised builds, where every inlined copy would add its value to the caller's frame.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn send(&self, value: T, place: Place) -> Result<(), T> {
        let mut value = ManuallyDrop::new(value);
        let mut state = self.lock();
        if state.has_plain_room() {
            // SAFETY: the value is here; there is room.
            unsafe { state.push_back((&raw const value).cast()) };
            drop(state);
            sched::spend();
            return Ok(());
        }
        let mut waiter = MaybeUninit::<Waiter>::uninit();
        // SAFETY: the value is here; it and the waiter outlive the park, which lasts until the waiter is completed.
        match unsafe { Self::send_or_queue(state, (&raw mut value).cast(), waiter.as_mut_ptr(), place) } {
            Step::Done => Ok(()),
            Step::Closed => Err(ManuallyDrop::into_inner(value)),
            Step::Queued(parker) => {
                parker.park(WaitReason::Send, place);
                // SAFETY: initialised when it was queued, and ours again.
                match unsafe { (*waiter.as_ptr()).outcome } {
                    Outcome::Done => Ok(()),
                    _ => Err(ManuallyDrop::into_inner(value)),
                }
            }
        }
    }

    /// Moves the value out of `slot` if that needs no waiting, else queues `waiter` with it.
    ///
    /// # Safety
    /// `slot` holds a value; if queued, both stay valid until the waiter is completed or withdrawn.
    #[inline(never)]
    unsafe fn send_or_queue(
        mut state: Locked<'_, T>,
        slot: *mut T,
        waiter: *mut Waiter,
        place: Place,
    ) -> Step {
        if state.core.head.has(EXPLORED) {
            state = state.let_others_run("send", place);
        }
        // SAFETY: the caller's promise.
        let mut sent = unsafe { state.send_now(slot) };
        if let Err(Blocked::Wait) = sent {
            // A buffer that another worker is draining needs no wake.
            let core = state.core;
            if core.head.is_buffered() && core.head.senders.is_empty() && sched::may_linger() {
                drop(state);
                sched::linger(|| core.head.may_send());
                state = core.lock();
                // SAFETY: as above.
                sent = unsafe { state.send_now(slot) };
            }
        }
        match sent {
            Ok(receiver) => {
                drop(state);
                wake_and_spend(receiver);
                Step::Done
            }
            Err(Blocked::Closed) => {
                drop(state);
                point_after_at("send", Some(place));
                Step::Closed
            }
            Err(Blocked::Wait) => {
                let parker = Parker::current();
                // SAFETY: the caller's promise.
                unsafe {
                    waiter.write(Waiter::new(slot.cast(), Some(parker.owner())));
                    state.core.head.senders.push(waiter);
                }
                Step::Queued(parker)
            }
        }
    }

    /// As [`Core::send`], giving up at `deadline`.
    pub(super) fn send_until(
        &self,
        value: T,
        deadline: Instant,
        place: Place,
    ) -> Result<(), SendTimeoutError<T>> {
        let mut value = ManuallyDrop::new(value);
        let mut waiter = MaybeUninit::<Waiter>::uninit();
        let waiter = waiter.as_mut_ptr();
        // SAFETY: as in `send`.
        let outcome =
            match unsafe { Self::send_or_queue(self.lock(), (&raw mut value).cast(), waiter, place) } {
                Step::Done => Outcome::Done,
                Step::Closed => Outcome::Closed,
                Step::Queued(parker) => {
                    // SAFETY: the waiter is this frame's, and queued with the senders if at all.
                    let mut give_up = || unsafe { self.head.withdraw(waiter, true) }.was_queued;
                    parker.park_until(deadline, WaitReason::Send, place, &mut give_up);
                    // SAFETY: the wait is over, so the waiter is this frame's alone.
                    unsafe { (*waiter).outcome }
                }
            };
        match outcome {
            Outcome::Done => Ok(()),
            Outcome::TimedOut => Err(SendTimeoutError::Timeout(ManuallyDrop::into_inner(value))),
            _ => Err(SendTimeoutError::Closed(ManuallyDrop::into_inner(value))),
        }
    }

    /// Sends if that needs no waiting.
    #[inline]
    #[track_caller]
    pub(super) fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        self.head.point_before("try_send", Some(Location::caller()));
        if !self.head.may_send() {
            point("try_send");
            return Err(TrySendError::Full(value));
        }
        let mut value = ManuallyDrop::new(value);
        let mut state = self.lock();
        // SAFETY: the value is here.
        let sent = unsafe { state.send_now((&raw mut value).cast()) };
        drop(state);
        let sent = match sent {
            Ok(receiver) => {
                wake(receiver);
                Ok(())
            }
            Err(Blocked::Wait) => Err(TrySendError::Full(ManuallyDrop::into_inner(value))),
            Err(Blocked::Closed) => Err(TrySendError::Closed(ManuallyDrop::into_inner(value))),
        };
        point("try_send");
        sent
    }

    /// Receives, waiting if need be. None: closed and drained.
    ///
    /// Inlined always, for the sake of the switch in `park`; what is not plain buffering is in `recv_or_queue`.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn recv(&self, place: Place) -> Option<T> {
        let mut state = self.lock();
        if state.has_plain_value() {
            // SAFETY: the first value of the ring, which is taken off it.
            let value = unsafe { state.pop_front().read() };
            drop(state);
            sched::spend();
            return Some(value);
        }
        let mut value = MaybeUninit::<T>::uninit();
        let mut waiter = MaybeUninit::<Waiter>::uninit();
        // SAFETY: slot and waiter outlive the park, which lasts until the waiter is completed; `Done` says that the
        // slot has been written.
        unsafe {
            match Self::recv_or_queue(state, value.as_mut_ptr(), waiter.as_mut_ptr(), place) {
                Step::Done => Some(value.assume_init()),
                Step::Closed => None,
                Step::Queued(parker) => {
                    parker.park(WaitReason::Recv, place);
                    ((*waiter.as_ptr()).outcome == Outcome::Done).then(|| value.assume_init())
                }
            }
        }
    }

    /// Moves a value into `slot` if that needs no waiting, else queues `waiter` with it.
    ///
    /// # Safety
    /// `slot` is valid for a write; if queued, both stay valid until the waiter is completed or withdrawn.
    #[inline(never)]
    unsafe fn recv_or_queue(
        mut state: Locked<'_, T>,
        slot: *mut T,
        waiter: *mut Waiter,
        place: Place,
    ) -> Step {
        if state.core.head.has(EXPLORED) {
            state = state.let_others_run("recv", place);
        }
        // SAFETY: the caller's promise.
        let mut received = unsafe { state.recv_now(slot) };
        if let Err(Blocked::Wait) = received {
            // A buffer that another worker is filling needs no wake.
            let core = state.core;
            if core.head.is_buffered() && core.head.receivers.is_empty() && sched::may_linger() {
                drop(state);
                sched::linger(|| core.head.may_receive());
                state = core.lock();
                // SAFETY: as above.
                received = unsafe { state.recv_now(slot) };
            }
        }
        match received {
            Ok(sender) => {
                drop(state);
                // SAFETY: the slot has just been written.
                let received = unsafe { Received::new(slot) };
                wake_and_spend(sender);
                std::mem::forget(received);
                Step::Done
            }
            Err(Blocked::Closed) => {
                drop(state);
                point_after_at("recv", Some(place));
                Step::Closed
            }
            Err(Blocked::Wait) if state.core.head.is_timer() => {
                let core = state.core;
                drop(state);
                // SAFETY: the caller's promise.
                match unsafe { core.timer_recv(slot, None, place) } {
                    Outcome::Done => Step::Done,
                    _ => Step::Closed,
                }
            }
            Err(Blocked::Wait) => {
                let parker = Parker::current();
                // SAFETY: the caller's promise.
                unsafe {
                    waiter.write(Waiter::new(slot.cast(), Some(parker.owner())));
                    state.core.head.receivers.push(waiter);
                }
                Step::Queued(parker)
            }
        }
    }

    /// As [`Core::recv`], giving up at `deadline`: None.
    pub(super) fn recv_until(&self, deadline: Instant, place: Place) -> Option<Option<T>> {
        let mut value = MaybeUninit::<T>::uninit();
        // SAFETY: the slot is this frame's.
        match unsafe { self.recv_into_until(value.as_mut_ptr(), deadline, place) } {
            // SAFETY: `Done` says that the slot has been written.
            Outcome::Done => Some(Some(unsafe { value.assume_init() })),
            Outcome::TimedOut => None,
            _ => Some(None),
        }
    }

    /// # Safety
    /// `slot` is valid for a write; it is written if the result is `Done`.
    unsafe fn recv_into_until(&self, slot: *mut T, deadline: Instant, place: Place) -> Outcome {
        if self.head.is_timer() {
            // SAFETY: the caller's promise.
            return unsafe { self.timer_recv(slot, Some(deadline), place) };
        }
        let mut waiter = MaybeUninit::<Waiter>::uninit();
        let waiter = waiter.as_mut_ptr();
        // SAFETY: as in `recv`.
        match unsafe { Self::recv_or_queue(self.lock(), slot, waiter, place) } {
            Step::Done => Outcome::Done,
            Step::Closed => Outcome::Closed,
            Step::Queued(parker) => {
                // SAFETY: the waiter is this frame's, and queued with the receivers if at all.
                let mut give_up = || unsafe { self.head.withdraw(waiter, false) }.was_queued;
                parker.park_until(deadline, WaitReason::Recv, place, &mut give_up);
                // SAFETY: the wait is over, so the waiter is this frame's alone.
                unsafe { (*waiter).outcome }
            }
        }
    }

    /// Receives if that needs no waiting.
    #[inline]
    #[track_caller]
    pub(super) fn try_recv(&self) -> Result<T, TryRecvError> {
        self.head.point_before("try_recv", Some(Location::caller()));
        if !self.head.may_receive() {
            point("try_recv");
            return Err(TryRecvError::Empty);
        }
        let mut value = MaybeUninit::<T>::uninit();
        let mut state = self.lock();
        // SAFETY: the slot is valid, and written by success.
        let received = unsafe { state.recv_now(value.as_mut_ptr()) };
        drop(state);
        let received = match received {
            Ok(sender) => {
                // SAFETY: as above. A waker that panics drops the value, which has been received.
                let value = unsafe { value.assume_init() };
                wake(sender);
                Ok(value)
            }
            Err(Blocked::Wait) => Err(TryRecvError::Empty),
            Err(Blocked::Closed) => Err(TryRecvError::Closed),
        };
        point("try_recv");
        received
    }
}

/// Wakes the other side of an operation that is complete: its waker may be the user's.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn wake(completed: Option<Completed>) {
    if let Some(completed) = completed {
        completed.wake();
    }
}

/// As `wake`, at the end of an operation that might have waited.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn wake_and_spend(completed: Option<Completed>) {
    wake(completed);
    sched::spend();
}

/// A value in the slot of the receiver while the sender is woken: a waker that panics drops it.
struct Received<T>(*mut T);

impl<T> Received<T> {
    /// # Safety
    /// There is a value in `slot`, which nobody else uses until this is dropped or forgotten.
    unsafe fn new(slot: *mut T) -> Received<T> {
        Received(slot)
    }
}

impl<T> Drop for Received<T> {
    fn drop(&mut self) {
        // SAFETY: the promise of `new`.
        unsafe { self.0.drop_in_place() };
    }
}
