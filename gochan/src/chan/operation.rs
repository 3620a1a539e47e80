//! A channel operation without its types, as a select has it among others.

use super::core::{Blocked, Core, Locked};
use super::head::Head;
use super::waiter::Completed;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;

/// What a select calls for one arm.
type Attempt = unsafe fn(NonNull<Head>, *mut ()) -> Result<Option<Completed>, Blocked>;

/// A send or a receive on a certain channel, which outlives it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Operation {
    head: NonNull<Head>,
    attempt: Attempt,
    pub(crate) sends: bool,
}

impl Operation {
    #[inline]
    pub(super) fn recv<T>(core: &Core<T>) -> Operation {
        Operation { head: NonNull::from(core).cast(), attempt: attempt_recv::<T>, sends: false }
    }

    #[inline]
    pub(super) fn send<T>(core: &Core<T>) -> Operation {
        Operation { head: NonNull::from(core).cast(), attempt: attempt_send::<T>, sends: true }
    }

    /// The channel.
    ///
    /// # Safety
    /// It is still alive.
    #[inline]
    pub(crate) unsafe fn head<'a>(&self) -> &'a Head {
        // SAFETY: the caller's promise; the head is the beginning of the channel.
        unsafe { self.head.as_ref() }
    }

    /// Which channel: locks of several are taken in this order.
    #[inline]
    pub(crate) fn address(&self) -> usize {
        self.head.as_ptr().addr()
    }

    /// Moves the value in or out of `slot` if that needs no waiting; whoever is returned is to be woken when all
    /// locks are free.
    ///
    /// # Safety
    /// The channel is alive and locked; `slot` is as for `send_now` or `recv_now` of its element type.
    #[inline]
    pub(crate) unsafe fn attempt(&self, slot: *mut ()) -> Result<Option<Completed>, Blocked> {
        // SAFETY: the caller's promise.
        unsafe { (self.attempt)(self.head, slot) }
    }

    /// True if an attempt would succeed now, or find the channel closed.
    ///
    /// # Safety
    /// The channel is alive and locked.
    #[cold]
    pub(crate) unsafe fn is_ready(&self) -> bool {
        // SAFETY: the caller's promise.
        match unsafe { self.next_time() } {
            Some(time) => time <= crate::sched::clock::now(),
            // SAFETY: as above.
            None => unsafe { self.head() }.is_ready(self.sends),
        }
    }

    /// Gives back a value that was received for nobody.
    ///
    /// # Safety
    /// The channel is alive, not locked, and one of `T`.
    pub(crate) unsafe fn give_back<T>(&self, value: T) {
        // SAFETY: the caller's promise.
        unsafe { self.head.cast::<Core<T>>().as_ref() }.give_back(value);
    }

    /// When the channel will be ready by itself, if it is a timer's.
    ///
    /// # Safety
    /// The channel is alive and locked.
    #[inline]
    pub(crate) unsafe fn next_time(&self) -> Option<std::time::Instant> {
        // SAFETY: the caller's promise.
        unsafe { if self.head().is_timer() { super::timer::next_time(self.head) } else { None } }
    }
}

/// # Safety
/// `head` is the beginning of a locked `Core<T>`; `slot` is as for `recv_now`.
unsafe fn attempt_recv<T>(head: NonNull<Head>, slot: *mut ()) -> Result<Option<Completed>, Blocked> {
    // SAFETY: the caller's promise; the lock stays the caller's.
    unsafe { ManuallyDrop::new(Locked { core: head.cast::<Core<T>>().as_ref() }).recv_now(slot.cast()) }
}

/// # Safety
/// `head` is the beginning of a locked `Core<T>`; `slot` is as for `send_now`.
unsafe fn attempt_send<T>(head: NonNull<Head>, slot: *mut ()) -> Result<Option<Completed>, Blocked> {
    // SAFETY: the caller's promise; the lock stays the caller's.
    unsafe { ManuallyDrop::new(Locked { core: head.cast::<Core<T>>().as_ref() }).send_now(slot.cast()) }
}
