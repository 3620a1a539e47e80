//! `go!` and `defer!`.

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
/// The goroutine owns what it names. "Borrow of moved value" means that the caller, or the next turn of its loop, wants
/// to go on using what a goroutine has taken along: add its name to the list. In a method, `self` is only borrowed:
/// clone the field that is needed, `[jobs = self.jobs]`. Goroutines that do borrow are started in a
/// [`scope`](crate::scope()).
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

/// Runs something at the end of the enclosing block, however it is left: Go's `defer`.
///
/// Takes an expression or statements. They run when the *block* ends, not the function as in Go, also
/// while a panic unwinds or [`goexit`](crate::runtime::goexit) ends the goroutine; several run last to
/// first. They borrow what they name, and evaluate it when they run. It is a statement: a `;` belongs behind it, also
/// at the end of a block.
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
