//! What the handles that can receive do: `Chan` and `Receiver`.

use super::core::Core;
use super::error::{RecvTimeoutError, TryRecvError};
use super::future::{RecvFuture, RecvStream};
use super::handle::{Chan, Receiver};
use super::iter::{IntoIter, Iter, TryIter};
use super::nil::{nap, park_for_ever};
use crate::sched::clock::deadline;
use crate::sched::park::WaitReason;
use std::panic::Location;
use std::time::Duration;

macro_rules! receiving {
    ($handle:ident) => {
        impl<T> $handle<T> {
            /// Receives a value, waiting for one. `None`: the channel is closed and drained, and stays so. On a
            /// nil channel it waits for ever.
            ///
            /// Constant time. What the sender did before its send happens before this returns.
            ///
            /// ```
            /// use gochan::prelude::*;
            ///
            /// let ch = chan!(i32);
            /// go!([ch] { send!(ch <- 1); close!(ch); });
            /// assert_eq!((ch.recv(), ch.recv()), (Some(1), None));
            /// ```
            #[doc(alias = "<-")]
            #[cfg_attr(not(debug_assertions), inline(always))]
            #[track_caller]
            pub fn recv(&self) -> Option<T> {
                match self.core() {
                    Some(core) => core.recv(Location::caller()),
                    None => park_for_ever(Location::caller(), WaitReason::NilChannel),
                }
            }

            /// Receives a value if that needs no waiting: one is buffered, or a sender waits.
            ///
            /// # Errors
            /// [`TryRecvError::Empty`] if it would have to wait, also on a nil channel; [`TryRecvError::Closed`]
            /// once the channel is closed and drained.
            ///
            /// ```
            /// use gochan::chan::TryRecvError;
            /// use gochan::prelude::*;
            ///
            /// let ch = chan!(i32, 1);
            /// assert_eq!(ch.try_recv(), Err(TryRecvError::Empty));
            /// send!(ch <- 1);
            /// assert_eq!(ch.try_recv(), Ok(1));
            /// ```
            #[doc(alias = "default")]
            #[inline]
            #[track_caller]
            pub fn try_recv(&self) -> Result<T, TryRecvError> {
                match self.core() {
                    Some(core) => core.try_recv(),
                    None => Err(TryRecvError::Empty),
                }
            }

            /// Receives a value, waiting no longer than `timeout`.
            ///
            /// # Errors
            /// [`RecvTimeoutError::Timeout`] if none came in time, and none was taken;
            /// [`RecvTimeoutError::Closed`] once the channel is closed and drained.
            ///
            /// ```
            /// use gochan::chan::RecvTimeoutError;
            /// use gochan::prelude::*;
            /// use std::time::Duration;
            ///
            /// let quiet = chan!(i32);
            /// assert_eq!(quiet.recv_timeout(Duration::from_millis(1)), Err(RecvTimeoutError::Timeout));
            /// ```
            #[track_caller]
            pub fn recv_timeout(&self, timeout: Duration) -> Result<T, RecvTimeoutError> {
                let place = Location::caller();
                let Some(core) = self.core() else {
                    nap(timeout, place);
                    return Err(RecvTimeoutError::Timeout);
                };
                let received = match deadline(timeout) {
                    Some(deadline) => core.recv_until(deadline, place),
                    None => Some(core.recv(place)),
                };
                received.ok_or(RecvTimeoutError::Timeout)?.ok_or(RecvTimeoutError::Closed)
            }

            /// Receives in an async task: the future yields what [`recv`](Self::recv) would return. Dropping it
            /// early loses nothing: the value stays in the channel. It blocks no thread.
            ///
            /// ```
            /// use gochan::prelude::*;
            ///
            /// let ch = chan!(i32);
            /// go!([ch] { send!(ch <- 1); });
            /// assert_eq!(pollster::block_on(ch.recv_async()), Some(1));
            /// ```
            pub fn recv_async(&self) -> RecvFuture<'_, T> {
                RecvFuture::new(self.core())
            }

            /// The values to come as a [`futures_core::Stream`], which ends when the channel is closed and drained.
            pub fn stream(&self) -> RecvStream<T> {
                RecvStream::new(self.receiving_half())
            }

            /// Go's `range`: the values to come, waiting for each, until the channel is closed and drained. What
            /// is left when the loop is left stays in the channel. `for v in &ch` is the short form.
            ///
            /// ```
            /// use gochan::prelude::*;
            ///
            /// let ch = chan!(i32);
            /// go!([ch] { (1..=3).for_each(|n| send!(ch <- n)); close!(ch); });
            /// assert_eq!(ch.iter().sum::<i32>(), 6);
            /// ```
            #[doc(alias = "range")]
            pub fn iter(&self) -> Iter<'_, T> {
                Iter::new(self.core())
            }

            /// The values that can be received without waiting. It ends where the next would have to be waited for.
            ///
            /// ```
            /// use gochan::prelude::*;
            ///
            /// let ch = chan!(i32, 3);
            /// (1..=3).for_each(|n| send!(ch <- n));
            /// assert_eq!(ch.try_iter().collect::<Vec<_>>(), [1, 2, 3]);
            /// ```
            pub fn try_iter(&self) -> TryIter<'_, T> {
                TryIter::new(self.core())
            }
        }

        impl<'a, T> IntoIterator for &'a $handle<T> {
            type Item = T;
            type IntoIter = Iter<'a, T>;

            fn into_iter(self) -> Iter<'a, T> {
                self.iter()
            }
        }

        impl<T> IntoIterator for $handle<T> {
            type Item = T;
            type IntoIter = IntoIter<T>;

            fn into_iter(self) -> IntoIter<T> {
                IntoIter::new(self.receiving_half())
            }
        }
    };
}

impl<T> Chan<T> {
    fn receiving_half(&self) -> Receiver<T> {
        self.receiver()
    }
}

impl<T> Receiver<T> {
    /// As `is_closed`, as a part of another operation.
    pub(crate) fn has_closed(&self) -> bool {
        self.core().is_some_and(Core::is_closed)
    }

    fn receiving_half(&self) -> Receiver<T> {
        self.clone()
    }
}

receiving!(Chan);
receiving!(Receiver);
