//! Channel operations for async tasks.
//!
//! A future's waiter lives inside the future, which is pinned once it is queued, and leaves the queue when the
//! future is dropped. A value that was already handed to a dropped receive goes back to the front of the channel.

use super::SendError;
use super::channel::Channel;
use super::handle::Receiver;
use super::header::{Direction, Receiving, Sending};
use super::timer::WakeAt;
use super::waiter::{Outcome, Waiter};
use crate::base::callback::Callbacks;
use futures_core::Stream;
use futures_core::stream::FusedStream;
use std::cell::UnsafeCell;
use std::fmt;
use std::future::Future;
use std::marker::PhantomPinned;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::pin::Pin;
use std::ptr;
use std::task::{Context, Poll};

/// The waiter of a future and the slot it waits with.
struct PendingOperation<T> {
    waiter: UnsafeCell<Waiter>,
    slot: UnsafeCell<MaybeUninit<T>>,
    /// On a queue, or completed with an outcome that has not been read yet.
    queued: bool,
    /// For the channel of a timer.
    wake_at: WakeAt,
    _pinned: PhantomPinned,
}

impl<T> PendingOperation<T> {
    fn new() -> PendingOperation<T> {
        PendingOperation {
            waiter: UnsafeCell::new(Waiter::new(ptr::null_mut(), None)),
            slot: UnsafeCell::new(MaybeUninit::uninit()),
            queued: false,
            wake_at: WakeAt::new(),
            _pinned: PhantomPinned,
        }
    }

    /// Receives, or queues and returns `Pending`.
    ///
    /// # Safety
    /// `self` does not move until `self.queued` is false, and every queued `self` is dropped through `forget_recv`.
    unsafe fn poll_recv(&mut self, channel: &Channel<T>, context: &Context<'_>) -> Poll<Option<T>> {
        let (waiter, slot) = (self.waiter.get(), self.slot.get().cast::<T>());
        let is_timer = channel.header.is_timer();
        let mut callbacks = Callbacks::new();
        let mut outcome = Outcome::Retry;
        // SAFETY: the caller's promise keeps waiter and slot valid while queued; `Done` says that the slot is full.
        let value = unsafe {
            if self.queued {
                let polled = channel.poll_waiter(waiter, context.waker());
                outcome = polled.outcome;
                polled.finish(&mut callbacks);
            }
            if outcome == Outcome::Pending && is_timer {
                let withdrawal = channel.withdraw(waiter, Direction::Recv);
                if withdrawal.was_queued {
                    // The time may have come, which is not reported to the waiter.
                    outcome = Outcome::Retry;
                }
                callbacks.run(|| drop(withdrawal));
            }
            if outcome == Outcome::Retry {
                self.queued = false;
                let polled = channel.poll_operation::<Receiving>(slot, waiter, context.waker());
                outcome = polled.outcome;
                polled.finish(&mut callbacks);
            }
            self.queued = outcome == Outcome::Pending;
            (outcome == Outcome::Done).then(|| slot.read())
        };
        if is_timer {
            let time = if self.queued { channel.next_time() } else { None };
            callbacks.run(|| self.wake_at.set(time, context.waker()));
        }
        callbacks.finish();
        if outcome == Outcome::Pending { Poll::Pending } else { Poll::Ready(value) }
    }

    /// Leaves the queue; a value that came too late goes back.
    fn forget_recv(&mut self, channel: &Channel<T>) {
        if !std::mem::take(&mut self.queued) {
            return;
        }
        let waiter = self.waiter.get();
        // SAFETY: the waiter was queued on this channel and is valid; once it is off the queue it is ours.
        let withdrawal = unsafe {
            let withdrawal = channel.withdraw(waiter, Direction::Recv);
            if !withdrawal.was_queued && (*waiter).outcome == Outcome::Done {
                channel.give_back((*self.slot.get()).assume_init_read());
            }
            withdrawal
        };
        drop(withdrawal);
    }
}

/// What `recv_async` returns: yields the value, or `None` once the channel is closed and drained.
#[must_use = "futures do nothing unless polled"]
pub struct RecvFuture<'a, T> {
    channel: Option<&'a Channel<T>>,
    waiting: PendingOperation<T>,
}

// SAFETY: the waiter is used under the channel's lock only; values of `T` are what moves between threads.
unsafe impl<T: Send> Send for RecvFuture<'_, T> {}
// SAFETY: `&RecvFuture` gives access to nothing.
unsafe impl<T: Send> Sync for RecvFuture<'_, T> {}

impl<'a, T> RecvFuture<'a, T> {
    pub(super) fn new(channel: Option<&'a Channel<T>>) -> Self {
        RecvFuture { channel, waiting: PendingOperation::new() }
    }
}

impl<T> Future for RecvFuture<'_, T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        // SAFETY: nothing is moved out; `waiting` stays pinned with `self`, and `drop` forgets it.
        unsafe {
            let this = self.get_unchecked_mut();
            match this.channel {
                Some(channel) => this.waiting.poll_recv(channel, context),
                None => Poll::Pending,
            }
        }
    }
}

impl<T> Drop for RecvFuture<'_, T> {
    fn drop(&mut self) {
        if let Some(channel) = self.channel {
            self.waiting.forget_recv(channel);
        }
    }
}

