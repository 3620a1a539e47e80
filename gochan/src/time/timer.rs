//! A time to wait for, once.

use crate::chan::Receiver;
use std::fmt;
use std::time::{Duration, Instant};

/// A channel that yields the time, once, when `d` has passed.
///
/// The usual timeout arm of a select. Dropped before its time, it is gone at once. The channel never closes: a
/// second receive waits for ever.
///
/// Never blocks. One allocation and at most one look at the clock.
///
/// ```
/// use gochan::prelude::*;
/// use gochan::time::after;
/// use std::time::Duration;
///
/// let start = gochan::time::now();
/// let time = after(Duration::from_millis(2)).recv().expect("it does not close");
/// assert!(time - start >= Duration::from_millis(2));
/// ```
#[doc(alias = "time.After")]
#[must_use = "nothing happens unless somebody receives"]
pub fn after(d: Duration) -> Receiver<Instant> {
    Receiver::timer(d, Duration::ZERO)
}

/// A single event in the future, which can be put off, brought forward or called off: Go's `time.Timer`.
///
/// Whoever receives from its [`channel`](Timer::channel) waits for it. The time goes to one receiver.
///
/// ```
/// use gochan::time::Timer;
/// use std::time::Duration;
///
/// let timer = Timer::new(Duration::from_secs(3600));
/// assert!(timer.reset(Duration::from_millis(1)));
/// timer.channel().recv();
/// assert!(!timer.stop());
/// ```
#[doc(alias = "time.Timer")]
pub struct Timer {
    channel: Receiver<Instant>,
}

impl Timer {
    /// A timer whose time comes when `d` has passed. A duration beyond the clock's range never passes.
    ///
    /// Never blocks. One allocation and at most one look at the clock.
    #[doc(alias = "time.NewTimer")]
    #[must_use = "nothing happens unless somebody receives"]
    pub fn new(d: Duration) -> Timer {
        Timer { channel: after(d) }
    }

    /// Yields the time once it has come: Go's `t.C`. Clones of it are good for as long as anybody has one, with or
    /// without the timer.
    #[doc(alias = "C")]
    pub fn channel(&self) -> &Receiver<Instant> {
        &self.channel
    }

    /// Calls it off: nothing will be received until it is [`reset`](Timer::reset), also not a time that had come and
    /// that nobody has received. Who waits goes on waiting.
    ///
    /// True if the time had not come; false if it had, or the timer was stopped before. Constant time.
    ///
    /// ```
    /// use gochan::time::Timer;
    /// use std::time::Duration;
    ///
    /// let timer = Timer::new(Duration::from_secs(60));
    /// assert!(timer.stop());
    /// assert!(!timer.stop());
    /// assert!(timer.channel().try_recv().is_err());
    /// ```
    #[doc(alias = "Stop")]
    #[track_caller]
    pub fn stop(&self) -> bool {
        self.channel.stop_timer()
    }

    /// Makes its time the one when `d` has passed from now, for those who wait already as well. What had come before
    /// and was not received never will be.
    ///
    /// True if the earlier time had not come; false if it had, or the timer was stopped. Constant time, but for
    /// those it wakes to wait anew.
    ///
    /// ```
    /// use gochan::time::Timer;
    /// use std::time::Duration;
    ///
    /// let idle = Timer::new(Duration::from_secs(60));
    /// assert!(idle.reset(Duration::from_millis(1)));
    /// assert!(idle.channel().recv().is_some());
    /// assert!(!idle.reset(Duration::from_secs(60)), "its time had come");
    /// ```
    #[doc(alias = "Reset")]
    #[track_caller]
    pub fn reset(&self, d: Duration) -> bool {
        self.channel.reset_timer(d, Duration::ZERO)
    }
}

impl fmt::Debug for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timer").field("channel", &self.channel).finish()
    }
}
