//! Waiting for a number of goroutines.

use crate::sched::countdown::{Countdown, Misuse};
use crate::sched::knots::Member;
use crate::sched::park::WaitReason;
use crate::sched::spawn::JoinHandle;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

/// Waits for a collection of goroutines to finish: Go's `sync.WaitGroup`.
///
/// Clones share one counter. Count up before the spawn and count down in the goroutine, deferred first thing; or let
/// [`go`](WaitGroup::go) do both.
///
/// What a goroutine does before its `done` happens before the return of the `wait` that it ends.
///
/// ```
/// use gochan::prelude::*;
///
/// let wg = WaitGroup::new();
/// let sum = chan!(u64, 3);
/// for i in 0..3 {
///     wg.add(1);
///     go!([wg, sum] {
///         defer!(wg.done());
///         send!(sum <- i * i);
///     });
/// }
/// wg.wait();
/// assert_eq!(sum.try_iter().sum::<u64>(), 5);
/// ```
#[doc(alias = "sync.WaitGroup")]
pub struct WaitGroup {
    countdown: Arc<Countdown>,
}

impl WaitGroup {
    /// A group with a counter of zero.
    pub fn new() -> WaitGroup {
        WaitGroup { countdown: Arc::new(Countdown::new(0)) }
    }

    /// Changes the counter by `delta`, which may be negative; at zero, everybody in [`wait`](WaitGroup::wait) is
    /// released. One atomic operation unless it releases somebody.
    ///
    /// # Panics
    /// `sync: negative WaitGroup counter` if it would go below zero; the counter keeps its value. Also if it is
    /// raised from zero while somebody still waits for that zero, which is a race in the program.
    #[inline]
    #[track_caller]
    pub fn add(&self, delta: isize) {
        self.count(delta as i64, "WaitGroup::add", Some(Location::caller()));
    }

    /// Counts one goroutine down: `add(-1)`.
    ///
    /// # Panics
    /// `sync: negative WaitGroup counter` if the counter is zero.
    #[inline]
    #[track_caller]
    pub fn done(&self) {
        self.count(-1, "WaitGroup::done", Some(Location::caller()));
    }

    #[inline]
    #[track_caller]
    fn count(&self, delta: i64, what: &'static str, place: Option<&'static Location<'static>>) {
        if let Err(misuse) = self.countdown.add(delta, what, place) {
            misused(misuse);
        }
    }

    /// Waits until the counter is zero; returns at once if it is.
    ///
    /// Blocks the calling goroutine, or the calling thread outside of one.
    ///
    /// # Panics
    /// If the group is used for the next round before this call has returned, where that can be seen.
    #[inline]
    #[track_caller]
    pub fn wait(&self) {
        if let Err(misuse) = self.countdown.wait("WaitGroup::wait", WaitReason::WaitGroup, Location::caller())
        {
            misused(misuse);
        }
    }

    /// Runs `f` in a new goroutine that counts: up now, down at its end, also if it panics or exits.
    ///
    /// ```
    /// let wg = gochan::WaitGroup::new();
    /// (0..8).for_each(|i| drop(wg.go(move || println!("{i}"))));
    /// wg.wait();
    /// ```
    #[track_caller]
    pub fn go<F, T>(&self, f: F) -> JoinHandle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        struct Done(WaitGroup, Member);
        impl Drop for Done {
            fn drop(&mut self) {
                self.0.count(-1, "end of WaitGroup::go", None);
                self.0.countdown.members().remove(&self.1);
            }
        }
        let member = self.countdown.members().add();
        self.count(1, "WaitGroup::go", Some(Location::caller()));
        let mut done = Done(self.clone(), member);
        crate::sched::go(move || {
            done.0.countdown.members().start(&mut done.1);
            let _done = done;
            f()
        })
    }
}

#[cold]
#[track_caller]
fn misused(misuse: Misuse) -> ! {
    match misuse {
        Misuse::OutOfRange => panic!("sync: negative WaitGroup counter"),
        Misuse::AddDuringWait => panic!(
            "sync: WaitGroup misuse: add called concurrently with wait; call add before the wait can begin, which \
             means before the `go!`, not inside of it"
        ),
        Misuse::ReusedTooEarly => panic!("sync: WaitGroup is reused before previous wait has returned"),
    }
}

impl Clone for WaitGroup {
    /// Another handle of the same counter.
    fn clone(&self) -> WaitGroup {
        WaitGroup { countdown: self.countdown.clone() }
    }
}

impl Default for WaitGroup {
    fn default() -> WaitGroup {
        WaitGroup::new()
    }
}

impl fmt::Debug for WaitGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitGroup").field("count", &self.countdown.count()).finish()
    }
}
