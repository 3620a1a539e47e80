//! The `$crate` wrappers: what users call, and how the procedural macros behind them find this crate.
//!
//! Each passes its input on, with `[$crate]` in front, to the macro of its name in `gochan-macros`.

/// Starts a goroutine: Go's `go` statement.
///
/// | form | meaning |
/// |---|---|
/// | `go!(f(a, b))`, `go!(x.method(a))` | receiver and arguments are evaluated now; the call runs later |
/// | `go!(\|i: i32\| { … }(i))` | a function literal and its call; captures are moved |
/// | `go!({ … })`, `go! { … }` | a block; captures are moved |
/// | `go!([a, b] …)` | any of these, after cloning `a` and `b`: the goroutine owns the clones |
///
/// In the clone list, `mut a` makes the clone assignable, and `name = expression` clones what is no
/// variable, as in `[jobs = self.jobs]`. A statement list in the macro's own braces is a block as well; a
/// lone call is a call, whatever the brackets.
///
/// The value is a [`JoinHandle`](crate::JoinHandle) for what the goroutine returns. Dropping it detaches
/// the goroutine.
///
/// # Panics
///
/// A panic while callee, receiver or arguments are evaluated is the caller's. A panic in the goroutine
/// ends that goroutine: it is reported with the place of this `go!`, and handed to whoever joins.
///
/// # Blocking
///
/// Never blocks: the goroutine runs later or elsewhere.
///
/// # Examples
///
/// ```
/// use gochan::prelude::*;
///
/// fn double(n: i32, out: Chan<i32>) {
///     send!(out <- 2 * n);
/// }
///
/// let out = chan!(i32, 3);
/// let handles = [
///     go!(double(1, out.clone())),
///     go!([out] { send!(out <- 20) }),
///     go!([out] |n: i32| { double(n, out) }(100)),
/// ];
/// for handle in handles {
///     handle.join().unwrap();
/// }
/// close!(out);
/// assert_eq!(out.iter().sum::<i32>(), 222);
/// ```
///
/// What is named without being called is refused:
///
/// ```compile_fail
/// # use gochan::prelude::*;
/// fn work() {}
/// go!(work); // `go!` runs a call, and `work` is not called
/// ```
#[doc(alias = "goroutine")]
#[doc(alias = "spawn")]
#[macro_export]
macro_rules! go {
    ($($input:tt)*) => { $crate::__private::macros::go! { [$crate] $($input)* } };
}

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
/// The channel is a [`Chan`](crate::Chan), a [`Sender`](crate::Sender), a reference to one, or an
/// `Option` of one, where `None` is the nil channel. It is evaluated first, the value next. The method
/// [`Chan::send`](crate::Chan::send) does the same without panicking.
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
/// [`Chan::recv`](crate::Chan::recv) gives an `Option` and asks for no `Default`.
///
/// The channel is a [`Chan`](crate::Chan), a [`Receiver`](crate::Receiver), a reference to one, or an
/// `Option` of one, where `None` is the nil channel.
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

/// Runs something at the end of the enclosing block, however it is left: Go's `defer`.
///
/// Takes an expression or statements. They run when the *block* ends, not the function as in Go, also
/// while a panic unwinds or [`goexit`](crate::runtime::goexit) ends the goroutine; several run last to
/// first. They borrow what they name, and evaluate it when they run.
///
/// # Panics
///
/// Never by itself. A panic of what is deferred, while another panic unwinds, ends the process, as in any
/// destructor.
///
/// # Examples
///
/// ```
/// use gochan::prelude::*;
///
/// let wg = WaitGroup::new();
/// wg.add(1);
/// go!([wg] {
///     defer!(wg.done());
///     println!("working");
/// });
/// wg.wait();
/// ```
#[macro_export]
macro_rules! defer {
    ($($input:tt)*) => { $crate::__private::macros::defer! { [$crate] $($input)* } };
}
