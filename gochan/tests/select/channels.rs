//! Channels that an arm finds ready.

use gochan::prelude::*;

/// A channel of one place with a value in it.
pub(crate) fn full<T>(value: T) -> Chan<T> {
    let ch = Chan::with_capacity(1);
    assert!(ch.try_send(value).is_ok());
    ch
}

pub(crate) fn closed<T>() -> Chan<T> {
    let ch = Chan::new();
    close!(ch);
    ch
}
