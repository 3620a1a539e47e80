//! Methods that channels have elsewhere, by another name. They exist for the compiler's messages, as those of
//! [`direction`](super::direction) do: their bounds never hold.

use super::{Chan, Receiver, Sender};
use crate::base::report::not_callable;

#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the capacity of a channel is `capacity()`",
    label = "write `capacity()`",
    note = "Go's `cap(ch)` is `ch.capacity()`, and `len(ch)` is `ch.len()`"
)]
pub trait HasCap {}

#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the next value of a channel is `recv()`",
    label = "write `recv()`",
    note = "it waits, and gives an `Option`: `while let Some(v) = ch.recv() {{ … }}`, or `for v in &ch {{ … }}`"
)]
pub trait HasNext {}

macro_rules! habits {
    ($($handle:ident),*; $($receiving:ident),*) => {
        $(impl<T> $handle<T> {
            #[doc(hidden)]
            pub fn cap(&self) -> usize
            where
                Self: HasCap,
            {
                not_callable()
            }
        })*
        $(impl<T> $receiving<T> {
            #[doc(hidden)]
            pub fn next(&self) -> Option<T>
            where
                Self: HasNext,
            {
                not_callable()
            }

            #[doc(hidden)]
            pub fn blocking_recv(&self) -> Option<T>
            where
                Self: HasNext,
            {
                not_callable()
            }
        })*
    };
}

habits!(Chan, Sender, Receiver; Chan, Receiver);
