//! Time for goroutines: pausing, timers, tickers.
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
//! The rules are those of Go 1.23 and later: a timer needs no draining. A time that has come and that nobody has received
//! is still the timer's: [`Timer::stop`] and [`Timer::reset`] take it back and say true. Once they have returned, no
//! receive gets a time from before. A timer or ticker that nobody refers to any more is gone at once, stopped or not.
//!
//! The [`Instant`] that is received is the moment the timer was due, however late the receive.
//!
//! # How timers work here
//!
//! The channel of a timer holds no values and nothing rings for it. It knows from when on it is ready; a receive, or
//! a select, that comes later takes the time, and one that comes earlier waits with that time as its own deadline. So
//!
//! * making a timer costs an allocation and a look at the clock, whatever happens to it; one that nobody waits for,
//!   such as the timeout arm of a select that was quick, costs nothing further;
//! * waiting for it costs the same as [`sleep`]: logarithmic in the number of sleepers on this worker, and no lock
//!   beyond the channel's;
//! * stopping or dropping a timer leaves nothing behind that would have to wait for its time;
//! * `len()` and `capacity()` are 0, and the channel never closes.
//!
//! Nothing ever wakes early. How late depends on how soon the goroutine's worker comes round to it: a goroutine that
//! computes for long without waiting delays the others of its worker. Functions of [`after_func`] are taken over by
//! other workers then.
//!
//! A duration beyond the range of the clock never passes; there is no overflow.

mod func;
mod ticker;
mod timer;

pub use func::{FuncTimer, after_func};
pub use ticker::{Ticker, tick};
pub use timer::{Timer, after};

use crate::sched::clock;
use crate::sched::park::{Parker, WaitReason};
use std::panic::Location;
use std::time::{Duration, Instant};

/// The time by the clock that deadlines are measured by.
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
    match clock::deadline(d) {
        Some(deadline) => parker.sleep_until(deadline, WaitReason::Sleep, Location::caller()),
        None => loop {
            parker.park(WaitReason::Sleep, Location::caller());
        },
    }
}
