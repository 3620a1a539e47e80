//! The poller of a thread that has one once something waits there for a source.

use super::poller::{Home, Poller};
use mio::Waker;
use std::cell::{Cell, RefCell};
use std::io;
use std::ptr::NonNull;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// See the module documentation; used by its own thread only.
#[derive(Debug, Default)]
pub(crate) struct Polling {
    poller: RefCell<Option<Box<Poller>>>,
    /// True if there is one.
    exists: Cell<bool>,
    /// Waits of goroutines of this thread that something outside of the process may end.
    outside: Cell<usize>,
}

impl Polling {
    #[inline]
    pub(crate) fn exists(&self) -> bool {
        self.exists.get()
    }

    /// Where sources are watched. Calls `is_new` if there was no poller yet.
    pub(crate) fn home(&self, is_new: impl FnOnce(&Arc<Home>, Waker)) -> io::Result<Arc<Home>> {
        let mut poller = self.poller.borrow_mut();
        if let Some(poller) = &*poller {
            return Ok(poller.home().clone());
        }
        let new = Box::new(Poller::new()?);
        let home = new.home().clone();
        is_new(&home, new.waker()?);
        *poller = Some(new);
        self.exists.set(true);
        Ok(home)
    }

    /// See [`Poller::poll`]. Zero if there is no poller.
    #[cold]
    #[inline(never)]
    pub(crate) fn poll(&self, time: Option<Duration>, wake: impl Fn(NonNull<()>)) -> usize {
        self.poller.borrow_mut().as_mut().map_or(0, |poller| poller.poll(time, wake))
    }

    /// When it polled last.
    pub(crate) fn last(&self) -> Option<Instant> {
        self.poller.borrow().as_ref().map(|poller| poller.last())
    }

    /// The thread ends.
    pub(crate) fn end(&self, wake: impl Fn(NonNull<()>)) {
        self.exists.set(false);
        if let Some(poller) = self.poller.take() {
            poller.end(wake);
        }
    }

    pub(crate) fn begin_outside_wait(&self) {
        self.outside.set(self.outside.get() + 1);
    }

    pub(crate) fn end_outside_wait(&self) {
        self.outside.set(self.outside.get() - 1);
    }

    pub(crate) fn waits_outside(&self) -> bool {
        self.outside.get() > 0
    }
}
