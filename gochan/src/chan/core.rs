//! The channel itself: a lock, a ring, two queues of waiters.
//!
//! Invariants, whenever the lock is free:
//!
//! * receivers wait only while nothing is buffered, senders only while the ring is full;
//! * receivers and senders never wait at the same time;
//! * a closed channel has no waiter;
//! * `len <= capacity`.
//!
//! A sender that finds a receiver writes into the receiver's own slot; a receiver that finds a sender takes from the
//! sender's. Values are moved under the lock, owners are woken after it, and nothing of the user runs in between.

use super::error::{SendTimeoutError, TryRecvError, TrySendError};
use super::lock::{Guard, SpinLock};
use super::waiter::{Completed, NOWHERE, Outcome, WaitQueue, Waiter};
use crate::sched::park::{Owner, Parker, WaitReason};
use std::alloc::{Layout, alloc, dealloc};
use std::collections::VecDeque;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::panic::Location;
use std::ptr::NonNull;
use std::task::Waker;
use std::time::Instant;

pub(super) type Place = &'static Location<'static>;

/// Closed by `close`, or by the drop of the last sender.
const CLOSED: u8 = 1;
/// Nobody is left who could receive.
const NO_RECEIVER: u8 = 2;
/// `returned` is not empty.
const RETURNED: u8 = 4;

/// What all handles of a channel share. Lock, flags, queues and length are together in one cache line: an unbuffered
/// hand-over touches no other of the channel's.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct Core<T> {
    state: SpinLock<State<T>>,
}

#[derive(Debug)]
#[repr(C)]
pub(super) struct State<T> {
    flags: u8,
    receivers: WaitQueue,
    senders: WaitQueue,
    len: usize,
    capacity: usize,
    head: usize,
    ring: NonNull<T>,
    /// Values that were handed to an async receive which was dropped before it could return them: older than
    /// anything in the ring.
    returned: VecDeque<T>,
}

// SAFETY: the pointers are to the ring, which the state owns, and to waiters, which are used under the lock.
unsafe impl<T: Send> Send for State<T> {}

