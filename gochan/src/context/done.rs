//! The channel that closes when a scope ends. It is made when somebody first asks for it.

use crate::chan::{Chan, Receiver, Sender};
use crate::sched::bubble;
use crate::shim::atomic::{AtomicBool, Ordering::*};
use std::cell::UnsafeCell;

/// Both halves, once they are made. Nothing is ever sent.
pub(super) struct Done {
    made: AtomicBool,
    halves: UnsafeCell<Option<(Sender<()>, Receiver<()>)>>,
}

// SAFETY: the halves are written once, before `made` is set, and only read after that.
unsafe impl Sync for Done {}

impl Drop for Done {
    fn drop(&mut self) {
        if bubble::has_points()
            && let Some(halves) = self.halves.get_mut().take()
        {
            // The scope has ended, so the channel is closed: its end tells nobody anything.
            bubble::unseen(|| drop(halves));
        }
    }
}

impl Done {
    pub(super) fn new() -> Done {
        Done { made: AtomicBool::new(false), halves: UnsafeCell::new(None) }
    }

    #[inline]
    fn halves(&self) -> Option<&(Sender<()>, Receiver<()>)> {
        // Acquire pairs with the Release of `make`.
        if !self.made.load(Acquire) {
            return None;
        }
        // SAFETY: it has been written, and will not be again.
        unsafe { (*self.halves.get()).as_ref() }
    }

    #[inline]
    pub(super) fn receiver(&self) -> Option<&Receiver<()>> {
        self.halves().map(|halves| &halves.1)
    }

    /// What closes the channel, if there is one.
    #[inline]
    pub(super) fn sender(&self) -> Option<&Sender<()>> {
        self.halves().map(|halves| &halves.0)
    }

    /// Makes the channel; gives the one back that is not needed, if there is one already.
    ///
    /// # Safety
    /// One thread at a time.
    pub(super) unsafe fn make(&self, channel: Chan<()>) -> Option<Chan<()>> {
        if self.made.load(Relaxed) {
            return Some(channel);
        }
        // SAFETY: nobody looks at the halves before `made` is set, and nobody else writes, by the caller's promise.
        unsafe { *self.halves.get() = Some(channel.split()) };
        self.made.store(true, Release);
        None
    }
}
