//! `go!` and `defer!`.

/// Starts a goroutine: Go's `go` statement.
///
/// | form | meaning |
/// |---|---|
/// | `go!(f(a, b))`, `go!(x.method(a))` | receiver and arguments are evaluated now; the call runs in the goroutine |
/// | `go!([ctx] f(&ctx, a))` | `&` or `&mut` of a name of the list, or of a part of it: the goroutine owns and borrows it |
/// | `go!(f(&make(), a))` | `&` or `&mut` of a value: it is made now, and the goroutine owns and borrows it |
/// | `go!([ch] ch.iter().sum::<u64>())` | a receiver that begins at a name of the list: the goroutine evaluates it |
/// | `go!(\|i: i32\| { … }(i))` | a function literal and its call; captures are moved |
/// | `go!({ … })`, `go! { … }` | a block; captures are moved |
/// | `go!([a, b] …)` | any of these, after cloning `a` and `b`: the goroutine owns the clones |
///
/// In the clone list, `mut a` makes the clone mutable, and `name = expression` clones an expression, as in `[jobs =
/// self.jobs]`. Statements directly in the macro's braces are a block; a lone call is a call in any brackets.
///
/// The goroutine owns the variables that it names. "Borrow of moved value" means that the caller, or the next iteration
/// of its loop, still uses a variable that a goroutine has taken: add its name to the list. In a method, `self` is only
/// borrowed: clone the field, `[jobs = self.jobs]`. Start goroutines that borrow in a [`scope`](crate::scope()).
///
/// Where a function takes one half of a channel, pass `ch.sender()` or `ch.receiver()`, or `ch.into()` to give the channel
/// away. A call of an `async` function is an error, since nothing would poll its future.
///
/// The value is a [`JoinHandle`](crate::JoinHandle) for the result of the goroutine. Dropping it detaches the
/// goroutine.
///
/// # Panics
///
/// A panic while the callee, receiver or arguments are evaluated unwinds the caller. A panic in the goroutine ends that
/// goroutine: it is reported with the place of this `go!`, and returned by `join`.
///
/// # Blocking
///
/// Never blocks: the goroutine runs later or on another worker. But a goroutine that has run for 10 ms yields when it
/// spawns, so that a loop of spawns does not hold up what it has started; except where it may be inside a
/// `thread_local!` initialiser or another recognised [scope of the thread](crate#safety).
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
/// A function that is named but not called is an error:
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

/// Statements that only rust-analyzer sees.
#[cfg(rust_analyzer)]
#[doc(hidden)]
#[macro_export]
macro_rules! __in_editor {
    // In a block, where the variables are also in scope behind the last statement.
    ($($statements:tt)*) => { { $($statements)* } };
}

/// Statements that only rust-analyzer sees.
#[cfg(not(rust_analyzer))]
#[doc(hidden)]
#[macro_export]
macro_rules! __in_editor {
    ($($statements:tt)*) => {};
}

/// Runs code at the end of the enclosing block, however it is left: Go's `defer`.
///
/// Takes an expression or statements. They run when the *block* ends, not the function as in Go, even while a panic
/// unwinds or [`goexit`](crate::runtime::goexit) ends the goroutine; several run last to first. They borrow the
/// variables that they name, and evaluate them when they run, while Go evaluates arguments at the `defer` statement.
/// `defer!` is a statement: end it with `;`, even at the end of a block.
///
/// # Panics
///
/// Never by itself. A panic of the deferred code while another panic unwinds ends the process, as in any destructor.
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
