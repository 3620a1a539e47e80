//! What the macros expand to. Not part of the public interface.

pub use crate::chan::{CloseSide, RecvSide, SendSide, ZeroValue, close, recv, recv_ok, send};
pub use crate::context::release::with_context;
use crate::sched::spawn::JoinHandle;
pub use crate::select::private as select;
pub use crate::test::Test;
pub use gochan_macros as macros;
use std::fmt;

/// `go!`
#[inline]
#[track_caller]
pub fn go<F, T>(f: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    crate::sched::go(f)
}

/// `#[gochan::main]`; a stack size of zero means the default.
#[track_caller]
pub fn main<F, T>(stack_size: usize, f: F) -> std::process::ExitCode
where
    F: FnOnce() -> T + Send + 'static,
    T: std::process::Termination + 'static,
{
    crate::signal::dump_on_quit();
    crate::sched::main(stack_size, f)
}

/// `defer!`: runs the closure when it goes out of scope.
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

/// For tests: the other threads of the process will never act, such as one that waits for the test to end.
pub fn disregard_other_threads() {
    crate::sched::outside::disregard_other_threads();
}
