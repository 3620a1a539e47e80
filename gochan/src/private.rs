//! The targets of macro expansions. Not part of the public interface.

pub use crate::chan::{
    CloseSide, RecvSide, SendSide, Text, ZeroValue, close, receive, send, text_makers, zero_makers,
};
pub use crate::context::release::with_context;
pub use crate::select::private as select;
use crate::spawn::join::JoinHandle;
pub use crate::spawn::local::{inherited, not_inherited};
pub use crate::spawn::main::Ending;
pub use crate::test::Test;
pub use gochan_macros as macros;
use std::fmt;

/// `go!`
// The compiler shows the line of a bound that does not hold, and with it the remedy; so do the other functions that start
// goroutines.
#[inline]
#[track_caller]
pub fn go<F, T>(f: F) -> JoinHandle<T>
where
    F: FnOnce() -> T,
    F: Send,    // use `Arc` for `Rc`, `sync::Mutex` or an atomic for cells, and lock inside
    F: 'static, // own it: `go!([name] { … })` clones; to borrow, use `gochan::scope`
    T: Send,    // the result may be joined elsewhere: return what is `Send`
    T: 'static,
{
    crate::spawn::start::go_if_possible(f)
}

/// What a goroutine takes from a clone list of `go!`.
#[inline(always)]
pub fn owned<T>(_: &T)
where
    T: Send,    // use `Arc` for `Rc`, `sync::Mutex` or an atomic for cells, and lock inside
    T: 'static, // own it: `go!([name] { … })` clones; to borrow, use `gochan::scope`
{
}

/// What `go!` asks of a goroutine's result: that it is no future. Of three methods of one name the compiler takes the
/// first that fits. Types without `Unpin`, as the futures of `async` functions are, come to the second one, and type
/// parameters to the third.
pub mod outcome {
    use super::JoinHandle;
    use std::future::Future;
    use std::marker::PhantomData;

    #[derive(Debug)]
    pub struct Outcome<T>(PhantomData<fn() -> T>);

    impl<T> Outcome<T> {
        #[inline(always)]
        pub fn of(_: &JoinHandle<T>) -> Outcome<T> {
            Outcome(PhantomData)
        }
    }

    pub trait PlainOutcome {
        #[inline(always)]
        fn is_no_future(&self) {}
    }

    impl<T: Unpin> PlainOutcome for &&Outcome<T> {}

    pub trait FutureOutcome {
        type Result;

        #[inline(always)]
        fn is_no_future(&self)
        where
            Self::Result: RunsToItsEnd,
        {
        }
    }

    impl<T: Future> FutureOutcome for &Outcome<T> {
        type Result = T;
    }

    pub trait AnyOutcome {
        #[inline(always)]
        fn is_no_future(&self) {}
    }

    impl<T> AnyOutcome for Outcome<T> {}

    #[diagnostic::on_unimplemented(
        message = "a goroutine runs plain blocking code, and this is a future, which nothing polls",
        label = "an `async` function does nothing until its future is polled",
        note = "remove `async` from the function and block in it, or wait for the future in the goroutine: \
                `go!({{ gochan::block_on(fetch(n)) }})`"
    )]
    pub trait RunsToItsEnd {}
}

/// The function of `#[gochan::main(settings = …)]`, called.
pub fn settings<F: FnOnce() -> crate::runtime::Builder>(f: F) -> crate::runtime::Builder {
    f()
}

/// `#[gochan::main]` with its settings, if it has any; a stack size of zero means the default.
#[track_caller]
pub fn main<F, T>(
    settings: Option<crate::runtime::Builder>,
    stack_size: usize,
    f: F,
) -> std::process::ExitCode
where
    F: FnOnce() -> T + Send + 'static,
    T: Ending + 'static,
{
    if let Some(Err(error)) = settings.map(crate::runtime::Builder::install) {
        crate::base::report::fatal(&format!("cannot start: {error}"));
    }
    #[cfg(unix)]
    crate::signal::dump_on_quit();
    crate::spawn::main::main(stack_size, f)
}

/// `defer!`: runs the closure when the result is dropped.
#[must_use]
pub fn defer<F: FnOnce()>(f: F) -> Deferred<F> {
    Deferred(Some(f))
}

/// A closure that runs when this is dropped.
pub struct Deferred<F: FnOnce()>(Option<F>);

impl<F: FnOnce()> Drop for Deferred<F> {
    fn drop(&mut self) {
        if let Some(f) = self.0.take() {
            f();
        }
    }
}

impl<F: FnOnce()> fmt::Debug for Deferred<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Deferred")
    }
}

/// For tests: assume that the other threads of the process never act, such as one that waits for the test to end.
pub fn disregard_other_threads() {
    crate::base::actors::disregard_other_threads();
}
