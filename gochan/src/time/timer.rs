//! Single times.

use crate::chan::Receiver;
use std::fmt;
use std::time::{Duration, Instant};

/// A channel that yields one time, after `d`: the moment `d` from now, however late it is received. Go's `time.After`.
///
/// The usual timeout arm of a select. It is freed at once if it is dropped before its time. The channel never closes: a
/// second receive waits forever.
///
/// Never blocks. One allocation and at most one reading of the clock.
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
#[doc(alias("time.After", "timeout"))]
#[must_use = "a timer does nothing unless its channel is received from"]
pub fn after(d: Duration) -> Receiver<Instant> {
    Receiver::timer(d, Duration::ZERO)
}

/// A single event in the future, which can be stopped or set to another time: Go's `time.Timer`.
///
/// A receive from its [`channel`](Timer::channel) waits for the event. Either one receiver gets the time, or a
/// [`stop`](Timer::stop) or [`reset`](Timer::reset) takes it back, never both.
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
///
/// A clone is another handle of the same timer.
#[doc(alias = "time.Timer")]
#[derive(Clone)]
pub struct Timer {
    channel: Receiver<Instant>,
}

impl Timer {
    /// A timer that is due after `d`. A duration beyond the clock's range never passes.
    ///
    /// Never blocks. One allocation and at most one reading of the clock.
    #[doc(alias = "time.NewTimer")]
    #[must_use = "a timer does nothing unless its channel is received from"]
    pub fn new(d: Duration) -> Timer {
        Timer { channel: after(d) }
    }

    /// The channel, which yields the moment at which the timer was due, once it is: Go's `t.C`. Clones of it remain
    /// valid without the timer.
    #[doc(alias = "C")]
    pub fn channel(&self) -> &Receiver<Instant> {
        &self.channel
    }

    /// Stops the timer: nothing is received until it is [`reset`](Timer::reset), not even a time that is due but not
    /// received. Waiting receives continue to wait.
    ///
    /// True if this call has kept the time from being received, whether or not it was due; false if the time was
    /// received or the timer was stopped before. So Go's `if !t.Stop() { <-t.C }` is not needed. Constant time, plus
    /// one wake-up for each waiting receive, which then waits anew; never blocks.
    ///
    /// ```
    /// use gochan::time::{Timer, sleep};
    /// use std::time::Duration;
    ///
    /// let timer = Timer::new(Duration::from_millis(1));
    /// sleep(Duration::from_millis(2));
    /// assert!(timer.stop(), "it is due, and was not received");
    /// assert!(!timer.stop());
    /// assert!(timer.channel().try_recv().is_err());
    /// ```
    #[doc(alias = "Stop")]
    #[track_caller]
    pub fn stop(&self) -> bool {
        self.channel.stop_timer("Timer::stop")
    }

    /// Sets the timer to `d` from now, for waiting receives as well. An earlier time that was not received is
    /// discarded.
    ///
    /// Returns the same as [`stop`](Timer::stop): true if this call has kept the earlier time from being received;
    /// false if that was received or the timer was stopped. Constant time, plus one wake-up for each waiting receive,
    /// which then waits anew; never blocks.
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
