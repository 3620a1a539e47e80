//! Time for goroutines.

mod func;

pub use func::{FuncTimer, after_func};

use crate::sched::clock::deadline;
use crate::sched::park::{Parker, WaitReason};
use std::panic::Location;
use std::time::Duration;

/// Pauses the calling goroutine, or thread outside of one, for at least `d`; zero yields.
///
/// The worker serves other goroutines meanwhile. A duration beyond the clock's range sleeps for ever.
///
/// ```
/// use std::time::Duration;
/// gochan::time::sleep(Duration::from_millis(1));
/// ```
#[doc(alias = "time.Sleep")]
#[track_caller]
pub fn sleep(d: Duration) {
    if d.is_zero() {
        return crate::runtime::gosched();
    }
    let parker = Parker::current();
    match deadline(d) {
        Some(deadline) => parker.sleep_until(deadline, WaitReason::Sleep, Location::caller()),
        None => loop {
            parker.park(WaitReason::Sleep, Location::caller());
        },
    }
}
