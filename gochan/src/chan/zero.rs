//! What a receive of the macros yields once the channel is closed and drained: Go's zero value.

use super::macro_ops::{ChannelRef, RecvSide};
use super::nil::park_for_ever;
use crate::base::clock;
use crate::sched::park::WaitReason;
use std::fmt;
use std::marker::PhantomData;
use std::panic::Location;
use std::time::Instant;

/// A type with a zero value, which Go's receive yields once a channel is closed and drained: any `Default`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no zero value, which this receive yields once the channel is closed and drained",
    label = "receives a `{Self}`, which is not `Default`",
    note = "derive or implement `Default`; or do without the zero value: in `select!` with the arm `Some(v) = <-ch`, \
            elsewhere with `ch.recv()`, which gives an `Option`; to receive and discard, write `ch.recv();`"
)]
pub trait ZeroValue {
    #[doc(hidden)]
    fn zero() -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Default> ZeroValue for T {
    fn zero() -> T {
        T::default()
    }
}

/// The type whose zero value is wanted. Of three methods of one name the compiler takes the first that fits: the one of
/// [`Default`]s, then that of times, which have none, and else one that is an error.
pub struct Zero<T>(PhantomData<fn() -> T>);

impl<T> Zero<T> {
    #[inline(always)]
    pub(crate) fn new() -> Zero<T> {
        Zero(PhantomData)
    }
}

impl<T> fmt::Debug for Zero<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Zero")
    }
}

/// The methods of [`Zero`].
#[doc(hidden)]
pub mod makers {
    use super::{Instant, Zero, ZeroValue, clock};

    pub trait OfDefault<T> {
        fn maker(&self) -> fn() -> T;
    }

    impl<T: Default> OfDefault<T> for &&Zero<T> {
        #[inline(always)]
        fn maker(&self) -> fn() -> T {
            T::default
        }
    }

    pub trait OfTime {
        fn maker(&self) -> fn() -> Instant;
    }

    impl OfTime for &Zero<Instant> {
        #[inline(always)]
        fn maker(&self) -> fn() -> Instant {
            clock::beginning
        }
    }

    pub trait OfNothing {
        type Item;

        fn maker(&self) -> fn() -> Self::Item
        where
            Self::Item: ZeroValue;
    }

    impl<T> OfNothing for Zero<T> {
        type Item = T;

        #[inline(always)]
        fn maker(&self) -> fn() -> T
        where
            T: ZeroValue,
        {
            T::zero
        }
    }
}

/// A receive by `recv!`, before it waits.
pub struct Receive<'a, T>(ChannelRef<'a, T>);

/// The start of `recv!`.
// `Item = T`: for a type that is no channel, `R::Item` would be a second error.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn receive<R: RecvSide<Item = T> + ?Sized, T>(channel: &R) -> Receive<'_, T> {
    Receive(channel.recv_channel())
}

impl<T> Receive<'_, T> {
    /// Of what it receives.
    #[inline(always)]
    #[must_use]
    pub fn zero(&self) -> Zero<T> {
        Zero::new()
    }

    /// `recv!(ch)`: the value, or the zero value once closed and drained.
    #[cfg_attr(not(debug_assertions), inline(always))]
    #[track_caller]
    pub fn value(self, zero: fn() -> T) -> T {
        self.value_ok(zero).0
    }

    /// `recv!(ch, ok)`: the value and true, or the zero value and false once closed and drained.
    #[cfg_attr(not(debug_assertions), inline(always))]
    #[track_caller]
    pub fn value_ok(self, zero: fn() -> T) -> (T, bool) {
        let Some(channel) = self.0.channel() else {
            park_for_ever(Location::caller(), WaitReason::NilChannel)
        };
        channel.recv(Location::caller()).map_or_else(|| (zero(), false), |value| (value, true))
    }
}

impl<T> fmt::Debug for Receive<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Receive").field(&self.0).finish()
    }
}