/// Why a send or receive could not be completed without waiting.
enum Blocked {
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
        Core {
            state: SpinLock::new(State {
                flags: 0,
                head: 0,
                len: 0,
                capacity,
                ring: allocate_ring(capacity),
                receivers: WaitQueue::new(),
                senders: WaitQueue::new(),
                returned: VecDeque::new(),
            }),
        }
    }

    #[inline]
    fn lock(&self) -> Guard<'_, State<T>> {
        let state = self.state.lock();
        #[cfg(debug_assertions)]
        state.check();
        state
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
            crate::sched::spend();
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
    unsafe fn send_or_queue(mut state: Guard<'_, State<T>>, slot: *mut T, waiter: *mut Waiter) -> Step {
        // SAFETY: the caller's promise.
        match unsafe { state.send_now(slot) } {
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
                    state.senders.push(waiter);
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
                let mut give_up = || unsafe { self.withdraw(waiter, |state| &mut state.senders) };
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
            crate::sched::spend();
            return Some(value);
        }
        let mut value = MaybeUninit::<T>::uninit();
        let mut waiter = MaybeUninit::<Waiter>::uninit();
        // SAFETY: slot and waiter outlive the park, which lasts until the waiter is completed; `Done` says that the
        // slot has been written.
        unsafe {
            match Self::recv_or_queue(state, value.as_mut_ptr(), waiter.as_mut_ptr()) {
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
    unsafe fn recv_or_queue(mut state: Guard<'_, State<T>>, slot: *mut T, waiter: *mut Waiter) -> Step {
        // SAFETY: the caller's promise.
        match unsafe { state.recv_now(slot) } {
            Ok(sender) => {
                drop(state);
                wake_and_spend(sender);
                Step::Done
            }
            Err(Blocked::Closed) => Step::Closed,
            Err(Blocked::Wait) => {
                let parker = Parker::current();
                // SAFETY: the caller's promise.
                unsafe {
                    waiter.write(Waiter::new(slot.cast(), Some(parker.owner())));
                    state.receivers.push(waiter);
                }
                Step::Queued(parker)
            }
        }
    }

    /// As [`Core::recv`], giving up at `deadline`: None.
    pub(super) fn recv_until(&self, deadline: Instant, place: Place) -> Option<Option<T>> {
        let mut value = MaybeUninit::<T>::uninit();
        let mut waiter = MaybeUninit::<Waiter>::uninit();
        let waiter = waiter.as_mut_ptr();
        // SAFETY: as in `recv`.
        let outcome = match unsafe { Self::recv_or_queue(self.lock(), value.as_mut_ptr(), waiter) } {
            Step::Done => Outcome::Done,
            Step::Closed => Outcome::Closed,
            Step::Queued(parker) => {
                // SAFETY: the waiter is this frame's, and queued with the receivers if at all.
                let mut give_up = || unsafe { self.withdraw(waiter, |state| &mut state.receivers) };
                parker.park_until(deadline, WaitReason::Recv, place, &mut give_up);
                // SAFETY: the wait is over, so the waiter is this frame's alone.
                unsafe { (*waiter).outcome }
            }
        };
        match outcome {
            // SAFETY: `Done` says that a sender has written the slot.
            Outcome::Done => Some(Some(unsafe { value.assume_init() })),
            Outcome::TimedOut => None,
            _ => Some(None),
        }
    }

    /// Receives if that needs no waiting.
    #[inline]
    pub(super) fn try_recv(&self) -> Result<T, TryRecvError> {
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

    /// Takes `waiter` off its queue if it is still there.
    ///
    /// # Safety
    /// `waiter` is valid and, if queued, on that queue of this channel.
    unsafe fn withdraw(&self, waiter: *mut Waiter, queue: fn(&mut State<T>) -> &mut WaitQueue) -> bool {
        let mut state = self.lock();
        // SAFETY: the caller's promise; the lock makes the waiter ours while it is queued.
        unsafe {
            let queued = (*waiter).is_queued();
            if queued {
                queue(&mut state).unlink(waiter);
                (*waiter).outcome = Outcome::TimedOut;
            }
            queued
        }
    }

    /// True if this call closed the channel.
    pub(super) fn close(&self) -> bool {
        let mut state = self.lock();
        if state.flags & CLOSED != 0 {
            return false;
        }
        state.flags |= CLOSED;
        let receivers = state.receivers.end_all(Outcome::Closed);
        let senders = state.senders.end_all(Outcome::Closed);
        drop(state);
        receivers.wake_all();
        senders.wake_all();
        true
    }

    /// The last handle that could receive is gone: senders get their values back, buffered values are dropped.
    pub(super) fn receivers_gone(&self) {
        let mut state = self.lock();
        state.flags |= NO_RECEIVER;
        let senders = state.senders.end_all(Outcome::Closed);
        let mut orphans = std::mem::take(&mut state.returned);
        state.flags &= !RETURNED;
        orphans.reserve(state.len);
        while state.len > 0 {
            // SAFETY: the first of `len` values; taken off the ring.
            orphans.push_back(unsafe { state.pop_front().read() });
        }
        drop(state);
        senders.wake_all();
        drop(orphans);
    }

    pub(super) fn len(&self) -> usize {
        let state = self.lock();
        (state.len + state.returned.len()).min(state.capacity.max(state.len))
    }

    pub(super) fn capacity(&self) -> usize {
        self.lock().capacity
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().flags & (CLOSED | NO_RECEIVER) != 0
    }

    /// True if sends fail because nobody can receive, rather than because of a close.
    pub(super) fn is_abandoned(&self) -> bool {
        self.lock().flags & (CLOSED | NO_RECEIVER) == NO_RECEIVER
    }
}

/// For futures, which wait without a stack.
impl<T> Core<T> {
    /// Receives into `slot`, or queues `waiter` with it for a task.
    ///
    /// # Safety
    /// If queued, both stay valid until `withdraw_recv` or completion.
    pub(super) unsafe fn task_recv(&self, slot: *mut T, waiter: *mut Waiter, waker: &Waker) -> Outcome {
        let mut state = self.lock();
        // SAFETY: the caller's promise.
        match unsafe { state.recv_now(slot) } {
            Ok(sender) => {
                drop(state);
                wake_and_spend(sender);
                Outcome::Done
            }
            Err(Blocked::Closed) => Outcome::Closed,
            Err(Blocked::Wait) => {
                // SAFETY: the caller's promise.
                unsafe {
                    waiter.write(Waiter::new(slot.cast(), Some(Owner::task(waker))));
                    state.receivers.push(waiter);
                }
                Outcome::Pending
            }
        }
    }

    /// Sends what is in `slot`, or queues `waiter` with it for a task. Unless `Done`, the value is still there.
    ///
    /// # Safety
    /// `slot` holds a value; if queued, both stay valid until `withdraw_send` or completion.
    pub(super) unsafe fn task_send(&self, slot: *mut T, waiter: *mut Waiter, waker: &Waker) -> Outcome {
        let mut state = self.lock();
        // SAFETY: the caller's promise.
        match unsafe { state.send_now(slot) } {
            Ok(receiver) => {
                drop(state);
                wake_and_spend(receiver);
                Outcome::Done
            }
            Err(Blocked::Closed) => Outcome::Closed,
            Err(Blocked::Wait) => {
                // SAFETY: the caller's promise.
                unsafe {
                    waiter.write(Waiter::new(slot.cast(), Some(Owner::task(waker))));
                    state.senders.push(waiter);
                }
                Outcome::Pending
            }
        }
    }

    /// Looks at a waiter of a future; a new owner if it is to wait on.
    ///
    /// # Safety
    /// `waiter` is valid and was queued on this channel.
    pub(super) unsafe fn poll_waiter(&self, waiter: *mut Waiter, waker: &Waker) -> Outcome {
        let _state = self.lock();
        // SAFETY: the caller's promise, under the lock.
        unsafe {
            if (*waiter).is_queued() {
                (*waiter).set_owner(Owner::task(waker));
            }
            (*waiter).outcome
        }
    }

    /// # Safety
    /// `waiter` is valid and was queued with the receivers of this channel.
    pub(super) unsafe fn withdraw_recv(&self, waiter: *mut Waiter) -> bool {
        // SAFETY: the caller's promise.
        unsafe { self.withdraw(waiter, |state| &mut state.receivers) }
    }

    /// # Safety
    /// `waiter` is valid and was queued with the senders of this channel.
    pub(super) unsafe fn withdraw_send(&self, waiter: *mut Waiter) -> bool {
        // SAFETY: the caller's promise.
        unsafe { self.withdraw(waiter, |state| &mut state.senders) }
    }

    /// Gives back a value that was handed to a receive which nobody will look at: to the next receiver, or to the
    /// front of the channel.
    pub(super) fn give_back(&self, value: T) {
        let mut state = self.lock();
        if state.flags & NO_RECEIVER != 0 {
            drop(state);
            drop(value);
            return;
        }
        match state.receivers.pop(NOWHERE) {
            Some(receiver) => {
                let mut value = ManuallyDrop::new(value);
                // SAFETY: a queued receiver's slot is valid and empty; the value is here and forgotten.
                let receiver = unsafe { hand_over::<T>((&raw mut value).cast(), receiver) };
                drop(state);
                receiver.wake();
            }
            None => {
                state.returned.push_back(value);
                state.flags |= RETURNED;
            }
        }
    }
}

impl<T> State<T> {
    /// True if a send only has to buffer: there is room, nobody waits, nothing has ended.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn has_plain_room(&self) -> bool {
        self.len < self.capacity && self.receivers.is_empty() && self.flags & (CLOSED | NO_RECEIVER) == 0
    }

    /// True if a receive only has to take from the buffer: there is something, and nobody waits to add to it.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn has_plain_value(&self) -> bool {
        self.len > 0 && self.senders.is_empty() && self.flags & RETURNED == 0
    }

    /// Moves the value out of `slot` if that needs no waiting; whoever is returned is to be woken.
    ///
    /// # Safety
    /// `slot` holds a value, which stays there unless the result is `Ok`.
    #[cfg_attr(not(debug_assertions), inline(always))]
    unsafe fn send_now(&mut self, slot: *mut T) -> Result<Option<Completed>, Blocked> {
        if self.flags & (CLOSED | NO_RECEIVER) != 0 {
            return Err(Blocked::Closed);
        }
        if !self.receivers.is_empty() {
            let receiver = self.receivers.pop(here()).expect("just seen");
            // SAFETY: a queued receiver's slot is valid and empty; the caller's promise.
            return Ok(Some(unsafe { hand_over::<T>(slot, receiver) }));
        }
        if self.len < self.capacity {
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
    unsafe fn recv_now(&mut self, slot: *mut T) -> Result<Option<Completed>, Blocked> {
        if self.flags & RETURNED != 0 {
            // SAFETY: the caller's promise.
            unsafe { slot.write(self.take_returned()) };
            return Ok(None);
        }
        if self.len > 0 {
            // SAFETY: the caller's promise; something is buffered.
            unsafe { slot.copy_from_nonoverlapping(self.pop_front(), 1) };
            if self.senders.is_empty() {
                return Ok(None);
            }
            let sender = self.senders.pop(here()).expect("just seen");
            let (next, sender) = (sender.slot, sender.complete(Outcome::Done));
            // SAFETY: a queued sender's slot holds its value, for which there is room now.
            unsafe { self.push_back(next.cast()) };
            return Ok(Some(sender));
        }
        if !self.senders.is_empty() {
            let sender = self.senders.pop(here()).expect("just seen");
            // SAFETY: a queued sender's slot holds its value, and `Done` tells the sender that it has moved.
            unsafe { slot.copy_from_nonoverlapping(sender.slot.cast(), 1) };
            return Ok(Some(sender.complete(Outcome::Done)));
        }
        Err(if self.flags & CLOSED != 0 { Blocked::Closed } else { Blocked::Wait })
    }

    #[cold]
    fn take_returned(&mut self) -> T {
        let value = self.returned.pop_front().expect("the flag says so");
        if self.returned.is_empty() {
            self.flags &= !RETURNED;
        }
        value
    }

    /// Moves the value in `slot` to the end of the ring.
    ///
    /// # Safety
    /// `slot` holds a value, and the ring has room.
    #[cfg_attr(not(debug_assertions), inline(always))]
    unsafe fn push_back(&mut self, slot: *const T) {
        debug_assert!(self.len < self.capacity);
        let room = self.capacity - self.head;
        let index = if self.len < room { self.head + self.len } else { self.len - room };
        // SAFETY: `index` is below the capacity and the place is free, because `len < capacity`.
        unsafe { self.ring.as_ptr().add(index).copy_from_nonoverlapping(slot, 1) };
        self.len += 1;
    }

    /// Takes the first place off the ring; the value in it is the caller's to move.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn pop_front(&mut self) -> *const T {
        debug_assert!(self.len > 0);
        // SAFETY: `head` is below the capacity.
        let place = unsafe { self.ring.as_ptr().add(self.head) };
        self.head += 1;
        if self.head == self.capacity {
            self.head = 0;
        }
        self.len -= 1;
        place
    }

    /// The invariants of the module's documentation.
    #[cfg(debug_assertions)]
    fn check(&self) {
        assert!(self.len <= self.capacity, "more is buffered than fits");
        assert!(self.receivers.is_empty() || self.len == 0, "a receiver waits beside a buffered value");
        assert!(self.senders.is_empty() || self.len == self.capacity, "a sender waits beside free room");
        assert!(
            self.receivers.is_empty() || self.senders.is_empty(),
            "a receiver and a sender miss each other"
        );
        let waiting = !self.receivers.is_empty() || !self.senders.is_empty();
        assert!(self.flags & CLOSED == 0 || !waiting, "somebody waits on a closed channel");
    }
}

impl<T> Drop for State<T> {
    fn drop(&mut self) {
        while self.len > 0 {
            // SAFETY: the first of `len` values; taken off the ring.
            drop(unsafe { self.pop_front().read() });
        }
        if size_of::<T>() > 0 && self.capacity > 0 {
            let layout = Layout::array::<T>(self.capacity).expect("checked when it was allocated");
            // SAFETY: allocated by `allocate_ring` with this layout.
            unsafe { dealloc(self.ring.as_ptr().cast(), layout) };
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
unsafe fn hand_over<T>(slot: *const T, receiver: &mut Waiter) -> Completed {
    // SAFETY: the slot of a waiting receiver is valid for a write.
    unsafe { receiver.slot.cast::<T>().copy_from_nonoverlapping(slot, 1) };
    receiver.complete(Outcome::Done)
}

#[cfg_attr(not(debug_assertions), inline(always))]
fn wake_and_spend(completed: Option<Completed>) {
    if let Some(completed) = completed {
        completed.wake();
    }
    crate::sched::spend();
}

/// The worker whose waiters this thread serves first, as waiters name it.
#[inline]
fn here() -> u32 {
    match crate::sched::worker::Worker::current() {
        Some(worker) if worker.prefers_local() => worker.index() as u32,
        _ => NOWHERE,
    }
}
