//! A channel: a lock, a ring, and two queues of waiters.
//!
//! Invariants, whenever the lock is free; [`Header::check`] asserts them in builds with debug assertions:
//!
//! * receivers wait only while nothing is buffered, senders only while the ring is full;
//! * receivers and senders never wait at the same time, unless all are arms of selects that have both, or are stale;
//! * a closed channel has no waiter;
//! * `len <= capacity`.
//!
//! A sender that finds a receiver writes into the receiver's slot; a receiver that finds a sender takes the value from
//! the sender's slot. Values move under the lock. Their owners are woken after it, and no user code runs in between.
//!
//! The text below is in this order: the state; send; receive; close; the ends of a channel. An operation that cannot be
//! completed at once waits in [`super::wait`]. One on a nil channel finds no channel and waits in [`super::nil`].

use super::header::{
    CLOSED, Directed, Direction, EXPLORED, GAVE_BACK, Header, NO_RECEIVER, RETURNED, Receiving, Sending,
    TIMER, UNBOUNDED,
};
use super::ring::Ring;
use super::timer::TimerState;
use super::wait::Step;
use super::waiter::{EndedWaiters, Outcome, Waiter};
use crate::base::callback::Callbacks;
use crate::points;
use crate::sched::here;
use crate::sched::park::{Completed, NOWHERE, WaitReason};
use std::cell::UnsafeCell;
use std::collections::VecDeque;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::panic::{Location, RefUnwindSafe};
use std::time::Instant;

pub(crate) type Place = &'static Location<'static>;

/// What all handles of a channel use. Lock, flags, queues and length are together in one cache line, which
/// [`super::shared`] aligns: an unbuffered send touches no other cache line of the channel.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Channel<T> {
    pub(super) header: Header,
    /// Used under the lock.
    body: UnsafeCell<Body<T>>,
}

/// What depends on the element type.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Body<T> {
    ring: Ring<T>,
    pub(super) rare: Rare<T>,
}

/// What few channels have.
#[derive(Debug)]
pub(super) enum Rare<T> {
    None,
    /// Values given back by async receives that were dropped before they could return them: older than anything in the
    /// ring. In a channel without a bound: all values.
    Returned(VecDeque<T>),
    Timer(TimerState),
}

// SAFETY: the pointers are to the ring, which the channel owns, and to waiters, which are used under the lock.
unsafe impl<T: Send> Send for Channel<T> {}
// SAFETY: everything is used under the lock, or is atomic; values only move through.
unsafe impl<T: Send> Sync for Channel<T> {}

// No user code runs under the lock, so a panic never leaves a channel half changed.
impl<T> RefUnwindSafe for Channel<T> {}

/// Access to a channel whose lock is held.
pub(super) struct Locked<'a, T> {
    pub(super) channel: &'a Channel<T>,
}

/// Why a send or receive could not be completed at once.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Blocked {
    Wait,
    Closed,
}

impl<T> Channel<T> {
    /// # Panics
    /// If a ring of that capacity cannot be allocated.
    #[track_caller]
    pub(super) fn new(capacity: usize) -> Channel<T> {
        let flags = if points::is_exploring() { EXPLORED } else { 0 };
        Channel::with_header(Header::new(capacity, flags), Rare::None)
    }

    pub(super) fn unbounded() -> Channel<T> {
        let flags = UNBOUNDED | GAVE_BACK | if points::is_exploring() { EXPLORED } else { 0 };
        Channel::with_header(Header::new(0, flags), Rare::Returned(VecDeque::new()))
    }

    #[inline(always)]
    #[track_caller]
    pub(super) fn with_header(header: Header, rare: Rare<T>) -> Channel<T> {
        let ring = Ring::allocate(header.capacity);
        Channel { header, body: UnsafeCell::new(Body { ring, rare }) }
    }

    #[inline]
    pub(super) fn lock(&self) -> Locked<'_, T> {
        self.header.lock.lock();
        #[cfg(debug_assertions)]
        self.header.check();
        Locked { channel: self }
    }
}

// Send.

impl<T> Channel<T> {
    /// Sends, waiting if need be. The error returns the value.
    ///
    /// Always inlined, for the sake of the switch in `park`. Not in unoptimised builds, where every inlined copy would
    /// add its value to the caller's frame.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn send(&self, value: T, place: Place) -> Result<(), T> {
        let mut value = ManuallyDrop::new(value);
        let mut state = self.lock();
        if state.has_plain_room() {
            // SAFETY: the value is in this frame, and forgotten; the ring has room.
            unsafe { state.push_back((&raw const value).cast()) };
            drop(state);
            here::spend();
            return Ok(());
        }
        // SAFETY: the value is in this frame, which outlives the wait.
        let sent = unsafe { state.operate_or_park::<Sending>((&raw mut value).cast(), place) };
        if sent { Ok(()) } else { Err(ManuallyDrop::into_inner(value)) }
    }
}

