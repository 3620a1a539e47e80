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
enum Blocked<T> {
    Wait(T),
    Closed(T),
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
    #[inline]
    pub(super) fn send(&self, value: T, place: Place) -> Result<(), T> {
        let mut state = self.lock();
        match state.send_now(value) {
            Ok(receiver) => {
                drop(state);
                wake_and_spend(receiver);
                Ok(())
            }
            Err(Blocked::Closed(value)) => Err(value),
            Err(Blocked::Wait(value)) => self.send_waiting(state, value, place),
        }
    }

    fn send_waiting(&self, mut state: Guard<'_, State<T>>, value: T, place: Place) -> Result<(), T> {
        let mut value = ManuallyDrop::new(value);
        let parker = Parker::current();
        let mut waiter = Waiter::new((&raw mut value).cast(), Some(parker.owner()));
        // SAFETY: the waiter and the value outlive the park, which lasts until somebody has completed the waiter.
        unsafe { state.senders.push(&raw mut waiter) };
        drop(state);
        parker.park(WaitReason::Send, place);
        match waiter.outcome {
            Outcome::Done => Ok(()),
            _ => Err(ManuallyDrop::into_inner(value)),
        }
    }

    /// As [`Core::send`], giving up at `deadline`.
    pub(super) fn send_until(
        &self,
        value: T,
        deadline: Instant,
        place: Place,
    ) -> Result<(), SendTimeoutError<T>> {
        let mut state = self.lock();
        let value = match state.send_now(value) {
            Ok(receiver) => {
                drop(state);
                wake_and_spend(receiver);
                return Ok(());
            }
            Err(Blocked::Closed(value)) => return Err(SendTimeoutError::Closed(value)),
            Err(Blocked::Wait(value)) => value,
        };
        let mut value = ManuallyDrop::new(value);
        let parker = Parker::current();
        let mut waiter = Waiter::new((&raw mut value).cast(), Some(parker.owner()));
        let waiter = &raw mut waiter;
        // SAFETY: as in `send_waiting`.
        unsafe { state.senders.push(waiter) };
        drop(state);
        // SAFETY: the waiter is this frame's, and queued with the senders if at all.
        let mut give_up = || unsafe { self.withdraw(waiter, |state| &mut state.senders) };
        parker.park_until(deadline, WaitReason::Send, place, &mut give_up);
        // SAFETY: the wait is over, so the waiter is this frame's alone.
        match unsafe { (*waiter).outcome } {
            Outcome::Done => Ok(()),
            Outcome::TimedOut => Err(SendTimeoutError::Timeout(ManuallyDrop::into_inner(value))),
            _ => Err(SendTimeoutError::Closed(ManuallyDrop::into_inner(value))),
        }
    }

