//! Running a function once.

use super::raw_once::{RawOnce, Run};
use crate::base::location::SourceLocation;
use crate::base::touch::Touch;
use crate::points;
use crate::sched::park::WaitReason;
use std::fmt;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};

/// Runs a function once, in the first call: Go's `sync.Once`.
///
/// Every call returns after the function has finished, which happens before that return. Calls while it runs wait; that
/// parks the goroutine, or blocks the thread outside of goroutines.
///
/// A function that panics counts as run, as in Go: it is not retried.
/// [`OnceCell::get_or_init`](super::OnceCell::get_or_init) retries.
///
/// ```
/// use gochan::sync::Once;
///
/// static GREETING: Once = Once::new();
/// for _ in 0..3 {
///     GREETING.call_once(|| println!("hello"));
/// }
/// assert!(GREETING.is_completed());
/// ```
#[doc(alias = "sync.Once")]
pub struct Once {
    raw: RawOnce,
}

impl UnwindSafe for Once {}
impl RefUnwindSafe for Once {}

impl Once {
    /// A `Once` whose function has not run.
    #[cfg_attr(gochan_loom, const_fn::const_fn(cfg(not(gochan_loom))))]
    #[must_use]
    pub const fn new() -> Once {
        Once { raw: RawOnce::new() }
    }

    /// Runs `f` if no function has run yet; waits if one is running. One atomic load once it is done.
    ///
    /// # Panics
    /// If called from within the running function, which would wait for itself forever. If `f` panics; it then counts
    /// as done.
    #[doc(alias = "Do")]
    #[inline]
    #[track_caller]
    pub fn call_once(&self, f: impl FnOnce()) {
        if !self.raw.is_done() || points::are_due() {
            self.run(f, Location::caller());
        }
    }

    #[cold]
    #[track_caller]
    fn run(&self, f: impl FnOnce(), place: SourceLocation) {
        points::before(|| Touch::write(&self.raw), "Once::call_once", Some(place));
        if let Some(run) = self.raw.begin(WaitReason::Once, "Once::call_once", place) {
            // Completes even if `f` panics.
            let completed = Completed(Some(run));
            points::after("Once::call_once", Some(Location::caller()));
            f();
            // Done, but not yet visible to others.
            points::after_unpolled("Once::call_once", Some(Location::caller()));
            drop(completed);
        }
        points::after("Once::call_once", Some(Location::caller()));
    }

    /// True if the function has returned or panicked.
    #[track_caller]
    pub fn is_completed(&self) -> bool {
        points::around(|| Touch::read(&self.raw), "Once::is_completed", || self.raw.is_done())
    }
}

/// Completes the run when it is dropped.
struct Completed<'a>(Option<Run<'a>>);

impl Drop for Completed<'_> {
    fn drop(&mut self) {
        self.0.take().expect("dropped once").complete();
    }
}

impl Default for Once {
    fn default() -> Once {
        Once::new()
    }
}

impl fmt::Debug for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Once").field("completed", &self.raw.is_done()).finish()
    }
}
