//! The channel itself: a lock, a ring, two queues of waiters.
//!
//! Invariants, whenever the lock is free:
//!
//! * receivers wait only while nothing is buffered, senders only while the ring is full;
//! * receivers and senders never wait at the same time, unless all are arms of selects that have both, or are stale;
//! * a closed channel has no waiter;
//! * `len <= capacity`.
//!
//! A sender that finds a receiver writes into the receiver's own slot; a receiver that finds a sender takes from the
//! sender's. Values are moved under the lock, owners are woken after it, and nothing of the user runs in between.

use super::error::{SendTimeoutError, TryRecvError, TrySendError};
use super::head::{CLOSED, EXPLORED, GAVE_BACK, Head, NO_RECEIVER, RETURNED, TIMER};
use super::timer::TimerState;
use super::waiter::{Completed, Ended, NOWHERE, Outcome, Waiter};
use crate::sched;
use crate::sched::bubble::{is_explored, point, point_before};
use crate::sched::park::{Parker, WaitReason};
use std::alloc::{Layout, alloc, dealloc};
use std::cell::UnsafeCell;
use std::collections::VecDeque;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::panic::{Location, RefUnwindSafe};
use std::ptr::NonNull;
use std::time::Instant;

pub(super) type Place = &'static Location<'static>;

/// What all handles of a channel use. Lock, flags, queues and length are together in one cache line, which
/// [`super::shared`] aligns: an unbuffered hand-over touches no other of the channel's.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Core<T> {
    pub(super) head: Head,
    /// Used under the lock.
    body: UnsafeCell<Body<T>>,
}

/// What depends on the element type.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Body<T> {
    /// Where in the ring the oldest value is.
    first: usize,
    ring: NonNull<T>,
    pub(super) rare: Rare<T>,
}

/// What few channels have.
#[derive(Debug)]
pub(super) enum Rare<T> {
    None,
    /// Values that were handed to an async receive which was dropped before it could return them: older than
    /// anything in the ring.
    Returned(VecDeque<T>),
    Timer(TimerState),
}

// SAFETY: the pointers are to the ring, which the channel owns, and to waiters, which are used under the lock.
unsafe impl<T: Send> Send for Core<T> {}
// SAFETY: everything is used under the lock, or is atomic; values only move through.
unsafe impl<T: Send> Sync for Core<T> {}

// Nothing of the user runs under the lock, so a panic never leaves a channel half changed.
impl<T> RefUnwindSafe for Core<T> {}

/// Access to a channel whose lock is held.
pub(super) struct Locked<'a, T> {
    pub(super) core: &'a Core<T>,
}

impl<T> Drop for Locked<'_, T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: whoever has made this holds the lock, and what could be reached through this ends here.
        unsafe { self.core.head.unlock() };
    }
}

/// Why a send or receive could not be completed without waiting.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Blocked {
    Wait,
    Closed,
}

/// How far an operation got that may wait.
enum Step {
    Done,
    Closed,
    Queued(Parker),
}

impl<T> Core<T> {
    /// # Panics
    /// If a ring of that capacity cannot be allocated.
    #[track_caller]
    pub(super) fn new(capacity: usize) -> Core<T> {
        let flags = if is_explored() { EXPLORED } else { 0 };
        Core::with_head(Head::new(capacity, flags), Rare::None)
    }

    #[inline(always)]
    #[track_caller]
    pub(super) fn with_head(head: Head, rare: Rare<T>) -> Core<T> {
        let ring = allocate_ring(head.capacity);
        Core { head, body: UnsafeCell::new(Body { first: 0, ring, rare }) }
    }

