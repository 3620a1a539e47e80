//! How an operation waits that cannot be completed at once. It may park, park until a deadline, not wait at all, or leave
//! a waker, as an async task does. A select waits in several channels at once: it has [`Operation`]s and its own engine.
//!
//! All of them attempt the operation under the lock and, if it must wait, queue a waiter before they let go of the lock:
//! nothing can happen in between. The other side, if it waited, is woken after the lock is free.

use super::channel::{Blocked, Channel, Locked, Place};
use super::header::{Directed, Direction, EXPLORED, Header, Receiving, Sending, Withdrawal};
use super::waiter::{Outcome, Waiter};
use crate::base::callback::Callbacks;
use crate::base::touch::Touch;
use crate::points;
use crate::sched::here;
use crate::sched::park::{Completed, Owner, Parker};
use std::mem::{ManuallyDrop, MaybeUninit};
use std::ptr::NonNull;
use std::task::Waker;
use std::time::Instant;

impl<T> Locked<'_, T> {
    /// Queues `waiter` for `owner`, to be completed by an operation of the other direction, or by a close.
    ///
    /// # Safety
    /// The operation must wait. `slot` is as for [`Directed::attempt`]; it and `waiter` stay valid until the waiter is
    /// completed or withdrawn.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) unsafe fn queue<D: Directed>(&mut self, slot: *mut T, waiter: *mut Waiter, owner: Owner) {
        // SAFETY: the caller's promise.
        unsafe {
            waiter.write(Waiter::new(slot.cast(), Some(owner)));
            self.channel.header.queue(D::DIRECTION).push(waiter);
        }
    }
}

// Parked.

/// How far an operation got that may park.
pub(super) enum Step {
    Done,
    Closed,
    Queued(Parker),
}

impl<T> Locked<'_, T> {
    /// Completes the operation, parked until that is possible. False: the channel is closed. The lock is free after it.
    ///
    /// Always inlined, for the sake of the switch in `park`; what comes before that is in `begin`.
    ///
    /// # Safety
    /// `slot` is as for `Directed::attempt`; a value has moved if the result is true, and if this unwinds.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) unsafe fn operate_or_park<D: Directed>(self, slot: *mut T, place: Place) -> bool {
        let channel = self.channel;
        let mut waiter = MaybeUninit::<Waiter>::uninit();
        // SAFETY: the caller's promise; the waiter outlives the park, which lasts until the waiter is completed.
        match unsafe { self.begin::<D>(slot, waiter.as_mut_ptr(), place) } {
            Step::Done => true,
            Step::Closed => false,
            Step::Queued(parker) => {
                let waiter = waiter.as_mut_ptr();
                // SAFETY: the waiter was queued on this channel; the caller lets go of the slot if this unwinds.
                let withdraw = || unsafe { channel.call_off::<D>(slot, waiter) };
                parker.park_or_end(D::DIRECTION.wait_reason(), place, withdraw);
                // SAFETY: initialised when it was queued; this frame's alone since it was completed.
                unsafe { (*waiter).outcome == Outcome::Done }
            }
        }
    }

    /// Completes the operation if that needs no waiting, else queues `waiter`. The lock is free after it.
    ///
    /// # Safety
    /// As for `queue`, if the operation must wait.
    #[inline(never)]
    pub(super) unsafe fn begin<D: Directed>(
        mut self,
        slot: *mut T,
        waiter: *mut Waiter,
        place: Place,
    ) -> Step {
        let channel = self.channel;
        let header = &channel.header;
        if header.has(EXPLORED) {
            drop(self);
            points::before(|| Touch::write(header), D::DIRECTION.name(), Some(place));
            self = channel.lock();
        }
        // SAFETY: the caller's promise.
        let mut attempted = unsafe { D::attempt(&mut self, slot) };
        // A buffer that another worker fills or drains needs no wake.
        if matches!(attempted, Err(Blocked::Wait))
            && header.is_buffered()
            && header.queue(D::DIRECTION).is_empty()
            && here::may_linger()
        {
            drop(self);
            here::linger(|| header.looks_ready(D::DIRECTION));
            self = channel.lock();
            // SAFETY: as above.
            attempted = unsafe { D::attempt(&mut self, slot) };
        }
        match attempted {
            Ok(other) => {
                drop(self);
                let received = (D::DIRECTION == Direction::Recv).then(|| Received(slot));
                if let Some(other) = other {
                    other.wake();
                }
                here::spend();
                std::mem::forget(received);
                Step::Done
            }
            Err(Blocked::Closed) => {
                drop(self);
                points::after_unpolled(D::DIRECTION.name(), Some(place));
                Step::Closed
            }
            Err(Blocked::Wait) if D::DIRECTION == Direction::Recv && header.is_timer() => {
                drop(self);
                // SAFETY: the caller's promise.
                match unsafe { channel.recv_from_timer(slot, None, place) } {
                    Outcome::Done => Step::Done,
                    _ => Step::Closed,
                }
            }
            Err(Blocked::Wait) => {
                let parker = Parker::current();
                // SAFETY: the caller's promise.
                unsafe { self.queue::<D>(slot, waiter, parker.owner()) };
                Step::Queued(parker)
            }
        }
    }
}

