//! Tests of code that uses goroutines: what [`#[gochan::test]`](macro@crate::test) does, and what a test can ask.
//!
//! ```
//! use gochan::prelude::*;
//! #[gochan::test]
//! fn workers_answer() {
//!     let (jobs, answers) = (chan!(u32), chan!(u32));
//!     go!([jobs, answers] {
//!         for job in &jobs {
//!             send!(answers <- job * 2);
//!         }
//!     });
//!     send!(jobs <- 21);
//!     assert_eq!(recv!(answers), 42);
//!     close!(jobs); // without this line: "1 goroutine is left", with the lines of its spawn and of its wait
//! }
//! ```
//!
//! # What fails a test
//!
//! The body runs as a goroutine. The test fails, besides by a panic of the body or an error that it returns,
//!
//! * if a goroutine that descends from the body is left when the body has returned and the others had a second to end;
//! * if such a goroutine panics and nobody joins it;
//! * if all of them wait, and nothing is left that could wake one: a deadlock;
//! * after its timeout, 60 seconds unless the attribute says otherwise.
//!
//! Each time the message says which goroutine was spawned where, and waits where for what. Tests run side by side in
//! one process: each has workers of its own, so one test's goroutines are never another's. What a plain thread spawns
//! belongs to no test.
//!
//! # Arguments
//!
//! | argument | |
//! |---|---|
//! | `timeout = "5s"` | how long the test may take, in `ms`, `s`, `m` or `h`; the variable `GOCHAN_TEST_TIMEOUT` overrides it, `off` included |
//! | `allow = ["name", "src/pool.rs"]` | goroutines that may be left: by name, or by the file, or `file:line`, of their spawn |
//! | `stack_size = bytes` | the body's stack; 8 MiB unless given |
//! | `crate = path` | where gochan is, if not a direct dependency |
//!
//! `#[should_panic]`, `#[ignore]` and return types such as `Result<(), E>` work as for `#[test]`, which the attribute
//! includes.

mod drive;
mod explore;
mod options;
mod plain;
mod report;
mod virtual_time;

#[doc(hidden)]
pub use options::Test;

use crate::sched::bubble::wait_for_quiet;
use std::panic::Location;

/// Waits until every other goroutine of the test waits, in a test in virtual time: then whatever had to happen by now
/// has happened. Time does not pass meanwhile.
///
/// # Panics
/// Outside of a test with `virtual_time` or `explore`.
///
/// ```
/// # use gochan::prelude::*;
/// # use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
/// # use std::time::Duration;
/// #[gochan::test(virtual_time)]
/// fn after_func_runs_at_its_time_and_not_before() {
///     static CALLED: AtomicBool = AtomicBool::new(false);
///     gochan::time::after_func(Duration::from_secs(5), || CALLED.store(true, Relaxed));
///     gochan::time::sleep(Duration::from_secs(5) - Duration::from_nanos(1));
///     gochan::test::wait();
///     assert!(!CALLED.load(Relaxed));
///     gochan::time::sleep(Duration::from_nanos(1));
///     gochan::test::wait();
///     assert!(CALLED.load(Relaxed));
/// }
/// ```
#[doc(alias = "synctest.Wait")]
#[track_caller]
pub fn wait() {
    let in_bubble = wait_for_quiet(Location::caller());
    assert!(in_bubble, "test::wait is for goroutines of a test with `virtual_time` or `explore`");
}

/// The default of `timeout`.
const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(60);
