//! A time to wait for, again and again.

use crate::chan::Receiver;
use std::fmt;
use std::time::{Duration, Instant};

/// A channel that yields a time every `d`: the channel of a [`Ticker`] that nobody will stop or reset. For zero it is
/// the nil channel, as in Go.
///
/// When the last handle is dropped, it is gone.
///
/// ```
/// use std::time::Duration;
///
/// for time in gochan::time::tick(Duration::from_millis(1)).iter().take(3) {
///     println!("{time:?}");
/// }
/// assert!(gochan::time::tick(Duration::ZERO).is_nil());
/// ```
#[doc(alias = "time.Tick")]
#[must_use = "nothing happens unless somebody receives"]
pub fn tick(d: Duration) -> Receiver<Instant> {
    if d.is_zero() { Receiver::nil() } else { ticking(d) }
}

fn ticking(period: Duration) -> Receiver<Instant> {
    Receiver::timer(period, period)
}

/// Ticks at regular intervals: Go's `time.Ticker`.
///
/// Each tick goes to one receiver of its [`channel`](Ticker::channel), and its value is the moment it was due. At most
/// one tick waits to be received: a slow receiver gets the first tick it has missed, the others are dropped, and the next
/// keeps the phase, that is, it comes at a whole number of periods after the beginning. With a period of 20 ms, receives
/// that begin after 110 ms yield the moments at 20, 120 and 140 ms.
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
#[doc(alias = "time.Ticker")]
pub struct Ticker {
    channel: Receiver<Instant>,
}

impl Ticker {
    /// A ticker whose first tick comes when `period` has passed.
    ///
    /// Never blocks. One allocation and one look at the clock; a tick costs nothing unless somebody waits for it.
    ///
    /// # Panics
    /// `non-positive interval for NewTicker` if `period` is zero.
    #[doc(alias = "time.NewTicker")]
    #[must_use = "nothing happens unless somebody receives"]
    #[track_caller]
    pub fn new(period: Duration) -> Ticker {
        assert!(!period.is_zero(), "non-positive interval for NewTicker");
        Ticker { channel: ticking(period) }
    }

    /// Yields the moment of each tick: Go's `t.C`. It never closes.
    #[doc(alias = "C")]
    pub fn channel(&self) -> &Receiver<Instant> {
        &self.channel
    }

    /// Ends the ticks, also one that has come and that nobody has received, until it is [`reset`](Ticker::reset).
    /// The channel does not close: a receive that waits goes on waiting.
    ///
    /// True if it was ticking; Go's `Stop` does not tell. Constant time, but for the receives it wakes to wait anew; never
    /// blocks.
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

    /// Stops it and lets it tick with a new period from now on, also for receives that wait already. A tick that has come
    /// and was not received never will be.
    ///
    /// True if it was ticking; Go's `Reset` does not tell. Constant time, but for the receives it wakes to wait anew; never
    /// blocks.
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