impl<T> Channel<T> {
    /// Completes the operation, parked until that is possible or `deadline` has passed.
    ///
    /// # Safety
    /// `slot` is as for `Directed::attempt`; a value has moved if the result is `Done`.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) unsafe fn operate_until<D: Directed>(
        &self,
        slot: *mut T,
        deadline: Instant,
        place: Place,
    ) -> Outcome {
        if D::DIRECTION == Direction::Recv && self.header.is_timer() {
            // SAFETY: the caller's promise.
            return unsafe { self.recv_from_timer(slot, Some(deadline), place) };
        }
        let mut waiter = MaybeUninit::<Waiter>::uninit();
        let waiter = waiter.as_mut_ptr();
        // SAFETY: the caller's promise; the waiter outlives the park, which lasts until it is completed or withdrawn.
        unsafe {
            match self.lock().begin::<D>(slot, waiter, place) {
                Step::Done => Outcome::Done,
                Step::Closed => Outcome::Closed,
                Step::Queued(parker) => self.park_until::<D>(&parker, waiter, Some(deadline), place),
            }
        }
    }

    /// Parks until `waiter` is completed, or until the deadline, if there is one, when it withdraws.
    ///
    /// # Safety
    /// `waiter` was queued on this channel, in this direction, for `parker`.
    pub(super) unsafe fn park_until<D: Directed>(
        &self,
        parker: &Parker,
        waiter: *mut Waiter,
        deadline: Option<Instant>,
        place: Place,
    ) -> Outcome {
        let reason = D::DIRECTION.wait_reason();
        match deadline {
            Some(deadline) => {
                // SAFETY: the caller's promise.
                let mut give_up = || unsafe { self.header.withdraw(waiter, D::DIRECTION) }.was_queued;
                parker.park_until(deadline, reason, place, &mut give_up);
            }
            None => parker.park(reason, place),
        }
        // SAFETY: the waiter is off the queue, and so the caller's alone.
        unsafe { (*waiter).outcome }
    }
}

impl<T> Channel<T> {
    /// Takes the waiter of a wait that is called off from its queue, and drops what it was to send. False: it has been
    /// completed.
    ///
    /// # Safety
    /// `waiter` was queued on this channel, in this direction, with this slot. If the result is true, the slot is empty.
    #[cold]
    #[inline(never)]
    pub(super) unsafe fn call_off<D: Directed>(&self, slot: *mut T, waiter: *mut Waiter) -> bool {
        // SAFETY: the caller's promise.
        let was_queued = unsafe { self.header.withdraw(waiter, D::DIRECTION) }.was_queued;
        if was_queued && D::DIRECTION == Direction::Send {
            // SAFETY: the slot of a queued sender holds its value.
            unsafe { slot.drop_in_place() };
        }
        was_queued
    }
}