    #[inline]
    pub(super) fn lock(&self) -> Locked<'_, T> {
        self.head.lock();
        #[cfg(debug_assertions)]
        self.head.check();
        Locked { core: self }
    }

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
        match unsafe { Self::send_or_queue(state, (&raw mut value).cast(), waiter.as_mut_ptr()) } {
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
    unsafe fn send_or_queue(mut state: Locked<'_, T>, slot: *mut T, waiter: *mut Waiter) -> Step {
        if state.core.head.has(EXPLORED) {
            state = state.let_others_run();
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
            Err(Blocked::Closed) => Step::Closed,
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
        let outcome = match unsafe { Self::send_or_queue(self.lock(), (&raw mut value).cast(), waiter) } {
            Step::Done => Outcome::Done,
            Step::Closed => Outcome::Closed,
            Step::Queued(parker) => {
                // SAFETY: the waiter is this frame's, and queued with the senders if at all.
                let mut give_up = || unsafe { self.head.withdraw(waiter, true) };
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
    pub(super) fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        self.head.point_before();
        if !self.head.may_send() {
            sched::spend();
            return Err(TrySendError::Full(value));
        }
        let mut value = ManuallyDrop::new(value);
        let mut state = self.lock();
        // SAFETY: the value is here.
        let sent = unsafe { state.send_now((&raw mut value).cast()) };
        drop(state);
        match sent {
            Ok(receiver) => {
                wake_and_spend(receiver);
                Ok(())
            }
            Err(Blocked::Wait) => Err(TrySendError::Full(ManuallyDrop::into_inner(value))),
            Err(Blocked::Closed) => Err(TrySendError::Closed(ManuallyDrop::into_inner(value))),
        }
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
            state = state.let_others_run();
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
                wake_and_spend(sender);
                Step::Done
            }
            Err(Blocked::Closed) => Step::Closed,
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
                let mut give_up = || unsafe { self.head.withdraw(waiter, false) };
                parker.park_until(deadline, WaitReason::Recv, place, &mut give_up);
                // SAFETY: the wait is over, so the waiter is this frame's alone.
                unsafe { (*waiter).outcome }
            }
        }
    }

    /// Receives if that needs no waiting.
    #[inline]
    pub(super) fn try_recv(&self) -> Result<T, TryRecvError> {
        self.head.point_before();
        if !self.head.may_receive() {
            // Who polls in a loop must let those run who could end it.
            sched::spend();
            return Err(TryRecvError::Empty);
        }
        let mut value = MaybeUninit::<T>::uninit();
        let mut state = self.lock();
        // SAFETY: the slot is valid, and written by success.
        let received = unsafe { state.recv_now(value.as_mut_ptr()) };
        drop(state);
        match received {
            Ok(sender) => {
                wake_and_spend(sender);
                // SAFETY: as above.
                Ok(unsafe { value.assume_init() })
            }
            Err(Blocked::Wait) => Err(TryRecvError::Empty),
            Err(Blocked::Closed) => Err(TryRecvError::Closed),
        }
    }

    /// True if this call closed the channel.
    pub(super) fn close(&self) -> bool {
        self.head.point_before();
        let closed = self.close_without_waking().map(Closed::wake_all).is_some();
        point();
        closed
    }

    /// Closes the channel, which runs none of the user's code, and leaves the waking to the caller. None if it was
    /// closed before.
    pub(super) fn close_without_waking(&self) -> Option<Closed> {
        let _state = self.lock();
        if self.head.has(CLOSED) {
            return None;
        }
        self.head.set(CLOSED);
        let receivers = self.head.receivers.end_all(Outcome::Closed);
        let senders = self.head.senders.end_all(Outcome::Closed);
        Some(Closed { receivers, senders })
    }

    /// The last handle that could receive is gone: senders get their values back, buffered values are dropped.
    pub(super) fn receivers_gone(&self) {
        if self.head.is_timer() {
            // Nobody sends, and nothing is buffered.
            return;
        }
        let mut state = self.lock();
        self.head.set(NO_RECEIVER);
        let senders = self.head.senders.end_all(Outcome::Closed);
        let mut orphans = match std::mem::replace(&mut state.body().rare, Rare::None) {
            Rare::Returned(values) => values,
            Rare::None | Rare::Timer(_) => VecDeque::new(),
        };
        self.head.clear(RETURNED);
        orphans.reserve(self.head.len());
        while self.head.len() > 0 {
            // SAFETY: the first of `len` values; taken off the ring.
            orphans.push_back(unsafe { state.pop_front().read() });
        }
        drop(state);
        senders.wake_all();
        drop(orphans);
    }

    pub(super) fn len(&self) -> usize {
        if !self.head.has(RETURNED) {
            return self.head.len();
        }
        let mut state = self.lock();
        let returned = if let Rare::Returned(values) = &state.body().rare { values.len() } else { 0 };
        (self.head.len() + returned).min(self.head.capacity.max(self.head.len()))
    }

    pub(super) fn capacity(&self) -> usize {
        self.head.capacity
    }

    pub(super) fn is_closed(&self) -> bool {
        self.head.has(CLOSED | NO_RECEIVER)
    }
}

/// Who waited on a channel when it was closed.
pub(crate) struct Closed {
    receivers: Ended,
    senders: Ended,
}

impl Closed {
    pub(crate) fn wake_all(self) {
        self.receivers.wake_all();
        self.senders.wake_all();
    }
}

