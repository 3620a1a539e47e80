//! Doing something once.

use super::raw_once::{RawOnce, Run};
use crate::sched::bubble::{between_points_touching, has_points, point, point_after, point_before_touching};
use crate::sched::park::WaitReason;
use crate::sched::touch::Touch;
use std::fmt;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};

/// Runs a function once, whoever is first: Go's `sync.Once`.
///
/// Everybody returns after it has finished, and sees what it has done. Those who come while it runs wait; that parks
/// the goroutine, or blocks the thread outside of one.
///
/// A function that panics counts as having run, as in Go: it is not tried again. Use
/// [`OnceCell::get_or_init`](super::OnceCell::get_or_init) if it should be.
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
    /// Nothing has run yet.
    #[cfg_attr(gochan_loom, const_fn::const_fn(cfg(not(gochan_loom))))]
    pub const fn new() -> Once {
        Once { raw: RawOnce::new() }
    }

    /// Runs `f` if nothing has run yet; waits if something is running. One load once it is done.
    ///
    /// # Panics
    /// If called from inside of the function that is being run, which would wait for itself for ever. And with what
    /// `f` panics with, which leaves the function done.
    #[doc(alias = "Do")]
    #[inline]
    #[track_caller]
    pub fn call_once(&self, f: impl FnOnce()) {
        if !self.raw.is_done() || has_points() {
            self.run(f, Location::caller());
        }
    }

    #[cold]
    #[track_caller]
    fn run(&self, f: impl FnOnce(), place: &'static Location<'static>) {
        point_before_touching(|| Touch::write(&self.raw), "Once::call_once", Some(place));
        if let Some(run) = self.raw.begin(WaitReason::Once, "Once::call_once", place) {
            // Whichever way `f` ends, this was it.
            let completed = Completed(Some(run));
            point("Once::call_once");
            f();
            // Done, and not seen by anybody yet.
            point_after("Once::call_once");
            drop(completed);
        }
        point("Once::call_once");
    }

    /// True if the function has run to its end, or panicked.
    #[track_caller]
    pub fn is_completed(&self) -> bool {
        between_points_touching(|| Touch::read(&self.raw), "Once::is_completed", || self.raw.is_done())
    }
}

/// Completes the run when it goes.
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
