//! Periodic times.

use crate::chan::Receiver;
use std::fmt;
use std::time::{Duration, Instant};

/// A channel that yields a time every `d`: the channel of a [`Ticker`] that cannot be stopped or reset. The nil channel
/// if `d` is zero, as in Go.
///
/// It is freed with its last handle.
///
/// ```
/// use std::time::Duration;
///
/// for time in gochan::time::tick(Duration::from_millis(1)).iter().take(3) {
///     println!("{time:?}");
/// }
/// assert!(gochan::time::tick(Duration::ZERO).is_nil());
/// ```
#[doc(alias("time.Tick", "interval"))]
#[must_use = "a ticker does nothing unless its channel is received from"]
pub fn tick(d: Duration) -> Receiver<Instant> {
    if d.is_zero() { Receiver::nil() } else { ticking(d) }
}

fn ticking(period: Duration) -> Receiver<Instant> {
    Receiver::timer(period, period)
}

/// Ticks at regular intervals: Go's `time.Ticker`.
///
/// Each tick goes to one receiver of its [`channel`](Ticker::channel), and its value is the moment it was due. At most
/// one tick waits to be received: a slow receiver gets the first tick it has missed, the others are dropped, and the
/// next keeps the phase, that is, it comes a whole number of periods after the beginning. With a period of 20 ms,
/// receives that begin after 110 ms yield the moments at 20, 120 and 140 ms.
///
/// ```
/// use gochan::time::Ticker;
/// use std::time::Duration;
///
/// let ticker = Ticker::new(Duration::from_millis(2));
/// ticker.channel().recv();
/// ticker.reset(Duration::from_millis(1));
/// ticker.channel().recv();
/// assert!(ticker.stop());
/// assert!(ticker.channel().try_recv().is_err());
/// ```
///
/// A clone is another handle of the same ticker.
#[doc(alias = "time.Ticker")]
#[derive(Clone)]
pub struct Ticker {
    channel: Receiver<Instant>,
}

impl Ticker {
    /// A ticker whose first tick comes after `period`.
    ///
    /// Never blocks. One allocation and one reading of the clock; a tick that is not waited for costs nothing.
    ///
    /// # Panics
    /// `non-positive interval for NewTicker` if `period` is zero.
    #[doc(alias = "time.NewTicker")]
    #[must_use = "a ticker does nothing unless its channel is received from"]
    #[track_caller]
    pub fn new(period: Duration) -> Ticker {
        assert!(!period.is_zero(), "non-positive interval for NewTicker");
        Ticker { channel: ticking(period) }
    }

    /// The channel of ticks, which yields the moment of each: Go's `t.C`. It never closes.
    #[doc(alias = "C")]
    pub fn channel(&self) -> &Receiver<Instant> {
        &self.channel
    }

    /// Stops the ticks until the next [`reset`](Ticker::reset), and discards a tick that is due but not received. The
    /// channel does not close: waiting receives continue to wait.
    ///
    /// True if it was ticking; Go's `Stop` returns nothing. Constant time, plus one wake-up for each waiting receive,
    /// which then waits anew; never blocks.
    ///
    /// ```
    /// use gochan::time::Ticker;
    /// use std::time::Duration;
    ///
    /// let ticker = Ticker::new(Duration::from_millis(1));
    /// ticker.channel().recv();
    /// assert!(ticker.stop());
    /// assert!(ticker.channel().try_recv().is_err() && !ticker.channel().is_closed());
    /// ```
    #[doc(alias = "Stop")]
    #[track_caller]
    pub fn stop(&self) -> bool {
        self.channel.stop_timer("Ticker::stop")
    }

    /// Stops it and starts it with a new period from now on, for waiting receives as well. A tick that is due but not
    /// received is discarded.
    ///
    /// True if it was ticking; Go's `Reset` returns nothing. Constant time, plus one wake-up for each waiting receive,
    /// which then waits anew; never blocks.
    ///
    /// # Panics
    /// `non-positive interval for Ticker.Reset` if `period` is zero.
    #[doc(alias = "Reset")]
    #[track_caller]
    pub fn reset(&self, period: Duration) -> bool {
        assert!(!period.is_zero(), "non-positive interval for Ticker.Reset");
        self.channel.reset_timer("Ticker::reset", period, period)
    }
}

impl fmt::Debug for Ticker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticker").field("channel", &self.channel).finish()
    }
}
