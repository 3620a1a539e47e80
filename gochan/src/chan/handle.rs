//! The three handles of a channel.

use super::core::Core;
use super::shared::{RECEIVES, Raw, SENDS};
use crate::sched::bubble::between_points_touching;
use crate::sched::touch::Touch;
use std::fmt;
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
        raw.split();
        (Sender { raw }, Receiver { raw })
    }

    /// A handle that can only send and close.
    pub fn sender(&self) -> Sender<T> {
        self.raw.split();
        self.raw.retain(SENDS);
        Sender { raw: self.raw }
    }

    /// A handle that can only receive.
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

/// The channel of a timer; see [`super::timer`].
impl Receiver<Instant> {
    /// Ready when `after` has passed, and every `period` after that unless it is zero.
    pub(crate) fn timer(after: Duration, period: Duration) -> Receiver<Instant> {
        Receiver { raw: Raw::receive_only(Core::timer(after, period)) }
    }

    /// The operation `what`: what has not been received by now never will be. True if there was something that could
    /// have been: a moment, come or not, or the ticks of a ticker.
    #[track_caller]
    pub(crate) fn stop_timer(&self, what: &'static str) -> bool {
        match self.core() {
            Some(core) => core.stop_timer(what),
            None => false,
        }
    }

    /// As [`Receiver::timer`], from now on. True as for [`Receiver::stop_timer`].
    #[track_caller]
    pub(crate) fn reset_timer(&self, what: &'static str, after: Duration, period: Duration) -> bool {
        match self.core() {
            Some(core) => core.reset_timer(what, after, period),
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
                between_points_touching(|| self.looks(), "len", || self.length())
            }

            /// What a look at the channel touches.
            fn looks(&self) -> Touch {
                self.raw.core().map_or(Touch::read(&()), |core| Touch::read(&core.head))
            }

            fn length(&self) -> usize {
                self.raw.core().map_or(0, Core::len)
            }

            /// How many values can be buffered. 0 for unbuffered and nil.
            #[doc(alias = "cap")]
            pub fn capacity(&self) -> usize {
                self.raw.core().map_or(0, Core::capacity)
            }

            /// True if nothing is buffered now.
            #[track_caller]
            pub fn is_empty(&self) -> bool {
                between_points_touching(|| self.looks(), "is_empty", || self.length() == 0)
            }

            /// True if nothing more can be buffered now; always, for unbuffered and nil.
            #[track_caller]
            pub fn is_full(&self) -> bool {
                between_points_touching(|| self.looks(), "is_full", || self.length() >= self.capacity())
            }

            /// True if sends fail: somebody closed the channel, or nobody is left to send or to receive. Buffered
            /// values may still be there.
            #[track_caller]
            pub fn is_closed(&self) -> bool {
                between_points_touching(
                    || self.looks(),
                    "is_closed",
                    || self.raw.core().is_some_and(Core::is_closed),
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
                    .field("len", &self.length())
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