/// A received value in its slot, which nothing else uses, while the sender is woken. The waker may be the user's: if it
/// panics, the value is dropped.
struct Received<T>(*mut T);

impl<T> Drop for Received<T> {
    fn drop(&mut self) {
        // SAFETY: it is only made for a slot into which a value was moved.
        unsafe { self.0.drop_in_place() };
    }
}

// Not at all.

impl<T> Channel<T> {
    /// Completes the operation if that needs no waiting.
    ///
    /// # Safety
    /// `slot` is as for `Directed::attempt`; a value has moved if the result is `Ok`.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) unsafe fn try_operate<D: Directed>(&self, slot: *mut T) -> Result<(), Blocked> {
        if !self.header.looks_ready(D::DIRECTION) {
            return Err(Blocked::Wait);
        }
        let mut state = self.lock();
        // SAFETY: the caller's promise.
        let attempted = unsafe { D::attempt(&mut state, slot) };
        drop(state);
        let other = attempted?;
        let received = (D::DIRECTION == Direction::Recv).then(|| Received(slot));
        if let Some(other) = other {
            other.wake();
        }
        std::mem::forget(received);
        Ok(())
    }
}

// As an async task.

/// The outcome of an operation of a future, with the wakers that are to be woken or dropped for it.
///
/// They are the user's: to clone, to wake or to drop one may run any code, on the same channel too, and may panic. None
/// of that happens under the lock, nor before the future has noted the outcome. A poll never waits, and so never lets
/// another goroutine run.
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
        if let Some(completed) = self.completed {
            callbacks.run(|| completed.wake());
        }
        if self.spare.is_some() {
            callbacks.run(|| drop(self.spare));
        }
    }
}

impl<T> Channel<T> {
    /// Completes the operation, or queues `waiter` for the task of `waker`.
    ///
    /// # Safety
    /// As for `queue`, if the operation must wait. A value has moved if the outcome is `Done`.
    pub(super) unsafe fn poll_operation<D: Directed>(
        &self,
        slot: *mut T,
        waiter: *mut Waiter,
        waker: &Waker,
    ) -> Polled {
        self.header.touch();
        let mut owner = None;
        loop {
            let mut state = self.lock();
            // SAFETY: the caller's promise.
            match unsafe { D::attempt(&mut state, slot) } {
                Ok(completed) => return Polled { completed, ..Polled::new(Outcome::Done, owner) },
                Err(Blocked::Closed) => return Polled::new(Outcome::Closed, owner),
                Err(Blocked::Wait) => match owner.take() {
                    Some(owner) => {
                        // SAFETY: the caller's promise.
                        unsafe { state.queue::<D>(slot, waiter, owner) };
                        return Polled::new(Outcome::Pending, None);
                    }
                    None => {
                        drop(state);
                        owner = Some(Owner::task(waker));
                    }
                },
            }
        }
    }

    /// The outcome of a waiter that was queued; if it still is, it waits on for the task of `waker`.
    ///
    /// # Safety
    /// `waiter` is valid and was queued on this channel.
    pub(super) unsafe fn poll_waiter(&self, waiter: *mut Waiter, waker: &Waker) -> Polled {
        self.header.touch();
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

    /// Takes the waiter of a future off its queue, if it is still there.
    ///
    /// # Safety
    /// `waiter` is valid and was queued on this channel, in this direction.
    pub(super) unsafe fn withdraw(&self, waiter: *mut Waiter, direction: Direction) -> Withdrawal {
        self.header.touch();
        // SAFETY: the caller's promise.
        unsafe { self.header.withdraw(waiter, direction) }
    }
}

// As an arm of a select.

/// A send or a receive on a certain channel, without the element type: an arm of a select among others.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Operation {
    header: NonNull<Header>,
    attempt: Attempt,
    pub(crate) direction: Direction,
}

