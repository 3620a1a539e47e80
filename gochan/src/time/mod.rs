//! Time for goroutines: sleeping, timers and tickers.
//!
//! | Go | here |
//! |---|---|
//! | `time.Sleep(d)` | [`sleep`] |
//! | `<-time.After(d)` | [`after`]`(d).recv()`, `<-after(d) => …` in `select!` |
//! | `time.Tick(d)` | [`tick`] |
//! | `time.NewTimer(d)`, `t.C`, `t.Stop()`, `t.Reset(d)` | [`Timer::new`], [`Timer::channel`], [`Timer::stop`], [`Timer::reset`] |
//! | `time.NewTicker(d)` | [`Ticker::new`] |
//! | `time.AfterFunc(d, f)` | [`after_func`] |
//! | `time.Now()` | [`now`] |
//!
//! ```
//! use gochan::prelude::*;
//! use gochan::time::Ticker;
//! use std::time::Duration;
//!
//! let answers = chan!(u32, 1);
//! go!([answers] { send!(answers <- 42) });
//!
//! let progress = Ticker::new(Duration::from_millis(50));
//! let timeout = after(Duration::from_secs(5));
//! let answer = loop {
//!     select! {
//!         answer = <-answers => break Some(answer),
//!         <-progress.channel() => println!("still waiting"),
//!         <-timeout => break None,
//!     }
//! };
//! assert_eq!(answer, Some(42));
//! ```
//!
//! The rules are those of Go 1.23 and later: a timer needs no draining. [`Timer::stop`] and [`Timer::reset`] take back
//! a time that is due but not received, and return true; afterwards no receive gets an earlier time. A timer or ticker
//! without references is freed at once, stopped or not.
//!
//! The received [`Instant`] is the moment at which the timer was due, however late the receive.
//!
//! # How timers work here
//!
//! The channel of a timer holds no values, and no alarm is set for it. It knows the time from which it is ready; a
//! receive or select after that takes the time, and an earlier one waits with it as its own deadline. So
//!
//! * making a timer costs one allocation and one reading of the clock; a timer that is never waited for, such as the
//!   timeout arm of a select that was quick, costs nothing more;
//! * waiting for it costs the same as [`sleep`]: logarithmic in the number of sleepers on this worker, and no lock
//!   beyond the channel's;
//! * stopping or dropping a timer leaves nothing behind;
//! * `len()` and `capacity()` are 0, and the channel never closes.
//!
//! No wait ends early. How late it ends depends on the goroutine's worker: a goroutine that computes for long without
//! waiting delays the others on its worker. Functions of [`after_func`] then run on other workers.
//!
//! A duration beyond the clock's range never passes; there is no overflow.

mod func;
mod ticker;
mod timer;

pub use func::{FuncTimer, after_func};
pub use ticker::{Ticker, tick};
pub use timer::{Timer, after};

use crate::base::clock;
use crate::sched::park::{Parker, WaitReason};
use std::panic::Location;
use std::time::{Duration, Instant};

/// The current time of the clock that deadlines use: virtual in tests with virtual time.
///
/// ```
/// let before = gochan::time::now();
/// assert!(gochan::time::now() >= before);
/// ```
#[doc(alias = "time.Now")]
#[inline]
pub fn now() -> Instant {
    clock::now()
}

/// Parks the calling goroutine, or blocks the thread outside of goroutines, for at least `d`; zero yields.
///
/// The worker runs other goroutines meanwhile. A duration beyond the clock's range sleeps forever. Logarithmic in the
/// number of sleepers on the worker.
///
/// ```
/// use std::time::Duration;
/// gochan::time::sleep(Duration::from_millis(1));
/// ```
#[doc(alias = "time.Sleep")]
#[track_caller]
pub fn sleep(d: Duration) {
    if d.is_zero() {
        return crate::spawn::current::gosched();
    }
    let parker = Parker::current();
    match clock::deadline(d) {
        Some(deadline) => parker.sleep_until(deadline, WaitReason::Sleep, Location::caller()),
        None => loop {
            parker.park(WaitReason::Sleep, Location::caller());
        },
    }
}
