//! A time to wait for, once.

use crate::chan::Receiver;
use std::fmt;
use std::time::{Duration, Instant};

/// A channel that yields a time, once, when `d` has passed: the moment `d` from now, however late it is received.
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
/// A receive from its [`channel`](Timer::channel) waits for it. The time goes to one receiver, or to the
/// [`stop`](Timer::stop) or [`reset`](Timer::reset) that takes it back, never to both.
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

    /// Yields the moment the timer was due, once it has come: Go's `t.C`. Clones of it are good for as long as there is
    /// one, with or without the timer.
    #[doc(alias = "C")]
    pub fn channel(&self) -> &Receiver<Instant> {
        &self.channel
    }

    /// Calls it off: nothing will be received until it is [`reset`](Timer::reset), also not a time that has come and
    /// that nobody has received. A receive that waits goes on waiting.
    ///
    /// True if this call has kept the time from being received, whether it had come or not; false if it was received or
    /// the timer was stopped before. So Go's `if !t.Stop() { <-t.C }` is harmless, and superfluous. Constant time, but for
    /// the receives it wakes to wait anew; never blocks.
    ///
    /// ```
    /// use gochan::time::{Timer, sleep};
    /// use std::time::Duration;
    ///
    /// let timer = Timer::new(Duration::from_millis(1));
    /// sleep(Duration::from_millis(2));
    /// assert!(timer.stop(), "its time has come, and nobody has received it");
    /// assert!(!timer.stop());
    /// assert!(timer.channel().try_recv().is_err());
    /// ```
    #[doc(alias = "Stop")]
    #[track_caller]
    pub fn stop(&self) -> bool {
        self.channel.stop_timer("Timer::stop")
    }

    /// Makes its time the one when `d` has passed from now, also for receives that wait already. An earlier time that
    /// was not received never will be.
    ///
    /// Answers as [`stop`](Timer::stop) does: true if this call has kept the earlier time from being received; false if
    /// that was received or the timer was stopped. Constant time, but for the receives it wakes to wait anew; never
    /// blocks.
    ///
    /// ```
    /// use gochan::time::Timer;
    /// use std::time::Duration;
    ///
    /// let idle = Timer::new(Duration::from_secs(60));
    /// assert!(idle.reset(Duration::from_millis(1)));
    /// assert!(idle.channel().recv().is_some());
    /// assert!(!idle.reset(Duration::from_secs(60)), "its time was received");
    /// ```
    #[doc(alias = "Reset")]
    #[track_caller]
    pub fn reset(&self, d: Duration) -> bool {
        self.channel.reset_timer("Timer::reset", d, Duration::ZERO)
    }
}

impl fmt::Debug for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timer").field("channel", &self.channel).finish()
    }
}