    /// Sends if that needs no waiting.
    #[inline]
    pub(super) fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        let mut state = self.lock();
        let sent = state.send_now(value);
        drop(state);
        match sent {
            Ok(receiver) => {
                wake_and_spend(receiver);
                Ok(())
            }
            Err(Blocked::Wait(value)) => Err(TrySendError::Full(value)),
            Err(Blocked::Closed(value)) => Err(TrySendError::Closed(value)),
        }
    }

    /// Receives, waiting if need be. None: closed and drained.
    #[inline]
    pub(super) fn recv(&self, place: Place) -> Option<T> {
        let mut state = self.lock();
        match state.recv_now() {
            Ok((value, sender)) => {
                drop(state);
                wake_and_spend(sender);
                Some(value)
            }
            Err(Blocked::Closed(())) => None,
            Err(Blocked::Wait(())) => self.recv_waiting(state, place),
        }
    }

    fn recv_waiting(&self, mut state: Guard<'_, State<T>>, place: Place) -> Option<T> {
        let mut value = MaybeUninit::<T>::uninit();
        let parker = Parker::current();
        let mut waiter = Waiter::new(value.as_mut_ptr().cast(), Some(parker.owner()));
        // SAFETY: the waiter and the slot outlive the park, which lasts until somebody has completed the waiter.
        unsafe { state.receivers.push(&raw mut waiter) };
        drop(state);
        parker.park(WaitReason::Recv, place);
        // SAFETY: `Done` says that a sender has written the slot.
        (waiter.outcome == Outcome::Done).then(|| unsafe { value.assume_init() })
    }

    /// As [`Core::recv`], giving up at `deadline`: None.
    pub(super) fn recv_until(&self, deadline: Instant, place: Place) -> Option<Option<T>> {
        let mut state = self.lock();
        match state.recv_now() {
            Ok((value, sender)) => {
                drop(state);
                wake_and_spend(sender);
                return Some(Some(value));
            }
            Err(Blocked::Closed(())) => return Some(None),
            Err(Blocked::Wait(())) => {}
        }
        let mut value = MaybeUninit::<T>::uninit();
        let parker = Parker::current();
        let mut waiter = Waiter::new(value.as_mut_ptr().cast(), Some(parker.owner()));
        let waiter = &raw mut waiter;
        // SAFETY: as in `recv_waiting`.
        unsafe { state.receivers.push(waiter) };
        drop(state);
        // SAFETY: the waiter is this frame's, and queued with the receivers if at all.
        let mut give_up = || unsafe { self.withdraw(waiter, |state| &mut state.receivers) };
        parker.park_until(deadline, WaitReason::Recv, place, &mut give_up);
        // SAFETY: the wait is over, so the waiter is this frame's alone.
        match unsafe { (*waiter).outcome } {
            // SAFETY: `Done` says that a sender has written the slot.
            Outcome::Done => Some(Some(unsafe { value.assume_init() })),
            Outcome::TimedOut => None,
            _ => Some(None),
        }
    }

    /// Receives if that needs no waiting.
    #[inline]
    pub(super) fn try_recv(&self) -> Result<T, TryRecvError> {
        let mut state = self.lock();
        let received = state.recv_now();
        drop(state);
        match received {
            Ok((value, sender)) => {
                wake_and_spend(sender);
                Ok(value)
            }
            Err(Blocked::Wait(())) => Err(TryRecvError::Empty),
            Err(Blocked::Closed(())) => Err(TryRecvError::Closed),
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
            orphans.push_back(state.pop_front());
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
    /// Receives, or queues `waiter`, whose slot is `slot`. `None`: queued.
    ///
    /// # Safety
    /// If queued, `waiter` and `slot` stay valid until `withdraw_recv` or completion.
    pub(super) unsafe fn recv_or_queue(
        &self,
        waiter: *mut Waiter,
        owner: impl FnOnce() -> Owner,
    ) -> Option<Option<T>> {
        let mut state = self.lock();
        match state.recv_now() {
            Ok((value, sender)) => {
                drop(state);
                wake_and_spend(sender);
                Some(Some(value))
            }
            Err(Blocked::Closed(())) => Some(None),
            Err(Blocked::Wait(())) => {
                // SAFETY: the caller's promise.
                unsafe {
                    (*waiter).set_owner(owner());
                    state.receivers.push(waiter);
                }
                None
            }
        }
    }

    /// Sends what is in `slot`, or queues `waiter`. `None`: queued. `Some(false)`: closed, the value is still there.
    ///
    /// # Safety
    /// `slot` holds a value, which is moved out by success; if queued, `waiter` and `slot` stay valid until
    /// `withdraw_send` or completion.
    pub(super) unsafe fn send_or_queue(
        &self,
        slot: *mut T,
        waiter: *mut Waiter,
        owner: impl FnOnce() -> Owner,
    ) -> Option<bool> {
        let mut state = self.lock();
        // SAFETY: the caller's promise; on failure the value is put back.
        unsafe {
            match state.send_now(slot.read()) {
                Ok(receiver) => {
                    drop(state);
                    wake_and_spend(receiver);
                    Some(true)
                }
                Err(Blocked::Closed(value)) => {
                    slot.write(value);
                    Some(false)
                }
                Err(Blocked::Wait(value)) => {
                    slot.write(value);
                    (*waiter).set_owner(owner());
                    state.senders.push(waiter);
                    None
                }
            }
        }
    }

    /// Looks at a waiter of a future; a new owner if it is to wait on.
    ///
    /// # Safety
    /// `waiter` is valid and was queued on this channel.
    pub(super) unsafe fn poll_waiter(&self, waiter: *mut Waiter, owner: impl FnOnce() -> Owner) -> Outcome {
        let _state = self.lock();
        // SAFETY: the caller's promise, under the lock.
        unsafe {
            if (*waiter).is_queued() {
                (*waiter).set_owner(owner());
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
                // SAFETY: a queued receiver's slot is valid and empty.
                let owner = unsafe { hand_over(receiver, value) };
                drop(state);
                owner.wake();
            }
            None => {
                state.returned.push_back(value);
                state.flags |= RETURNED;
            }
        }
    }
}

impl<T> State<T> {
    /// Sends without waiting; whoever is returned is to be woken.
    #[inline]
    fn send_now(&mut self, value: T) -> Result<Option<Completed>, Blocked<T>> {
        if self.flags & (CLOSED | NO_RECEIVER) != 0 {
            return Err(Blocked::Closed(value));
        }
        if !self.receivers.is_empty() {
            let receiver = self.receivers.pop(here()).expect("just seen");
            // SAFETY: a queued receiver's slot is valid and empty.
            return Ok(Some(unsafe { hand_over(receiver, value) }));
        }
        if self.len < self.capacity {
            self.push_back(value);
            return Ok(None);
        }
        Err(Blocked::Wait(value))
    }

    /// Receives without waiting; whoever is returned is to be woken.
    #[inline]
    fn recv_now(&mut self) -> Result<(T, Option<Completed>), Blocked<()>> {
        if self.flags & RETURNED != 0 {
            return Ok((self.take_returned(), None));
        }
        if self.len > 0 {
            let value = self.pop_front();
            if self.senders.is_empty() {
                return Ok((value, None));
            }
            let sender = self.senders.pop(here()).expect("just seen");
            // SAFETY: a queued sender's slot holds its value.
            let (next, owner) = unsafe { take_over(sender) };
            self.push_back(next);
            return Ok((value, Some(owner)));
        }
        if let Some(sender) = self.senders.pop(here()) {
            // SAFETY: a queued sender's slot holds its value.
            let (value, owner) = unsafe { take_over(sender) };
            return Ok((value, Some(owner)));
        }
        Err(if self.flags & CLOSED != 0 { Blocked::Closed(()) } else { Blocked::Wait(()) })
    }

    #[cold]
    fn take_returned(&mut self) -> T {
        let value = self.returned.pop_front().expect("the flag says so");
        if self.returned.is_empty() {
            self.flags &= !RETURNED;
        }
        value
    }

    #[inline]
    fn push_back(&mut self, value: T) {
        debug_assert!(self.len < self.capacity);
        let room = self.capacity - self.head;
        let index = if self.len < room { self.head + self.len } else { self.len - room };
        // SAFETY: `index` is below the capacity and the place is free, because `len < capacity`.
        unsafe { self.ring.add(index).write(value) };
        self.len += 1;
    }

    #[inline]
    fn pop_front(&mut self) -> T {
        debug_assert!(self.len > 0);
        // SAFETY: the first of `len` values is at `head`.
        let value = unsafe { self.ring.add(self.head).read() };
        self.head += 1;
        if self.head == self.capacity {
            self.head = 0;
        }
        self.len -= 1;
        value
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
            drop(self.pop_front());
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
        None => panic!("chan: a buffer for {capacity} elements of {} bytes cannot be allocated", size_of::<T>()),
    }
}

/// # Safety
/// `receiver` was just taken off the queue of receivers of a channel of `T`.
#[inline]
unsafe fn hand_over<T>(receiver: &mut Waiter, value: T) -> Completed {
    // SAFETY: the slot of a waiting receiver is valid for a write.
    unsafe { receiver.slot.cast::<T>().write(value) };
    receiver.complete(Outcome::Done)
}

/// # Safety
/// `sender` was just taken off the queue of senders of a channel of `T`.
#[inline]
unsafe fn take_over<T>(sender: &mut Waiter) -> (T, Completed) {
    // SAFETY: the slot of a waiting sender holds its value, and `Done` tells the sender that it has moved.
    let value = unsafe { sender.slot.cast::<T>().read() };
    (value, sender.complete(Outcome::Done))
}

#[inline]
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
