//! The three handles of a channel.

use super::core::{Closed, Core, Place};
use super::error::{RecvTimeoutError, SendError, SendTimeoutError, TryRecvError, TrySendError};
use super::future::{RecvFuture, RecvStream, SendFuture};
use super::iter::{IntoIter, Iter, TryIter};
use super::shared::{RECEIVES, Raw, SENDS};
use crate::sched::bubble::{point, point_before};
use crate::sched::clock::deadline;
use crate::sched::park::{Parker, WaitReason};
use std::fmt;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::time::{Duration, Instant};

/// A channel of `T` that can be sent to, received from and closed: Go's `chan T`.
///
/// The [`Default`] is the nil channel.
///
/// ```
/// use gochan::prelude::*;
///
/// let ch = chan!(String, 1);
/// go!([ch] { send!(ch <- "hello".to_string()); });
/// assert_eq!(ch.recv().as_deref(), Some("hello"));
/// ```
#[doc(alias = "make(chan T)")]
pub struct Chan<T> {
    raw: Raw<T>,
}

/// The half of a channel that sends and closes: Go's `chan<- T`.
///
/// When the last handle that can send is dropped, the channel closes by itself. The [`Default`] is nil.
#[doc(alias = "chan<-")]
pub struct Sender<T> {
    raw: Raw<T>,
}

/// The half of a channel that receives: Go's `<-chan T`.
///
/// When the last handle that can receive is dropped, sends fail and give their value back. The [`Default`] is nil.
#[doc(alias = "<-chan")]
pub struct Receiver<T> {
    raw: Raw<T>,
}

impl<T> Chan<T> {
    /// An unbuffered channel: a send completes when a receive takes its value. `chan!(T)` is the short form.
    #[doc(alias = "make")]
    pub fn new() -> Chan<T> {
        Chan::with_capacity(0)
    }

    /// A channel that buffers up to `capacity` values. `chan!(T, capacity)` is the short form.
    ///
    /// # Panics
    /// If a buffer of that size cannot be allocated.
    #[doc(alias = "make")]
    #[track_caller]
    pub fn with_capacity(capacity: usize) -> Chan<T> {
        Chan { raw: Raw::new(capacity, SENDS + RECEIVES) }
    }

    /// Turns this handle into its two halves. Other `Chan` handles stay what they are.
    ///
    /// ```
    /// use gochan::prelude::*;
    ///
    /// let (tx, rx) = chan!(i32, 1).split();
    /// send!(tx <- 1);
    /// drop(tx); // the last that could send
    /// assert_eq!((rx.recv(), rx.recv()), (Some(1), None));
    /// ```
    pub fn split(self) -> (Sender<T>, Receiver<T>) {
        let raw = self.raw;
        std::mem::forget(self);
        (Sender { raw }, Receiver { raw })
    }

    /// A handle that can only send and close.
    pub fn sender(&self) -> Sender<T> {
        self.raw.retain(SENDS);
        Sender { raw: self.raw }
    }

    /// A handle that can only receive.
    pub fn receiver(&self) -> Receiver<T> {
        self.raw.retain(RECEIVES);
        Receiver { raw: self.raw }
    }
}

macro_rules! from_chan {
    ($($half:ident, $make:ident: $summary:literal)*) => {
        $(
            #[doc = $summary]
            impl<T> From<&Chan<T>> for $half<T> {
                fn from(chan: &Chan<T>) -> $half<T> {
                    chan.$make()
                }
            }

            #[doc = $summary]
            impl<T> From<Chan<T>> for $half<T> {
                fn from(chan: Chan<T>) -> $half<T> {
                    chan.$make()
                }
            }
        )*
    };
}

from_chan! {
    Sender, sender: "Go's assignment of a `chan T` to a `chan<- T`."
    Receiver, receiver: "Go's assignment of a `chan T` to a `<-chan T`."
}

/// The channel of a timer; see [`super::timer`].
impl Receiver<Instant> {
    /// Ready when `after` has passed, and every `period` after that unless it is zero.
    pub(crate) fn timer(after: Duration, period: Duration) -> Receiver<Instant> {
        Receiver { raw: Raw::receive_only(Core::timer(after, period)) }
    }

    /// Whatever has not been received by now never will be. True if the time had not come, or there were more ticks to
    /// come.
    pub(crate) fn stop_timer(&self) -> bool {
        self.core().is_some_and(Core::stop_timer)
    }

    /// As [`Receiver::timer`], from now on. True as for [`Receiver::stop_timer`].
    pub(crate) fn reset_timer(&self, after: Duration, period: Duration) -> bool {
        self.core().is_some_and(|core| core.reset_timer(after, period))
    }
}

/// Waits for ever, as every operation on a nil channel does.
#[cold]
pub(crate) fn park_for_ever(place: &'static Location<'static>, reason: WaitReason) -> ! {
    let parker = Parker::current();
    loop {
        parker.park(reason, place);
    }
}

