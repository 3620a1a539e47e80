//! The three handles of a channel.

use super::channel::Channel;
use super::shared::{RECEIVES, Raw, SENDS};
use crate::base::touch::Touch;
use crate::points;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::panic::{RefUnwindSafe, UnwindSafe};
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
    pub(super) raw: Raw<T>,
}

/// The half of a channel that sends and closes: Go's `chan<- T`.
///
/// When the last handle that can send is dropped, the channel closes by itself. The [`Default`] is nil.
#[doc(alias = "chan<-")]
pub struct Sender<T> {
    pub(super) raw: Raw<T>,
}

/// The half of a channel that receives: Go's `<-chan T`.
///
/// When the last handle that can receive is dropped, sends fail and give their value back. The [`Default`] is nil.
#[doc(alias = "<-chan")]
pub struct Receiver<T> {
    pub(super) raw: Raw<T>,
}

impl<T> Chan<T> {
    /// An unbuffered channel: a send completes when a receive takes its value. `chan!(T)` is the short form.
    #[doc(alias = "make")]
    #[must_use]
    pub fn new() -> Chan<T> {
        Chan::with_capacity(0)
    }

    /// A channel that buffers up to `capacity` values. `chan!(T, capacity)` is the short form.
    ///
    /// # Panics
    /// If a buffer of that size cannot be allocated.
    #[doc(alias = "make")]
    #[track_caller]
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Chan<T> {
        Chan { raw: Raw::new(capacity, SENDS + RECEIVES) }
    }

    /// A channel whose sends never wait: it buffers what has not been received, however much that is.
    ///
    /// **Nothing holds a sender back.** If values come faster than they are received, even for a while, the buffer grows
    /// until the process runs out of memory, and each value is older when it is received. Go has no such channel. Use one
    /// with a [capacity](Chan::with_capacity) unless something else bounds the number of values, as where each is the
    /// answer to one of a limited number of requests, or where the receiver itself sends.
    ///
    /// [`capacity`](Chan::capacity) is `usize::MAX`. Slower than a channel with a capacity.
    ///
    /// ```
    /// use gochan::prelude::*;
    ///
    /// // Finds all numbers below 100 that doubling and adding one lead to; what is found is sent by the receiver.
    /// let found = Chan::unbounded();
    /// send!(found <- 1);
    /// let mut count = 0;
    /// while let Ok(number) = found.try_recv() {
    ///     count += 1;
    ///     for next in [2 * number, 2 * number + 1] {
    ///         if next < 100 {
    ///             send!(found <- next);
    ///         }
    ///     }
    /// }
    /// assert_eq!(count, 99);
    /// ```
    #[doc(alias("unbounded_channel", "mpsc::channel"))]
    pub fn unbounded() -> Chan<T> {
        Chan { raw: Raw::unbounded(SENDS + RECEIVES) }
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
    #[must_use]
    pub fn split(self) -> (Sender<T>, Receiver<T>) {
        let raw = self.raw;
        std::mem::forget(self);
        raw.split();
        (Sender { raw }, Receiver { raw })
    }

    /// A handle that can only send and close.
    #[must_use]
    pub fn sender(&self) -> Sender<T> {
        self.raw.split();
        self.raw.retain(SENDS);
        Sender { raw: self.raw }
    }

    /// A handle that can only receive.
    #[must_use]
    pub fn receiver(&self) -> Receiver<T> {
        self.raw.split();
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

/// The channel of a timer; see the module `timer`.
impl Receiver<Instant> {
    /// Ready when `after` has passed, and every `period` after that unless it is zero.
    pub(crate) fn timer(after: Duration, period: Duration) -> Receiver<Instant> {
        Receiver { raw: Raw::receive_only(Channel::timer(after, period)) }
    }

    /// The operation `what`: a moment that has not been received by now never will be. True if there was one, come or
    /// not, or ticks of a ticker.
    #[track_caller]
    pub(crate) fn stop_timer(&self, what: &'static str) -> bool {
        match self.raw.channel() {
            Some(channel) => channel.stop_timer(what),
            None => false,
        }
    }

    /// As [`Receiver::timer`], from now on. True as for [`Receiver::stop_timer`].
    #[track_caller]
    pub(crate) fn reset_timer(&self, what: &'static str, after: Duration, period: Duration) -> bool {
        match self.raw.channel() {
            Some(channel) => channel.reset_timer(what, after, period),
            None => false,
        }
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
            #[track_caller]
            pub fn len(&self) -> usize {
                points::around(|| self.looks(), "len", || self.length())
            }

            /// What reading the state of the channel touches.
            fn looks(&self) -> Touch {
                self.raw.channel().map_or(Touch::read(&()), |channel| Touch::read(&channel.header))
            }

            fn length(&self) -> usize {
                self.raw.channel().map_or(0, Channel::len)
            }

            /// How many values can be buffered. 0 for unbuffered and nil, `usize::MAX` without a bound.
            #[doc(alias = "cap")]
            pub fn capacity(&self) -> usize {
                self.raw.channel().map_or(0, Channel::capacity)
            }

            /// True if nothing is buffered now.
            #[track_caller]
            pub fn is_empty(&self) -> bool {
                points::around(|| self.looks(), "is_empty", || self.length() == 0)
            }

            /// True if nothing more can be buffered now; always, for unbuffered and nil.
            #[track_caller]
            pub fn is_full(&self) -> bool {
                points::around(|| self.looks(), "is_full", || self.length() >= self.capacity())
            }

            /// True if sends fail: the channel was closed, or no sender or no receiver is left. Buffered
            /// values may still be there.
            #[track_caller]
            pub fn is_closed(&self) -> bool {
                points::around(
                    || self.looks(),
                    "is_closed",
                    || self.raw.channel().is_some_and(Channel::is_closed),
                )
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
                self.raw.address() == other.channel_address()
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

        /// Handles of one channel are equal, as in Go.
        impl<T> PartialEq for $handle<T> {
            fn eq(&self, other: &Self) -> bool {
                self.same_channel(other)
            }
        }

        impl<T> Eq for $handle<T> {}

        /// By channel, so that channels can be the keys of maps.
        impl<T> Hash for $handle<T> {
            fn hash<H: Hasher>(&self, hasher: &mut H) {
                self.raw.address().hash(hasher);
            }
        }

        impl<T> fmt::Debug for $handle<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                if self.is_nil() {
                    return f.write_str(concat!(stringify!($handle), "(nil)"));
                }
                f.debug_struct(stringify!($handle))
                    .field("channel", &self.raw.address())
                    .field("len", &self.length())
                    .field("capacity", &self.capacity())
                    .field("closed", &self.raw.channel().is_some_and(Channel::is_closed))
                    .finish()
            }
        }

        impl<T> AsChannel<T> for $handle<T> {
            fn channel_address(&self) -> *const () {
                self.raw.address()
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

/// A handle of a channel of `T`, whichever. The trait has no name outside the crate, so only handles implement it.
pub trait AsChannel<T> {
    /// Null for nil.
    #[doc(hidden)]
    fn channel_address(&self) -> *const ();
}

common!(Chan, SENDS + RECEIVES);
common!(Sender, SENDS);
common!(Receiver, RECEIVES);
