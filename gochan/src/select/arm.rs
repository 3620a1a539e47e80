//! One arm of a select, and the slots its value is in.

use crate::chan::Operation;
use crate::chan::{RecvSide, SendError, SendFailure, SendSide, Zero, send_failed};
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ptr;

/// What is in a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Content {
    Nothing,
    Value,
    /// A value that could not be sent, because no receiver is left.
    Abandoned,
}

/// A channel operation that a select may choose.
#[derive(Debug)]
pub struct Arm<'a> {
    /// None: the arm is off and stays so.
    pub(super) operation: Option<Operation>,
    /// False: it went off.
    pub(super) on: bool,
    off_when_closed: bool,
    /// Where a received value goes, or the value to send is.
    pub(super) slot: *mut (),
    /// Says what the slot's holder must drop; null if the slot is a place of the caller.
    content: *mut Content,
    _borrows: PhantomData<&'a ()>,
}

impl<'a> Arm<'a> {
    #[inline]
    pub(super) fn new(operation: Option<Operation>, slot: *mut (), content: *mut Content) -> Arm<'a> {
        let on = operation.is_some();
        Arm { operation, on, off_when_closed: false, slot, content, _borrows: PhantomData }
    }

    /// Off unless `on`.
    #[inline]
    #[must_use]
    pub fn only_if(mut self, on: bool) -> Self {
        self.on &= on;
        self
    }

    /// A receive that is off, rather than ready, once its channel is closed and drained.
    #[inline]
    #[must_use]
    pub fn off_when_closed(mut self) -> Self {
        self.off_when_closed = true;
        self
    }

    /// The operation, if the arm is on.
    #[inline]
    pub(super) fn active(&self) -> Option<Operation> {
        self.operation.filter(|_| self.on)
    }

    /// Without a lock: false if it was not ready at some instant during the call.
    #[inline]
    pub(super) fn looks_ready(&self) -> bool {
        self.active().is_some_and(|operation| {
            // SAFETY: an arm borrows its channel.
            let header = unsafe { operation.header() };
            header.looks_ready(operation.direction)
        })
    }

    /// True if the channel has a buffer of some size.
    pub(super) fn is_buffered(&self) -> bool {
        // SAFETY: an arm borrows its channel.
        self.active().is_some_and(|operation| unsafe { operation.header() }.is_buffered())
    }

    fn sends(&self) -> bool {
        self.operation.is_some_and(|operation| operation.sends())
    }

    /// The value has moved into the slot, or out of it: then the arm is off, as there is nothing to send any more.
    #[inline]
    pub(super) fn moved(&mut self) {
        let sends = self.sends();
        self.on &= !sends;
        self.set_content(if sends { Content::Nothing } else { Content::Value });
    }

    /// True for a send that was completed and has not been refilled.
    pub(super) fn is_spent(&self) -> bool {
        !self.on && self.sends()
    }

    /// The channel was found closed. False: the arm is off because of it.
    #[cold]
    pub(super) fn closed(&mut self) -> bool {
        self.on &= !self.off_when_closed;
        if self.is_abandoned() {
            self.set_content(Content::Abandoned);
        }
        self.on
    }

    /// True for a send that failed because its last receiver is gone.
    pub(super) fn is_abandoned(&self) -> bool {
        // SAFETY: an arm borrows its channel.
        let failure = |operation: Operation| unsafe { operation.header() }.send_failure();
        self.operation
            .is_some_and(|operation| operation.sends() && failure(operation) == SendFailure::Abandoned)
    }

    fn set_content(&mut self, content: Content) {
        if !self.content.is_null() {
            // SAFETY: it stands beside the slot, which the arm borrows.
            unsafe { self.content.write(content) };
        }
    }

    /// True if what it sends moves out of a place of the caller's.
    #[inline]
    pub(super) fn sends_place(&self) -> bool {
        self.content.is_null()
    }
}

/// Where a received value lands. Drops the value if it is not taken.
#[repr(C)]
pub struct RecvSlot<T> {
    content: Content,
    value: MaybeUninit<T>,
}

impl<T> RecvSlot<T> {
    /// An empty slot.
    #[inline]
    #[allow(clippy::new_without_default, reason = "only macros make slots")]
    pub fn new() -> Self {
        RecvSlot { content: Content::Nothing, value: MaybeUninit::uninit() }
    }

    /// What was received; the zero value if the channel is closed.
    #[inline]
    pub fn value(self, zero: fn() -> T) -> T {
        self.take().unwrap_or_else(zero)
    }

    /// What was received and true, or the zero value and false if the channel is closed.
    #[inline]
    pub fn value_ok(self, zero: fn() -> T) -> (T, bool) {
        self.take().map_or_else(|| (zero(), false), |value| (value, true))
    }

    /// Of what it receives.
    #[inline(always)]
    #[must_use]
    pub fn zero(&self) -> Zero<T> {
        Zero::new()
    }

    /// What was received; `None` if the channel is closed.
    #[inline]
    pub fn take(mut self) -> Option<T> {
        self.take_out()
    }

    pub(super) fn take_out(&mut self) -> Option<T> {
        let full = std::mem::replace(&mut self.content, Content::Nothing) != Content::Nothing;
        // SAFETY: it was there, and is not any more.
        full.then(|| unsafe { self.value.assume_init_read() })
    }

    pub(super) fn parts(slot: *mut Self) -> (*mut (), *mut Content) {
        // SAFETY: only addresses are taken, of a slot that exists.
        unsafe { ((&raw mut (*slot).value).cast(), &raw mut (*slot).content) }
    }
}

