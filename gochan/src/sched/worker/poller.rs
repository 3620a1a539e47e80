//! The poller of a worker, which wakes the goroutines that wait for descriptors. The first wait makes it.

use super::Worker;
use crate::base::policy::POLL_AFTER;
#[cfg(unix)]
use crate::poll::Home;
use crate::sched::park::Owner;
#[cfg(unix)]
use std::io;
use std::ptr::NonNull;
#[cfg(unix)]
use std::sync::Arc;
use std::time::Duration;

/// Wakes the waiter that was found in a word.
pub(crate) fn wake(waiter: NonNull<()>) {
    // SAFETY: words hold owners, and the thread that takes one out is the only one that has it.
    unsafe { Owner::from_word(waiter) }.wake();
}

/// While it lives, a goroutine waits for something outside of the process.
pub(crate) struct OutsideWait(&'static Worker);

impl Drop for OutsideWait {
    fn drop(&mut self) {
        self.0.polling.end_outside_wait();
    }
}

impl Worker {
    /// Where this worker, which is the caller's, has sources watched.
    #[cfg(unix)]
    pub(crate) fn poller_home(&self) -> io::Result<Arc<Home>> {
        self.polling.home(|home, waker| {
            self.remote.sleeper.sleep_in_poller(waker);
            let _ = self.remote.home.set(home.clone());
        })
    }

    /// The calling goroutine is about to wait for something outside of the process.
    pub(crate) fn begin_outside_wait(&'static self) -> OutsideWait {
        self.polling.begin_outside_wait();
        OutsideWait(self)
    }

    /// Looks for events, if there is a poller. True if they have woken a goroutine or thread.
    #[inline]
    pub(super) fn poll_now(&self) -> bool {
        self.polling.exists() && self.polling.poll(Some(Duration::ZERO), wake) > 0
    }

    /// As `poll_now`, unless it is too early for another look.
    #[inline]
    pub(super) fn poll_if_due(&self) {
        if self.polling.exists() && self.polling.last().is_some_and(|last| last.elapsed() >= POLL_AFTER) {
            self.poll_now();
        }
    }

    /// Sleeps until another thread wakes this one, an event wakes a goroutine or thread (then it is true), or the time
    /// is over; possibly less.
    pub(super) fn doze(&self, time: Option<Duration>) -> bool {
        if self.polling.exists() {
            return self.polling.poll(time, wake) > 0;
        }
        match time {
            Some(time) => std::thread::park_timeout(time),
            None => std::thread::park(),
        }
        false
    }

    /// The thread of this worker ends.
    pub(super) fn end_poller(&self) {
        self.polling.end(wake);
    }

    /// The number of waiters that only this worker can wake.
    pub(crate) fn count_source_waiters(&self) -> usize {
        self.remote.home.get().map_or(0, |home| home.count_waiters())
    }
}
