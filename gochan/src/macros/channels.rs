//! `chan!`, `send!`, `recv!` and `close!`.

/// Makes a channel: Go's `make(chan T)` and `make(chan T, capacity)`.
///
/// `chan!(T)` is unbuffered: a send waits for its receive. `chan!(T, capacity)` buffers `capacity` values; 0 makes it
/// unbuffered. Both return a [`Chan<T>`](crate::Chan), which sends and receives.
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
/// `LazyLock` of one, or an `Option` of one, where `None` is the nil channel. It is evaluated first, then the value. A
/// string literal takes the channel's type, as Go's constants do: on a `Chan<String>`, `send!(ch <- "ping")` makes a
/// `String` of it, by `From<&'static str>`.
/// The method [`Chan::send`](crate::Chan::send) does the same without panicking.
///
/// # Panics
///
/// With `send on closed channel` if the channel is closed, before or during the wait. With another message if the
/// channel has no receivers left.
///
/// # Blocking
///
/// Blocks until a receiver takes the value or the buffer has room; on a nil channel, forever. Parks the goroutine, or
/// blocks the thread outside of goroutines.
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
/// `recv!(ch)` is a `T`; once the channel is closed and drained, the zero value, which is `T`'s [`Default`]. `recv!(ch,
/// ok)` is `(T, bool)`, where the `bool` is false for such a zero value. The method [`Chan::recv`](crate::Chan::recv)
/// returns an `Option` and needs no `Default`. An [`Instant`](std::time::Instant), which has no `Default`, is zero at a time
/// before all that this process measures: `recv!(ticker.channel())` works as in Go. The statement `recv!(ch);` needs a zero value, too, because a macro does not know whether its
/// value is used: to receive and discard, write `ch.recv();`.
///
/// The channel is a [`Chan`](crate::Chan), a [`Receiver`](crate::Receiver), a reference to one, a `Box`, `Rc`, `Arc`
/// or `LazyLock` of one, or an `Option` of one, where `None` is the nil channel.
///
/// # Blocking
///
/// Blocks until there is a value or the channel is closed; on a nil channel, forever. Parks the goroutine, or blocks
/// the thread outside of goroutines.
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
/// [`Receiver`](crate::Receiver) cannot close. The method [`Chan::close`](crate::Chan::close) returns whether it closed
/// the channel, instead of panicking.
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