#[cold]
fn nap(after: Duration, place: Place) {
    match deadline(after) {
        Some(deadline) => Parker::current().sleep_until(deadline, WaitReason::NilChannel, place),
        None => park_for_ever(place, WaitReason::NilChannel),
    }
}

/// What every handle has.
macro_rules! common {
    ($handle:ident, $sides:expr) => {
        impl<T> $handle<T> {
            /// The nil channel: every operation on it blocks for ever, in `select!` its arm is off.
            pub const fn nil() -> $handle<T> {
                $handle { raw: Raw::NIL }
            }

            /// True for the nil channel.
            pub fn is_nil(&self) -> bool {
                self.raw.is_nil()
            }

            /// How many values are buffered now; waiting senders do not count. 0 for nil.
            pub fn len(&self) -> usize {
                point_before();
                let len = self.raw.core().map_or(0, Core::len);
                point();
                len
            }

            /// How many values can be buffered. 0 for unbuffered and nil.
            #[doc(alias = "cap")]
            pub fn capacity(&self) -> usize {
                self.raw.core().map_or(0, Core::capacity)
            }

            /// True if nothing is buffered now.
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// True if nothing more can be buffered now; always, for unbuffered and nil.
            pub fn is_full(&self) -> bool {
                self.len() >= self.capacity()
            }

            /// True if sends fail: somebody closed the channel, or nobody is left to send or to receive. Buffered
            /// values may still be there.
            pub fn is_closed(&self) -> bool {
                point_before();
                let closed = self.raw.core().is_some_and(Core::is_closed);
                point();
                closed
            }

            /// True if both handles are of the same channel. Two nil channels are the same.
            ///
            /// ```
            /// use gochan::prelude::*;
            ///
            /// let ch = chan!(i32);
            /// assert!(ch.same_channel(&ch.sender()));
            /// assert!(!ch.same_channel(&chan!(i32)));
            /// ```
            #[doc(alias = "==")]
            pub fn same_channel<H: AsChannel<T> + ?Sized>(&self, other: &H) -> bool {
                self.raw.same(other.raw_channel().0)
            }

            #[inline]
            pub(super) fn core(&self) -> Option<&Core<T>> {
                self.raw.core()
            }
        }

        impl<T> Clone for $handle<T> {
            #[inline]
            fn clone(&self) -> Self {
                self.raw.retain($sides);
                $handle { raw: self.raw }
            }
        }

        impl<T> Drop for $handle<T> {
            #[inline]
            fn drop(&mut self) {
                self.raw.release($sides);
            }
        }

        impl<T> Default for $handle<T> {
            fn default() -> Self {
                $handle::nil()
            }
        }

        impl<T> fmt::Debug for $handle<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                if self.is_nil() {
                    return f.write_str(concat!(stringify!($handle), "(nil)"));
                }
                f.debug_struct(stringify!($handle))
                    .field("channel", &self.raw.address())
                    .field("len", &self.len())
                    .field("capacity", &self.capacity())
                    .field("closed", &self.raw.core().is_some_and(Core::is_closed))
                    .finish()
            }
        }

        impl<T> AsChannel<T> for $handle<T> {
            fn raw_channel(&self) -> RawRef<'_, T> {
                RawRef(&self.raw)
            }
        }

        // SAFETY: a handle moves and shares only values of `T` between threads, under the channel's lock.
        unsafe impl<T: Send> Send for $handle<T> {}
        // SAFETY: as above; no method hands out a reference to a `T`.
        unsafe impl<T: Send> Sync for $handle<T> {}
        impl<T> Unpin for $handle<T> {}
        impl<T> UnwindSafe for $handle<T> {}
        impl<T> RefUnwindSafe for $handle<T> {}
    };
}

/// A handle of a channel of `T`, whatever it can do.
pub trait AsChannel<T>: sealed::Sealed {
    #[doc(hidden)]
    fn raw_channel(&self) -> RawRef<'_, T>;
}

/// What [`AsChannel`] compares.
#[doc(hidden)]
pub struct RawRef<'a, T>(&'a Raw<T>);

impl<T> fmt::Debug for RawRef<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:p}", self.0.address())
    }
}

mod sealed {
    pub trait Sealed {}
    impl<T> Sealed for super::Chan<T> {}
    impl<T> Sealed for super::Sender<T> {}
    impl<T> Sealed for super::Receiver<T> {}
}

common!(Chan, SENDS + RECEIVES);
common!(Sender, SENDS);
common!(Receiver, RECEIVES);

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
            pub fn close(&self) -> bool {
                self.core().is_some_and(Core::close)
            }
        }
    };
}

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
}

sending!(Chan);
sending!(Sender);
receiving!(Chan);
receiving!(Receiver);

impl<T> Chan<T> {
    fn receiving_half(&self) -> Receiver<T> {
        self.receiver()
    }
}

impl<T> Receiver<T> {
    fn receiving_half(&self) -> Receiver<T> {
        self.clone()
    }
}
