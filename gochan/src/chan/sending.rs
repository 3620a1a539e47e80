//! What the handles that can send do: `Chan` and `Sender`.

use super::core::{Blocked, Closed, Core};
use super::error::{SendError, SendTimeoutError, TrySendError};
use super::future::SendFuture;
use super::handle::{Chan, Sender};
use super::nil::{nap, park_for_ever};
use super::waiter::Completed;
use crate::sched::clock::deadline;
use crate::sched::park::WaitReason;
use std::mem::ManuallyDrop;
use std::panic::Location;
use std::time::Duration;

macro_rules! sending {
    ($handle:ident) => {
        impl<T> $handle<T> {
            /// Sends `value`, waiting until it is received or buffered. On a nil channel it waits for ever.
            ///
            /// Constant time. What was done before the send happens before what follows its receive.
            ///
            /// # Errors
            /// If the channel is closed or nobody is left to receive, before or while waiting; the value comes
            /// back.
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
                match self.core() {
                    Some(core) => core.send(value, Location::caller()).map_err(SendError),
                    None => park_for_ever(Location::caller(), WaitReason::NilChannel),
                }
            }

            /// Sends `value` if that needs no waiting: a receiver waits, or the buffer has room.
            ///
            /// # Errors
            /// [`TrySendError::Full`] if it would have to wait, also on a nil channel; [`TrySendError::Closed`] if
            /// the channel is closed or nobody is left to receive. The value comes back.
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
                match self.core() {
                    Some(core) => core.try_send(value),
                    None => Err(TrySendError::Full(value)),
                }
            }

            /// Sends `value`, waiting no longer than `timeout`.
            ///
            /// # Errors
            /// [`SendTimeoutError::Timeout`] if nobody took it in time; [`SendTimeoutError::Closed`] as for `send`.
            /// The value comes back, and was not received.
            ///
            /// ```
            /// use gochan::chan::SendTimeoutError;
            /// use gochan::prelude::*;
            /// use std::time::Duration;
            ///
            /// let nobody_receives = chan!(i32);
            /// let sent = nobody_receives.send_timeout(1, Duration::from_millis(1));
            /// assert_eq!(sent, Err(SendTimeoutError::Timeout(1)));
            /// ```
            #[track_caller]
            pub fn send_timeout(&self, value: T, timeout: Duration) -> Result<(), SendTimeoutError<T>> {
                let place = Location::caller();
                let Some(core) = self.core() else {
                    nap(timeout, place);
                    return Err(SendTimeoutError::Timeout(value));
                };
                match deadline(timeout) {
                    Some(deadline) => core.send_until(value, deadline, place),
                    None => core.send(value, place).map_err(SendTimeoutError::Closed),
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
                SendFuture::new(self.core(), value)
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
                self.core().is_some_and(|core| core.close())
            }
        }
    };
}

impl<T> Chan<T> {
    /// As `close`, for a channel that nobody knows: others do not run meanwhile.
    pub(crate) fn close_unshared(&self) {
        let _ = self.core().map(Core::close_without_waking);
    }
}

impl<T> Sender<T> {
    /// As `close`, leaving it to the caller to wake those who wait. Runs none of the user's code.
    pub(crate) fn close_without_waking(&self) -> Option<Closed> {
        self.core()?.close_without_waking()
    }

    /// As `try_send`, leaving it to the caller to wake the receiver. Runs none of the user's code, and never switches.
    pub(crate) fn try_send_without_waking(&self, value: T) -> Result<Option<Completed>, TrySendError<T>> {
        let Some(core) = self.core() else { return Err(TrySendError::Full(value)) };
        let mut value = ManuallyDrop::new(value);
        // SAFETY: the value is here, and forgotten if it has moved.
        let sent = unsafe { core.lock().send_now((&raw mut value).cast()) };
        sent.map_err(|blocked| match (blocked, ManuallyDrop::into_inner(value)) {
            (Blocked::Wait, value) => TrySendError::Full(value),
            (Blocked::Closed, value) => TrySendError::Closed(value),
        })
    }
}

sending!(Chan);
sending!(Sender);