type Attempt = unsafe fn(NonNull<Header>, *mut ()) -> Result<Option<Completed>, Blocked>;

impl Operation {
    #[inline]
    pub(super) fn recv<T>(channel: &Channel<T>) -> Operation {
        let header = NonNull::from(channel).cast();
        Operation { header, attempt: attempt::<Receiving, T>, direction: Direction::Recv }
    }

    #[inline]
    pub(super) fn send<T>(channel: &Channel<T>) -> Operation {
        let header = NonNull::from(channel).cast();
        Operation { header, attempt: attempt::<Sending, T>, direction: Direction::Send }
    }

    /// The channel.
    ///
    /// # Safety
    /// It is still alive.
    #[inline]
    pub(crate) unsafe fn header<'a>(&self) -> &'a Header {
        // SAFETY: the caller's promise; the header is the beginning of the channel.
        unsafe { self.header.as_ref() }
    }

    #[inline]
    pub(crate) fn sends(&self) -> bool {
        self.direction == Direction::Send
    }

    /// Which channel: locks of several are taken in this order.
    #[inline]
    pub(crate) fn address(&self) -> usize {
        self.header.as_ptr().addr()
    }

    /// Moves the value in or out of `slot` if that needs no waiting. The other side, if it waited, is to be woken when
    /// all locks are free.
    ///
    /// # Safety
    /// The channel is alive and locked; `slot` is as for `Directed::attempt` with its element type.
    #[inline]
    pub(crate) unsafe fn attempt(&self, slot: *mut ()) -> Result<Option<Completed>, Blocked> {
        // SAFETY: the caller's promise.
        unsafe { (self.attempt)(self.header, slot) }
    }

    /// True if an attempt would succeed now, or find the channel closed.
    ///
    /// # Safety
    /// The channel is alive and locked.
    #[cold]
    pub(crate) unsafe fn is_ready(&self) -> bool {
        // SAFETY: the caller's promise.
        match unsafe { self.next_time() } {
            Some(time) => time <= crate::base::clock::now(),
            // SAFETY: as above.
            None => unsafe { self.header() }.is_ready(self.direction),
        }
    }

    /// Gives back a value that was received and not returned.
    ///
    /// # Safety
    /// The channel is alive, not locked, and one of `T`.
    pub(crate) unsafe fn give_back<T>(&self, value: T) {
        // SAFETY: the caller's promise.
        unsafe { self.header.cast::<Channel<T>>().as_ref() }.give_back(value);
    }

    /// When the channel will be ready by itself, if it is a timer's.
    ///
    /// # Safety
    /// The channel is alive and locked.
    #[inline]
    pub(crate) unsafe fn next_time(&self) -> Option<Instant> {
        // SAFETY: the caller's promise.
        unsafe { if self.header().is_timer() { super::timer::next_time(self.header) } else { None } }
    }
}

/// # Safety
/// `header` is the beginning of a locked `Channel<T>`; `slot` is as for `Directed::attempt`.
unsafe fn attempt<D: Directed, T>(
    header: NonNull<Header>,
    slot: *mut (),
) -> Result<Option<Completed>, Blocked> {
    // SAFETY: the caller's promise.
    unsafe { D::attempt(&mut borrow_locked::<T>(header), slot.cast()) }
}

/// Access to a channel that the caller has locked, and unlocks.
///
/// # Safety
/// `header` is the beginning of a `Channel<T>`, which stays alive and locked for `'a`.
pub(super) unsafe fn borrow_locked<'a, T>(header: NonNull<Header>) -> ManuallyDrop<Locked<'a, T>> {
    // SAFETY: the caller's promise.
    ManuallyDrop::new(Locked { channel: unsafe { header.cast().as_ref() } })
}
