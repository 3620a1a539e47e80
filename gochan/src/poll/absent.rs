//! No sources, on systems whose sockets gochan does not know: a worker has no poller.

use std::ptr::NonNull;
use std::time::{Duration, Instant};

/// Watches nothing.
#[derive(Debug)]
pub(crate) struct Home;

impl Home {
    pub(crate) fn count_waiters(&self) -> usize {
        0
    }
}

/// There never is a poller.
#[derive(Debug, Default)]
pub(crate) struct Polling;

impl Polling {
    pub(crate) fn exists(&self) -> bool {
        false
    }

    pub(crate) fn poll(&self, _: Option<Duration>, _: impl Fn(NonNull<()>)) -> usize {
        0
    }

    pub(crate) fn last(&self) -> Option<Instant> {
        None
    }

    pub(crate) fn end(&self, _: impl Fn(NonNull<()>)) {}

    pub(crate) fn begin_outside_wait(&self) {}

    pub(crate) fn end_outside_wait(&self) {}

    pub(crate) fn waits_outside(&self) -> bool {
        false
    }
}
