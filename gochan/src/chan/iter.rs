//! Ranging over a channel.

use super::channel::Channel;
use super::handle::Receiver;
use std::fmt;
use std::panic::Location;

/// The values to come; see `iter` of [`Chan`](super::Chan) and [`Receiver`].
#[must_use = "iterators do nothing unless consumed"]
pub struct Iter<'a, T> {
    channel: Option<&'a Channel<T>>,
}

/// The values that are there; see `try_iter` of [`Chan`](super::Chan) and [`Receiver`].
#[must_use = "iterators do nothing unless consumed"]
pub struct TryIter<'a, T> {
    channel: Option<&'a Channel<T>>,
}

/// The values to come, from a handle given up for them.
#[must_use = "iterators do nothing unless consumed"]
pub struct IntoIter<T> {
    receiver: Receiver<T>,
}

impl<'a, T> Iter<'a, T> {
    pub(super) fn new(channel: Option<&'a Channel<T>>) -> Self {
        Iter { channel }
    }
}

impl<'a, T> TryIter<'a, T> {
    pub(super) fn new(channel: Option<&'a Channel<T>>) -> Self {
        TryIter { channel }
    }
}

impl<T> IntoIter<T> {
    pub(super) fn new(receiver: Receiver<T>) -> Self {
        IntoIter { receiver }
    }
}

impl<T> Iterator for Iter<'_, T> {
    type Item = T;

    #[cfg_attr(not(debug_assertions), inline(always))]
    #[track_caller]
    fn next(&mut self) -> Option<T> {
        match self.channel {
            Some(channel) => channel.recv(Location::caller()),
            // gochan-lint: allow(nil_channel) an iterator over nil waits for ever, as Go's range does
            None => Receiver::nil().recv(),
        }
    }
}

impl<T> Iterator for TryIter<'_, T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        self.channel?.try_recv().ok()
    }
}

impl<T> Iterator for IntoIter<T> {
    type Item = T;

    #[cfg_attr(not(debug_assertions), inline(always))]
    #[track_caller]
    fn next(&mut self) -> Option<T> {
        self.receiver.recv()
    }
}

impl<T> std::iter::FusedIterator for Iter<'_, T> {}
impl<T> std::iter::FusedIterator for IntoIter<T> {}

macro_rules! debug {
    ($($name:ident $(<$lifetime:lifetime>)?),*) => {$(
        impl<T> fmt::Debug for $name<$($lifetime,)? T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )*};
}

debug!(Iter<'_>, TryIter<'_>, IntoIter);
