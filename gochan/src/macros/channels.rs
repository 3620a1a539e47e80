//! `chan!`, `send!`, `recv!` and `close!`.

/// Makes a channel: Go's `make(chan T)` and `make(chan T, capacity)`.
///
/// `chan!(T)` is unbuffered: a send waits for its receive. `chan!(T, capacity)` holds `capacity` values;
/// 0 makes it unbuffered. Both give a [`Chan<T>`](crate::Chan), which sends and receives.
///
/// # Examples
///
/// ```
/// use gochan::prelude::*;
///
/// let done = chan!(());
/// let jobs = chan!(String, 16);
/// assert_eq!((done.capacity(), jobs.capacity()), (0, 16));
/// ```
#[doc(alias = "make")]
#[doc(alias = "channel")]
#[macro_export]
macro_rules! chan {
    ($($input:tt)*) => { $crate::__private::macros::chan! { [$crate] $($input)* } };
}

/// Sends on a channel: Go's `ch <- v`.
///
/// The channel is a [`Chan`](crate::Chan), a [`Sender`](crate::Sender), a reference to one, a `Box`, `Rc`, `Arc` or
/// `LazyLock` of one, or an `Option` of one, where `None` is the nil channel. It is evaluated first, the value next.
/// The method [`Chan::send`](crate::Chan::send) does the same without panicking.
///
/// # Panics
///
/// With `send on closed channel` when the channel is closed, before or during the wait; and, saying so,
/// when nobody is left who could receive.
///
/// # Blocking
///
/// Until a receiver takes the value or the buffer has room; on a nil channel for ever.
///
/// # Examples
///
/// ```
/// use gochan::prelude::*;
///
/// let ch = chan!(i32, 1);
/// send!(ch <- 40 + 2);
/// assert_eq!(recv!(ch), 42);
/// ```
#[doc(alias = "<-")]
#[macro_export]
macro_rules! send {
    ($($input:tt)*) => { $crate::__private::macros::send! { [$crate] $($input)* } };
}

/// Receives from a channel: Go's `<-ch` and `v, ok := <-ch`.
///
/// `recv!(ch)` is a `T`: once the channel is closed and drained, the zero value, which is `T`'s
/// [`Default`]. `recv!(ch, ok)` is `(T, bool)`, and the `bool` is false for such a zero value. The method
/// [`Chan::recv`](crate::Chan::recv) gives an `Option` and asks for no `Default`; it is how one waits for a time, which
/// has none: `after(d).recv()`, `ticker.channel().recv()`.
///
/// The channel is a [`Chan`](crate::Chan), a [`Receiver`](crate::Receiver), a reference to one, a `Box`, `Rc`, `Arc`
/// or `LazyLock` of one, or an `Option` of one, where `None` is the nil channel.
///
/// # Blocking
///
/// Until there is a value or the channel is closed; on a nil channel for ever.
///
/// # Examples
///
/// ```
/// use gochan::prelude::*;
///
/// let ch = chan!(i32, 1);
/// send!(ch <- 7);
/// close!(ch);
/// assert_eq!(recv!(ch, ok), (7, true));
/// assert_eq!(recv!(ch, ok), (0, false));
/// assert_eq!(recv!(ch), 0);
/// ```
#[doc(alias = "<-")]
#[doc(alias = "receive")]
#[macro_export]
macro_rules! recv {
    ($($input:tt)*) => { $crate::__private::macros::recv! { [$crate] $($input)* } };
}

/// Closes a channel: Go's `close(ch)`.
///
/// Takes a [`Chan`](crate::Chan) or a [`Sender`](crate::Sender), by value or by reference; a
/// [`Receiver`](crate::Receiver) cannot close. The method [`Chan::close`](crate::Chan::close) says
/// whether it was the one that closed instead of panicking.
///
/// # Panics
///
/// With `close of closed channel` or `close of nil channel`.
///
/// # Blocking
///
/// Never blocks.
///
/// # Examples
///
/// ```
/// use gochan::prelude::*;
///
/// let ch = chan!(i32);
/// close!(ch);
/// assert!(ch.is_closed());
/// ```
#[macro_export]
macro_rules! close {
    ($($input:tt)*) => { $crate::__private::macros::close! { [$crate] $($input)* } };
}