impl Directed for Sending {
    const DIRECTION: Direction = Direction::Send;

    #[cfg_attr(not(debug_assertions), inline(always))]
    unsafe fn attempt<T>(state: &mut Locked<'_, T>, slot: *mut T) -> Result<Option<Completed>, Blocked> {
        let header = &state.channel.header;
        if header.has(CLOSED | NO_RECEIVER) {
            return Err(Blocked::Closed);
        }
        if !header.receivers.is_empty()
            && let Some(receiver) = header.receivers.pop(here::served_first())
        {
            // SAFETY: the receiver was queued on this channel; the caller's promise.
            return Ok(Some(unsafe { send_to(receiver, slot) }));
        }
        if header.len() < header.capacity {
            // SAFETY: the caller's promise; there is room.
            unsafe { state.push_back(slot) };
            return Ok(None);
        }
        if header.has(UNBOUNDED) {
            // SAFETY: the caller's promise.
            unsafe { state.pile_up(slot) };
            return Ok(None);
        }
        Err(Blocked::Wait)
    }
}

impl<T> Locked<'_, T> {
    /// Keeps the value in `slot`, in a channel without a bound.
    ///
    /// # Safety
    /// `slot` holds a value, which this moves.
    #[cold]
    #[inline(never)]
    unsafe fn pile_up(&mut self, slot: *const T) {
        let Rare::Returned(values) = &mut self.body().rare else {
            unreachable!("from the start until the last receiver goes")
        };
        // SAFETY: the caller's promise.
        values.push_back(unsafe { slot.read() });
        self.channel.header.set(RETURNED);
    }

    /// True if a send only has to buffer: there is room, no receiver waits, nothing has ended.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn has_plain_room(&self) -> bool {
        let header = &self.channel.header;
        header.len() < header.capacity
            && header.receivers.is_empty()
            && !header.has(CLOSED | NO_RECEIVER | EXPLORED)
    }

    /// Moves the value in `slot` to the end of the ring.
    ///
    /// # Safety
    /// `slot` holds a value, and the ring has room.
    #[cfg_attr(not(debug_assertions), inline(always))]
    unsafe fn push_back(&mut self, slot: *const T) {
        let header = &self.channel.header;
        let (len, capacity) = (header.len(), header.capacity);
        // SAFETY: the ring is of that capacity, and has room; so its end is a free place.
        unsafe { self.body().ring.end(len, capacity).copy_from_nonoverlapping(slot, 1) };
        header.set_len(len + 1);
    }
}

/// Moves the value in `slot` into the slot of a waiting receiver.
///
/// # Safety
/// `slot` holds a value; `receiver` was just taken off the queue of receivers of a channel of `T`.
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn send_to<T>(receiver: &mut Waiter, slot: *const T) -> Completed {
    // SAFETY: the slot of a waiting receiver is empty and valid for a write.
    unsafe { receiver.slot.cast::<T>().copy_from_nonoverlapping(slot, 1) };
    receiver.complete(Outcome::Done)
}

// Receive.

impl<T> Channel<T> {
    /// Receives, waiting if need be. None: closed and drained. Inlined as `send`.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn recv(&self, place: Place) -> Option<T> {
        let mut state = self.lock();
        if state.has_plain_value() {
            // SAFETY: something is buffered; the value is taken off the ring.
            let value = unsafe { state.pop_front().read() };
            drop(state);
            here::spend();
            return Some(value);
        }
        let mut value = MaybeUninit::<T>::uninit();
        let mut waiter = MaybeUninit::<Waiter>::uninit();
        // Not by `operate_or_park`: if its result is the same for all ways to complete, the fast path above takes 2 ns more.
        // SAFETY: slot and waiter are in this frame, which outlives the wait; the slot is written if the operation was
        // completed.
        unsafe {
            match state.begin::<Receiving>(value.as_mut_ptr(), waiter.as_mut_ptr(), place) {
                Step::Done => Some(value.assume_init()),
                Step::Closed => None,
                Step::Queued(parker) => {
                    let (slot, queued) = (value.as_mut_ptr(), waiter.as_mut_ptr());
                    let withdraw = || self.call_off::<Receiving>(slot, queued);
                    parker.park_or_end(WaitReason::Recv, place, withdraw);
                    ((*waiter.as_ptr()).outcome == Outcome::Done).then(|| value.assume_init())
                }
            }
        }
    }
}