/// What an arm received, if its pattern is a pair that may be meant as Go's comma-ok.
#[inline(always)]
pub fn pair<T: Pair>(value: T) -> T {
    value
}

/// A tuple of two, or a reference to one.
#[diagnostic::on_unimplemented(
    message = "the channel carries `{Self}`, and this pattern takes a pair",
    label = "`{Self}` is no pair",
    note = "for Go's `v, ok := <-ch`, write the names without parentheses: `v, ok = <-ch`"
)]
pub trait Pair {}

impl<A, B> Pair for (A, B) {}
#[diagnostic::do_not_recommend]
impl<T: Pair> Pair for &T {}
#[diagnostic::do_not_recommend]
impl<T: Pair> Pair for &mut T {}

impl<T> Drop for RecvSlot<T> {
    #[inline]
    fn drop(&mut self) {
        drop(self.take_out());
    }
}

impl<T> std::fmt::Debug for RecvSlot<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecvSlot").field("content", &self.content).finish_non_exhaustive()
    }
}

/// A value to send that is no place of the caller's. Drops it if it is not sent.
pub struct SendSlot<T> {
    inner: RecvSlot<T>,
}

impl<T> SendSlot<T> {
    /// An empty slot.
    #[inline]
    #[allow(clippy::new_without_default, reason = "only macros make slots")]
    pub fn new() -> Self {
        SendSlot { inner: RecvSlot::new() }
    }

    /// Fills the empty slot; the channel says with what type.
    #[inline]
    pub fn put<S: SendSide<Item = T> + ?Sized>(&mut self, _channel: &S, value: T) {
        self.fill(value);
    }

    pub(super) fn fill(&mut self, value: T) {
        self.inner = RecvSlot { content: Content::Value, value: MaybeUninit::new(value) };
    }

    /// For a send that was chosen.
    ///
    /// # Panics
    /// If the value was not sent, because the channel is closed.
    #[inline]
    #[track_caller]
    pub fn sent(self) {
        let failure = match self.inner.content {
            Content::Abandoned => SendFailure::Abandoned,
            _ => SendFailure::Closed,
        };
        if let Err(SendError(value)) = self.result() {
            // The value goes first: another goroutine may wait for its destructor.
            drop(value);
            send_failed(failure);
        }
    }

    /// For a send that was chosen.
    ///
    /// # Errors
    /// If the value was not sent, because the channel is closed: it comes back.
    #[inline]
    pub fn result(self) -> Result<(), SendError<T>> {
        self.inner.take().map_or(Ok(()), |value| Err(SendError(value)))
    }

    /// For a send that was not chosen: drops the value.
    #[inline]
    pub fn discard(&mut self) {
        drop(self.inner.take_out());
    }

    pub(super) fn take_out(&mut self) -> Option<T> {
        self.inner.take_out()
    }

    pub(super) fn parts(slot: *mut Self) -> (*mut (), *mut Content) {
        // SAFETY: only an address is taken, of a slot that exists.
        RecvSlot::parts(unsafe { &raw mut (*slot).inner })
    }
}

impl<T> std::fmt::Debug for SendSlot<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SendSlot").field("content", &self.inner.content).finish_non_exhaustive()
    }
}

/// A receive arm.
#[inline]
pub fn recv<'a, R: RecvSide + ?Sized>(channel: &'a R, slot: &'a mut RecvSlot<R::Item>) -> Arm<'a> {
    let (value, content) = RecvSlot::parts(slot);
    Arm::new(channel.recv_channel().recv_operation(), value, content)
}

/// A send arm with a value in a slot; off if the slot is empty.
#[inline]
pub fn send<'a, S: SendSide + ?Sized>(channel: &'a S, slot: &'a mut SendSlot<S::Item>) -> Arm<'a> {
    let full = slot.inner.content == Content::Value;
    let (value, content) = SendSlot::parts(slot);
    Arm::new(channel.send_channel().send_operation().filter(|_| full), value, content)
}

/// A place of the caller's. Not a plain reference, which would coerce: `&Arc<T>` to `&T`, and what moves then is not the
/// caller's alone.
#[derive(Debug)]
pub struct Lvalue<'a, T>(&'a T);

impl<'a, T> Lvalue<'a, T> {
    /// Borrows the place as what it is, as long as nothing else is known of `T`.
    #[inline]
    pub fn of(place: &'a T) -> Self {
        Lvalue(place)
    }
}

/// The type of a place whose value is sent as a `T`: `T` itself. Nothing coerces to it.
///
/// # Safety
/// No other type may implement this.
#[diagnostic::on_unimplemented(
    message = "mismatched types: the channel carries `{T}`, not `{Self}`",
    label = "expected `{T}`, found `{Self}`",
    note = "a variable moves as it is, and stays yours if it is not sent; to send something else that is made of it, \
            write an expression, such as `ch <- value.into()`"
)]
pub unsafe trait SentAs<T> {}

// SAFETY: it is the same type.
unsafe impl<T> SentAs<T> for T {}

/// A send arm with a value that stays the caller's unless it is sent.
///
/// # Safety
/// If this arm is chosen, the caller moves the place into `Moving::sent` or `Moving::result` before anything else.
#[inline]
pub unsafe fn send_place<'a, S: SendSide + ?Sized, T: SentAs<S::Item>>(
    channel: &'a S,
    Lvalue(place): Lvalue<'a, T>,
) -> Arm<'a> {
    // The slot of a send is only read from.
    Arm::new(channel.send_channel().send_operation(), ptr::from_ref(place).cast_mut().cast(), ptr::null_mut())
}
