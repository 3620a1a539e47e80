//! Functions for the calling goroutine: yielding, ending, counting goroutines.

use crate::base::touch::Touch;
use crate::points;
use crate::sched::count::known_goroutines;
use crate::sched::fresh;
use crate::sched::here::current_id;
use crate::sched::worker::Worker;
use std::panic::Location;

/// Lets every goroutine that is runnable on this worker run before the caller goes on.
///
/// Operations that may wait yield by themselves after a few hundred that did not have to wait. A loop without them keeps the
/// other goroutines of its worker waiting: one that computes, or that polls a channel's length or a value behind a lock. Such
/// a loop should call this. [`select!`](macro@crate::select) with `default`,
/// [`Context::err`](crate::context::Context::err) and [`check`](crate::context::Context::check) yield if the goroutine has
/// had its worker for 10 ms, where the [stack shows](crate#safety) that this is safe: not in an executable without symbols.
///
/// Outside of a goroutine it yields the thread. While a panic unwinds it does nothing.
///
/// ```
/// gochan::runtime::gosched();
/// ```
#[doc(alias = "Gosched")]
#[inline(always)]
#[track_caller]
pub fn gosched() {
    match Worker::current() {
        Some(worker) => worker.yield_now(Location::caller()),
        None => std::thread::yield_now(),
    }
}

/// Ends the calling goroutine, running its destructors and deferred code, innermost first.
///
/// This is not a panic: nothing is reported, other goroutines run on, and `join` returns a [`Goexit`](fresh::Goexit) as its
/// error. If the main goroutine calls it, the program runs until all other goroutines have ended, and then reports a
/// deadlock, as Go does. Code that catches panics can also catch this, and should resume it.
///
/// It unwinds the stack. With `panic = "abort"` in the profile a stack cannot be unwound, and the process aborts with a
/// message.
///
/// # Panics
/// If called outside of a goroutine.
///
/// ```
/// let handle = gochan::go!(|| { gochan::runtime::goexit() }());
/// let error = handle.join().unwrap_err();
/// assert!(error.is::<gochan::runtime::Goexit>());
/// ```
#[doc(alias = "Goexit")]
#[track_caller]
pub fn goexit() -> ! {
    assert!(
        current_id().is_some(),
        "goexit outside of a goroutine: return from the thread's function instead"
    );
    fresh::raise_goexit()
}

/// The number of processors that this process may use, which is the default number of workers. At least 1.
///
/// ```
/// assert!(gochan::runtime::num_cpu() >= 1);
/// ```
#[doc(alias("NumCPU", "GOMAXPROCS"))]
pub fn num_cpu() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// The number of goroutines that have been spawned and have not ended. Under `#[gochan::main]` it includes main.
///
/// A snapshot: it is exact if no goroutine is spawned or ends at the same time.
#[doc(alias = "NumGoroutine")]
#[track_caller]
pub fn num_goroutine() -> usize {
    points::around(|| Touch::EVERYTHING, "num_goroutine", known_goroutines)
}