impl Directed for Receiving {
    const DIRECTION: Direction = Direction::Recv;

    #[cfg_attr(not(debug_assertions), inline(always))]
    unsafe fn attempt<T>(state: &mut Locked<'_, T>, slot: *mut T) -> Result<Option<Completed>, Blocked> {
        let header = &state.channel.header;
        if header.has(RETURNED | TIMER) {
            // SAFETY: the caller's promise.
            return unsafe { state.recv_rare(slot) };
        }
        if header.len() > 0 {
            if !header.senders.is_empty()
                && let Some(sender) = header.senders.pop(here::served_first())
            {
                // SAFETY: the ring is full while senders wait, so its oldest value is at `place`, where the newest is
                // to be. A queued sender's slot holds its value, and `Done` tells the sender that it has moved.
                unsafe {
                    let place = state.turn_ring();
                    slot.copy_from_nonoverlapping(place, 1);
                    place.copy_from_nonoverlapping(sender.slot.cast(), 1);
                }
                return Ok(Some(sender.complete(Outcome::Done)));
            }
            // SAFETY: the caller's promise; something is buffered.
            unsafe { slot.copy_from_nonoverlapping(state.pop_front(), 1) };
            return Ok(None);
        }
        if !header.senders.is_empty()
            && let Some(sender) = header.senders.pop(here::served_first())
        {
            // SAFETY: a queued sender's slot holds its value, and `Done` tells the sender that it has moved.
            unsafe { slot.copy_from_nonoverlapping(sender.slot.cast(), 1) };
            return Ok(Some(sender.complete(Outcome::Done)));
        }
        Err(if header.has(CLOSED) { Blocked::Closed } else { Blocked::Wait })
    }
}

impl<T> Locked<'_, T> {
    /// True if a receive only has to take from the buffer: there is a value, and no sender waits to add one.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn has_plain_value(&self) -> bool {
        let header = &self.channel.header;
        header.len() > 0 && header.senders.is_empty() && !header.has(RETURNED | EXPLORED)
    }

    /// Receives a value that was given back, or from a timer.
    ///
    /// # Safety
    /// As for `attempt`.
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
                    self.channel.header.clear(RETURNED);
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

    /// Takes the first place off the ring; the value in it is the caller's to move.
    ///
    /// # Safety
    /// Something is buffered.
    #[cfg_attr(not(debug_assertions), inline(always))]
    unsafe fn pop_front(&mut self) -> *const T {
        // SAFETY: the caller's promise.
        let place = unsafe { self.turn_ring() };
        let header = &self.channel.header;
        header.set_len(header.len() - 1);
        place
    }

    /// Makes the first place of the ring its last.
    ///
    /// # Safety
    /// Something is buffered.
    #[cfg_attr(not(debug_assertions), inline(always))]
    unsafe fn turn_ring(&mut self) -> *mut T {
        let header = &self.channel.header;
        debug_assert!(header.len() > 0);
        // SAFETY: the ring is of that capacity, which is not zero, as something is in it.
        unsafe { self.body().ring.turn(header.capacity) }
    }

    #[inline]
    pub(super) fn body(&mut self) -> &mut Body<T> {
        // SAFETY: the lock is held, and `self` borrowed for as long as the result is used.
        unsafe { &mut *self.channel.body.get() }
    }
}

// Close.

impl<T> Channel<T> {
    /// True if this call closed the channel.
    #[track_caller]
    pub(super) fn close(&self) -> bool {
        self.header.point_before("close", Some(Location::caller()));
        let closed = self.close_without_waking();
        let is_first = closed.is_some();
        if let Some(closed) = closed {
            closed.wake_all();
        }
        points::after("close", Some(Location::caller()));
        is_first
    }

    /// Closes the channel, which runs no user code, and leaves the waking to the caller. None if it was closed before.
    pub(super) fn close_without_waking(&self) -> Option<ClosedWaiters> {
        let _state = self.lock();
        if self.header.has(CLOSED) {
            return None;
        }
        self.header.set(CLOSED);
        let receivers = self.header.receivers.end_all(Outcome::Closed);
        let senders = self.header.senders.end_all(Outcome::Closed);
        Some(ClosedWaiters { receivers, senders })
    }
}

/// The receivers and senders that waited on a channel when it was closed.
#[must_use = "they sleep until they are woken"]
pub(crate) struct ClosedWaiters {
    receivers: EndedWaiters,
    senders: EndedWaiters,
}

impl ClosedWaiters {
    pub(crate) fn is_empty(&self) -> bool {
        self.receivers.is_empty() && self.senders.is_empty()
    }

