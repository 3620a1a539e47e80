//! The clock: the one place where the runtime asks what time it is for a deadline.

use std::time::Instant;

/// The time now.
#[inline]
pub(crate) fn now() -> Instant {
    Instant::now()
}
