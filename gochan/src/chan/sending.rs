//! The methods of the handles that can send: `Chan` and `Sender`.

use super::channel::{Blocked, Channel, ClosedWaiters, Place};
use super::error::{SendError, SendTimeoutError, TrySendError};
use super::future::SendFuture;
use super::handle::{Chan, Sender};
use super::header::{Directed, SendFailure, Sending};
use super::nil::{nap, park_for_ever};
#[cfg(feature = "futures-sink")]
use super::sink::SendSink;
use super::waiter::Outcome;
use crate::base::clock::deadline;
use crate::points;
use crate::sched::park::{Completed, WaitReason};
use crate::spawn::outlived;
use std::mem::ManuallyDrop;
use std::panic::Location;
use std::time::{Duration, Instant};

macro_rules! sending {
    ($handle:ident, $own:ident) => {
        impl<T> $handle<T> {
            /// Sends `value`, waiting until it is received or buffered. On a nil channel it waits for ever.
            ///
            /// Constant time. What was done before the send happens before what follows its receive.
            ///
            /// # Errors
            /// If the channel is closed or no receiver is left, before or while waiting; the value comes back.
            ///
            /// ```
            /// use gochan::prelude::*;
            ///
            /// let ch = chan!(String, 1);
            /// assert!(ch.send("one".to_owned()).is_ok());
            /// ch.close();
            /// assert_eq!(ch.send("two".to_owned()).unwrap_err().into_inner(), "two");
            /// ```
            #[doc(alias = "<-")]
            #[cfg_attr(not(debug_assertions), inline(always))]
            #[track_caller]
            pub fn send(&self, value: T) -> Result<(), SendError<T>> {
                let place = Location::caller();
                match self.raw.channel() {
                    Some(channel) => {
                        channel.send(value, place).map_err(|value| failed(channel, value, place))
                    }
                    None => park_for_ever(place, WaitReason::NilChannel),
                }
            }

            /// Sends `value` if that needs no waiting: a receiver waits, or the buffer has room.
            ///
            /// # Errors
            /// [`TrySendError::Full`] if it would have to wait, also on a nil channel; [`TrySendError::Closed`] if
            /// the channel is closed or no receiver is left. The value comes back.
            ///
            /// ```
            /// use gochan::chan::TrySendError;
            /// use gochan::prelude::*;
            ///
            /// let ch = chan!(i32, 1);
            /// assert_eq!(ch.try_send(1), Ok(()));
            /// assert_eq!(ch.try_send(2), Err(TrySendError::Full(2)));
            /// ```
            #[doc(alias = "default")]
            #[inline]
            #[track_caller]
            pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
                match self.raw.channel() {
                    Some(channel) => channel.try_send(value),
                    None => Err(TrySendError::Full(value)),
                }
            }

            /// Sends `value`, waiting no longer than `timeout`.
            ///
            /// # Errors
            /// [`SendTimeoutError::Timeout`] if it was not taken in time; [`SendTimeoutError::Closed`] as for `send`.
            /// The value comes back, and was not received.
            ///
            /// ```
            /// use gochan::chan::SendTimeoutError;
            /// use gochan::prelude::*;
            /// use std::time::{Duration, Instant};
            ///
            /// let nobody_receives = chan!(i32);
            /// let sent = nobody_receives.send_timeout(1, Duration::from_millis(1));
            /// assert_eq!(sent, Err(SendTimeoutError::Timeout(1)));
            /// ```
            #[track_caller]
            pub fn send_timeout(&self, value: T, timeout: Duration) -> Result<(), SendTimeoutError<T>> {
                let place = Location::caller();
                let Some(channel) = self.raw.channel() else {
                    nap(timeout, place);
                    return Err(SendTimeoutError::Timeout(value));
                };
                match deadline(timeout) {
                    Some(deadline) => channel.send_until(value, deadline, place),
                    None => channel.send(value, place).map_err(SendTimeoutError::Closed),
                }
            }

            /// Sends from an async task: the future completes when the value is received or buffered. Dropping
            /// it before that keeps the value from being sent. It yields what [`send`](Self::send) would return,
            /// and blocks no thread.
            ///
            /// ```
            /// use gochan::prelude::*;
            ///
            /// let ch = chan!(i32);
            /// let receiver = go!([ch] ch.recv());
            /// assert_eq!(pollster::block_on(ch.send_async(1)), Ok(()));
            /// assert_eq!(receiver.join().unwrap(), Some(1));
            /// ```
            pub fn send_async(&self, value: T) -> SendFuture<'_, T> {
                SendFuture::new(self.raw.channel(), value)
            }

            /// A [`futures_sink::Sink`] that sends to this channel, by a handle of its own.
            ///
            /// ```
            /// use gochan::prelude::*;
            ///
            /// fn takes_a_sink(_: impl futures_sink::Sink<i32>) {}
            ///
            /// let ch = chan!(i32);
            /// takes_a_sink(ch.sink());
            /// ```
            #[cfg(feature = "futures-sink")]
            pub fn sink(&self) -> SendSink<T> {
                SendSink::new(self.$own())
            }

            /// Closes the channel: no more values. Receivers drain what is buffered and then get `None`; waiting
            /// senders get their value back. True if this call closed it; false if it was closed, or is nil.
            /// Never blocks.
            ///
            /// ```
            /// use gochan::prelude::*;
            ///
            /// let ch = chan!(i32, 1);
            /// send!(ch <- 1);
            /// assert!(ch.close());
            /// assert!(!ch.close());
            /// assert_eq!((ch.recv(), ch.recv()), (Some(1), None));
            /// ```
            #[track_caller]
            pub fn close(&self) -> bool {
                self.raw.channel().is_some_and(|channel| channel.close())
            }
        }
    };
}