    pub(crate) fn wake_all(self) {
        let mut callbacks = Callbacks::new();
        callbacks.run(|| self.receivers.wake_all());
        callbacks.run(|| self.senders.wake_all());
        callbacks.finish();
    }
}

// The last receiver has gone, a receive is given back, the last handle has gone.

impl<T> Channel<T> {
    /// The last handle that could receive is gone: senders get their values back, buffered values are dropped. Runs no
    /// user code: that is left to the caller. None if there is none to run.
    pub(super) fn receivers_gone(&self) -> Option<Abandoned<T>> {
        if self.header.is_timer() {
            // A timer's channel has no sender and no buffered value.
            return None;
        }
        let mut state = self.lock();
        self.header.set(NO_RECEIVER);
        let senders = self.header.senders.end_all(Outcome::Closed);
        let mut orphans = match std::mem::replace(&mut state.body().rare, Rare::None) {
            Rare::Returned(values) => values,
            Rare::None | Rare::Timer(_) => VecDeque::new(),
        };
        self.header.clear(RETURNED);
        orphans.reserve(self.header.len());
        while self.header.len() > 0 {
            // SAFETY: something is buffered; the value is taken off the ring.
            orphans.push_back(unsafe { state.pop_front().read() });
        }
        drop(state);
        (!senders.is_empty() || !orphans.is_empty()).then_some(Abandoned { senders, orphans })
    }

    /// Gives back a value of a receive that was dropped before it could return the value: to the next receiver, or to the
    /// front of the channel.
    pub(super) fn give_back(&self, value: T) {
        self.header.touch();
        if self.header.is_timer() {
            return self.give_back_time(value);
        }
        let mut state = self.lock();
        if self.header.has(NO_RECEIVER) {
            drop(state);
            drop(value);
            return;
        }
        match self.header.receivers.pop(NOWHERE) {
            Some(receiver) => {
                let mut value = ManuallyDrop::new(value);
                // SAFETY: the receiver was queued on this channel; the value is here and forgotten.
                let receiver = unsafe { send_to::<T>(receiver, (&raw mut value).cast()) };
                drop(state);
                receiver.wake();
            }
            None => state.put_back(value),
        }
    }

    pub(super) fn len(&self) -> usize {
        if !self.header.has(RETURNED) {
            return self.header.len();
        }
        let mut state = self.lock();
        let returned = if let Rare::Returned(values) = &state.body().rare { values.len() } else { 0 };
        if self.header.has(UNBOUNDED) {
            return returned;
        }
        (self.header.len() + returned).min(self.header.capacity.max(self.header.len()))
    }

    pub(super) fn capacity(&self) -> usize {
        if self.header.has(UNBOUNDED) { usize::MAX } else { self.header.capacity }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.header.has_acquire(CLOSED | NO_RECEIVER)
    }
}

impl<T> Locked<'_, T> {
    /// Puts a value before all others.
    #[cold]
    fn put_back(&mut self, value: T) {
        let is_first = self.channel.header.has(UNBOUNDED);
        match &mut self.body().rare {
            Rare::Returned(values) if is_first => values.push_front(value),
            Rare::Returned(values) => values.push_back(value),
            rare => *rare = Rare::Returned(VecDeque::from([value])),
        }
        self.channel.header.set(RETURNED | GAVE_BACK);
    }
}

/// The senders that waited when the last receiver went, and the values that will not be received.
#[must_use = "the senders sleep until they are woken"]
pub(super) struct Abandoned<T> {
    senders: EndedWaiters,
    orphans: VecDeque<T>,
}

impl<T> Abandoned<T> {
    pub(super) fn finish(self, callbacks: &mut Callbacks) {
        callbacks.run(|| self.senders.wake_all());
        callbacks.drop_each(self.orphans);
    }
}

impl<T> Drop for Locked<'_, T> {
    #[inline]
    fn drop(&mut self) {
        #[cfg(debug_assertions)]
        self.channel.header.check();
        // SAFETY: the lock is held, and what could be reached through `self` ends here.
        unsafe { self.channel.header.lock.unlock() };
    }
}

impl<T> Drop for Channel<T> {
    fn drop(&mut self) {
        // No other handle is left; the lock is what gives access to the ring.
        let mut state = self.lock();
        let capacity = state.channel.header.capacity;
        while state.channel.header.len() > 0 {
            // SAFETY: something is buffered; the value is taken off the ring.
            drop(unsafe { state.pop_front().read() });
        }
        // SAFETY: this is the end of the only owner.
        unsafe { state.body().ring.free(capacity) };
    }
}