impl<T> Locked<'_, T> {
    #[inline]
    pub(super) fn body(&mut self) -> &mut Body<T> {
        // SAFETY: the lock is held, and `self` borrowed for as long as the result is used.
        unsafe { &mut *self.core.body.get() }
    }

    /// Lets go of the lock for others, before anything is done.
    #[cold]
    fn let_others_run(self) -> Self {
        let core = self.core;
        drop(self);
        point_before();
        core.lock()
    }

    /// True if a send only has to buffer: there is room, nobody waits, nothing has ended.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn has_plain_room(&self) -> bool {
        let head = &self.core.head;
        head.len() < head.capacity && head.receivers.is_empty() && !head.has(CLOSED | NO_RECEIVER | EXPLORED)
    }

    /// True if a receive only has to take from the buffer: there is something, and nobody waits to add to it.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn has_plain_value(&self) -> bool {
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
                let place = self.turn_ring();
                // SAFETY: the ring is full while senders wait, so its oldest value is at `place`, where the newest
                // is to be. A queued sender's slot holds its value, and `Done` tells it that it has moved.
                unsafe {
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
                Some(now) => {
                    // SAFETY: the caller's promise; only channels of `Instant` are timers.
                    unsafe { slot.cast::<Instant>().write(now) };
                    Ok(None)
                }
                None => Err(Blocked::Wait),
            },
            Rare::None => Err(Blocked::Wait),
        }
    }

    /// Puts a value before all others.
    #[cold]
    pub(super) fn put_back(&mut self, value: T) {
        match &mut self.body().rare {
            Rare::Returned(values) => values.push_back(value),
            rare => *rare = Rare::Returned(VecDeque::from([value])),
        }
        self.core.head.set(RETURNED | GAVE_BACK);
    }

    /// Moves the value in `slot` to the end of the ring.
    ///
    /// # Safety
    /// `slot` holds a value, and the ring has room.
    #[cfg_attr(not(debug_assertions), inline(always))]
    unsafe fn push_back(&mut self, slot: *const T) {
        let (len, capacity) = (self.core.head.len(), self.core.head.capacity);
        debug_assert!(len < capacity);
        let body = self.body();
        let room = capacity - body.first;
        let index = if len < room { body.first + len } else { len - room };
        // SAFETY: `index` is below the capacity and the place is free, because `len < capacity`.
        unsafe { body.ring.as_ptr().add(index).copy_from_nonoverlapping(slot, 1) };
        self.core.head.set_len(len + 1);
    }

    /// Takes the first place off the ring; the value in it is the caller's to move.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn pop_front(&mut self) -> *const T {
        let place = self.turn_ring();
        self.core.head.set_len(self.core.head.len() - 1);
        place
    }

    /// Makes the first place of the ring its last.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn turn_ring(&mut self) -> *mut T {
        let head = &self.core.head;
        debug_assert!(head.len() > 0);
        let capacity = head.capacity;
        let body = self.body();
        // SAFETY: `first` is below the capacity.
        let place = unsafe { body.ring.as_ptr().add(body.first) };
        body.first += 1;
        if body.first == capacity {
            body.first = 0;
        }
        place
    }
}

impl<T> Drop for Core<T> {
    fn drop(&mut self) {
        // Nobody else is left, but the values are taken off in the same way.
        let mut state = self.lock();
        let capacity = state.core.head.capacity;
        while state.core.head.len() > 0 {
            // SAFETY: the first of `len` values; taken off the ring.
            drop(unsafe { state.pop_front().read() });
        }
        if size_of::<T>() > 0 && capacity > 0 {
            let layout = Layout::array::<T>(capacity).expect("checked when it was allocated");
            // SAFETY: allocated by `allocate_ring` with this layout.
            unsafe { dealloc(state.body().ring.as_ptr().cast(), layout) };
        }
    }
}

#[track_caller]
fn allocate_ring<T>(capacity: usize) -> NonNull<T> {
    if size_of::<T>() == 0 || capacity == 0 {
        return NonNull::dangling();
    }
    let ring = match Layout::array::<T>(capacity) {
        // SAFETY: the layout's size is not zero.
        Ok(layout) => NonNull::new(unsafe { alloc(layout) }.cast::<T>()),
        Err(_) => None,
    };
    match ring {
        Some(ring) => ring,
        None => {
            panic!("chan: a buffer for {capacity} elements of {} bytes cannot be allocated", size_of::<T>())
        }
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

#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn wake_and_spend(completed: Option<Completed>) {
    if let Some(completed) = completed {
        completed.wake();
    }
    sched::spend();
}

/// The worker whose waiters this thread serves first, as waiters name it.
#[inline]
fn here() -> u32 {
    match sched::worker::Worker::current() {
        Some(worker) if worker.prefers_local() => worker.index() as u32,
        _ => NOWHERE,
    }
}
