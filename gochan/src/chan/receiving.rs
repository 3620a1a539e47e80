//! The methods of the handles that can receive: `Chan` and `Receiver`.

use super::channel::{Blocked, Channel, Place};
use super::error::{RecvTimeoutError, TryRecvError};
use super::future::{RecvFuture, RecvStream};
use super::handle::{Chan, Receiver};
use super::header::Receiving;
use super::iter::{IntoIter, Iter, TryIter};
use super::nil::{nap, park_for_ever};
use super::waiter::Outcome;
use crate::base::clock::deadline;
use crate::points;
use crate::sched::park::WaitReason;
use std::mem::MaybeUninit;
use std::panic::Location;
use std::time::{Duration, Instant};

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
                match self.raw.channel() {
                    Some(channel) => channel.recv(Location::caller()),
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
                match self.raw.channel() {
                    Some(channel) => channel.try_recv(),
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
            /// use std::time::{Duration, Instant};
            ///
            /// let quiet = chan!(i32);
            /// assert_eq!(quiet.recv_timeout(Duration::from_millis(1)), Err(RecvTimeoutError::Timeout));
            /// ```
            #[track_caller]
            pub fn recv_timeout(&self, timeout: Duration) -> Result<T, RecvTimeoutError> {
                let place = Location::caller();
                let Some(channel) = self.raw.channel() else {
                    nap(timeout, place);
                    return Err(RecvTimeoutError::Timeout);
                };
                match deadline(timeout) {
                    Some(deadline) => channel.recv_until(deadline, place),
                    None => channel.recv(place).ok_or(RecvTimeoutError::Closed),
                }
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
                RecvFuture::new(self.raw.channel())
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
                Iter::new(self.raw.channel())
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
                TryIter::new(self.raw.channel())
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
        self.raw.channel().is_some_and(Channel::is_closed)
    }

    fn receiving_half(&self) -> Receiver<T> {
        self.clone()
    }
}

impl<T> Channel<T> {
    /// Receives if that needs no waiting.
    #[inline]
    #[track_caller]
    pub(super) fn try_recv(&self) -> Result<T, TryRecvError> {
        self.header.point_before("try_recv", Some(Location::caller()));
        let mut value = MaybeUninit::<T>::uninit();
        // SAFETY: the slot is this frame's; success says that it has been written.
        let received = unsafe {
            match self.try_operate::<Receiving>(value.as_mut_ptr()) {
                Ok(()) => Ok(value.assume_init()),
                Err(Blocked::Wait) => Err(TryRecvError::Empty),
                Err(Blocked::Closed) => Err(TryRecvError::Closed),
            }
        };
        points::after("try_recv", Some(Location::caller()));
        received
    }

    /// As [`Channel::recv`], giving up at `deadline`.
    fn recv_until(&self, deadline: Instant, place: Place) -> Result<T, RecvTimeoutError> {
        let mut value = MaybeUninit::<T>::uninit();
        // SAFETY: the slot is this frame's; `Done` says that it has been written.
        unsafe {
            match self.operate_until::<Receiving>(value.as_mut_ptr(), deadline, place) {
                Outcome::Done => Ok(value.assume_init()),
                Outcome::TimedOut => Err(RecvTimeoutError::Timeout),
                _ => Err(RecvTimeoutError::Closed),
            }
        }
    }
}

receiving!(Chan);
receiving!(Receiver);