impl<T> Chan<T> {
    /// As `close`, for a channel that has no other handle: others do not run meanwhile.
    pub(crate) fn close_unshared(&self) {
        let _ = self.raw.channel().map(Channel::close_without_waking);
    }
}

impl<T> Sender<T> {
    /// As `close`, leaving it to the caller to wake the waiters. Runs no user code.
    pub(crate) fn close_without_waking(&self) -> Option<ClosedWaiters> {
        self.raw.channel()?.close_without_waking()
    }

    /// As `try_send`, leaving it to the caller to wake the receiver. Runs no user code, and never switches.
    pub(crate) fn try_send_without_waking(&self, value: T) -> Result<Option<Completed>, TrySendError<T>> {
        let Some(channel) = self.raw.channel() else { return Err(TrySendError::Full(value)) };
        let mut value = ManuallyDrop::new(value);
        // SAFETY: the value is here, and forgotten if it has moved.
        let sent = unsafe { Sending::attempt(&mut channel.lock(), (&raw mut value).cast()) };
        sent.map_err(|blocked| TrySendError::new(blocked, ManuallyDrop::into_inner(value)))
    }
}

impl<T> Channel<T> {
    /// Sends if that needs no waiting.
    #[inline]
    #[track_caller]
    fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        self.header.point_before("try_send", Some(Location::caller()));
        let mut value = ManuallyDrop::new(value);
        // SAFETY: the value is here, and forgotten if it has moved.
        let sent = unsafe { self.try_operate::<Sending>((&raw mut value).cast()) };
        let sent = sent.map_err(|blocked| TrySendError::new(blocked, ManuallyDrop::into_inner(value)));
        points::after("try_send", Some(Location::caller()));
        sent
    }

    /// As [`Channel::send`], giving up at `deadline`.
    fn send_until(&self, value: T, deadline: Instant, place: Place) -> Result<(), SendTimeoutError<T>> {
        let mut value = ManuallyDrop::new(value);
        // SAFETY: the value is here, and forgotten if it has moved.
        match unsafe { self.operate_until::<Sending>((&raw mut value).cast(), deadline, place) } {
            Outcome::Done => Ok(()),
            Outcome::TimedOut => Err(SendTimeoutError::Timeout(ManuallyDrop::into_inner(value))),
            _ => Err(SendTimeoutError::Closed(ManuallyDrop::into_inner(value))),
        }
    }
}

impl<T> TrySendError<T> {
    fn new(blocked: Blocked, value: T) -> TrySendError<T> {
        match blocked {
            Blocked::Wait => TrySendError::Full(value),
            Blocked::Closed => TrySendError::Closed(value),
        }
    }
}

sending!(Chan, sender);
sending!(Sender, clone);

/// The error of a send that has waited, or could have.
#[cold]
fn failed<T>(channel: &Channel<T>, value: T, place: Place) -> SendError<T> {
    if channel.header.send_failure() == SendFailure::Abandoned {
        outlived::before_failing(place);
    }
    SendError(value)
}