/// What `stream` returns: the values to come, until the channel is closed and drained.
///
/// It is `Unpin`, so `next()` and its like work on a variable.
#[must_use = "streams do nothing unless polled"]
pub struct RecvStream<T> {
    receiver: Receiver<T>,
    /// Made by the first poll, and queued from where it is whenever there is something to wait for.
    waiting: Option<Pin<Box<PendingOperation<T>>>>,
    /// It has yielded `None`.
    ended: bool,
}

// SAFETY: as for `RecvFuture`.
unsafe impl<T: Send> Send for RecvStream<T> {}
// SAFETY: as for `RecvFuture`.
unsafe impl<T: Send> Sync for RecvStream<T> {}

impl<T> RecvStream<T> {
    pub(super) fn new(receiver: Receiver<T>) -> Self {
        RecvStream { receiver, waiting: None, ended: false }
    }
}

impl<T> Stream for RecvStream<T> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let this = self.get_mut();
        let Some(channel) = this.receiver.raw.channel() else { return Poll::Pending };
        let waiting = this.waiting.get_or_insert_with(|| Box::pin(PendingOperation::new()));
        // SAFETY: nothing is moved out of the box, and `drop` forgets it.
        let polled = unsafe { waiting.as_mut().get_unchecked_mut().poll_recv(channel, context) };
        this.ended = matches!(polled, Poll::Ready(None));
        polled
    }
}

impl<T> FusedStream for RecvStream<T> {
    fn is_terminated(&self) -> bool {
        self.ended
    }
}

impl<T> Drop for RecvStream<T> {
    fn drop(&mut self) {
        if let (Some(channel), Some(waiting)) = (self.receiver.raw.channel(), &mut self.waiting) {
            // SAFETY: nothing is moved out of the box.
            unsafe { waiting.as_mut().get_unchecked_mut().forget_recv(channel) };
        }
    }
}

/// What `send_async` returns: completes when the value is received or buffered.
#[must_use = "futures do nothing unless polled"]
pub struct SendFuture<'a, T> {
    channel: Option<&'a Channel<T>>,
    waiter: UnsafeCell<Waiter>,
    value: UnsafeCell<ManuallyDrop<T>>,
    state: SendState,
    _pinned: PhantomPinned,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum SendState {
    /// The value is here and not queued.
    Holding,
    /// The value is here or has been taken by a receiver.
    Queued,
    /// The value is gone.
    Finished,
}

// SAFETY: as for `RecvFuture`.
unsafe impl<T: Send> Send for SendFuture<'_, T> {}
// SAFETY: `&SendFuture` gives access to nothing.
unsafe impl<T: Send> Sync for SendFuture<'_, T> {}

impl<'a, T> SendFuture<'a, T> {
    pub(super) fn new(channel: Option<&'a Channel<T>>, value: T) -> Self {
        SendFuture {
            channel,
            waiter: UnsafeCell::new(Waiter::new(ptr::null_mut(), None)),
            value: UnsafeCell::new(ManuallyDrop::new(value)),
            state: SendState::Holding,
            _pinned: PhantomPinned,
        }
    }
}

impl<T> Future for SendFuture<'_, T> {
    type Output = Result<(), SendError<T>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // SAFETY: nothing that is queued is moved.
        let this = unsafe { self.get_unchecked_mut() };
        let Some(channel) = this.channel else { return Poll::Pending };
        let (waiter, slot) = (this.waiter.get(), this.value.get().cast::<T>());
        // SAFETY: the value is in the slot; both are pinned with the future, whose drop leaves the queue.
        let polled = unsafe {
            match this.state {
                SendState::Holding => channel.poll_operation::<Sending>(slot, waiter, context.waker()),
                SendState::Queued => channel.poll_waiter(waiter, context.waker()),
                SendState::Finished => panic!("SendFuture polled after completion"),
            }
        };
        let (state, result) = match polled.outcome {
            Outcome::Pending => (SendState::Queued, Poll::Pending),
            Outcome::Done => (SendState::Finished, Poll::Ready(Ok(()))),
            // SAFETY: unless `Done`, the value is still here; `Finished` keeps it from being taken again.
            _ => (SendState::Finished, Poll::Ready(Err(SendError(unsafe { slot.read() })))),
        };
        this.state = state;
        let mut callbacks = Callbacks::new();
        polled.finish(&mut callbacks);
        callbacks.finish();
        result
    }
}

impl<T> Drop for SendFuture<'_, T> {
    fn drop(&mut self) {
        let (here, withdrawal) = match (self.state, self.channel) {
            (SendState::Holding, _) => (true, None),
            (SendState::Finished, _) | (SendState::Queued, None) => (false, None),
            // SAFETY: the waiter was queued on this channel; off the queue it is ours.
            (SendState::Queued, Some(channel)) => unsafe {
                let withdrawal = channel.withdraw(self.waiter.get(), Direction::Send);
                let here = withdrawal.was_queued || (*self.waiter.get()).outcome != Outcome::Done;
                (here, Some(withdrawal))
            },
        };
        self.state = SendState::Finished;
        let mut callbacks = Callbacks::new();
        if here {
            // SAFETY: the value has not been taken.
            callbacks.run(|| unsafe { ManuallyDrop::drop(self.value.get_mut()) });
        }
        callbacks.run(|| drop(withdrawal));
        callbacks.finish();
    }
}

macro_rules! debug {
    ($($name:ty),*) => {$(
        impl<T> fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    )*};
}

debug!(RecvFuture<'_, T>, SendFuture<'_, T>, RecvStream<T>);
