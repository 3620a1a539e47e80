//! The functions that the macros `send!`, `recv!` and `close!` call, and the types that they accept: Go's semantics on
//! any handle, pointer to one or `Option`.

use super::channel::Channel;
use super::handle::{Chan, Receiver, Sender};
use super::header::SendFailure;
use super::nil::park_for_ever;
use super::wait::Operation;
use crate::sched::park::WaitReason;
use crate::spawn::outlived;
use std::fmt;
use std::panic::Location;
use std::rc::Rc;
use std::sync::{Arc, LazyLock};

/// A channel as the macros reach it; nil if there is none.
pub struct ChannelRef<'a, T>(Option<&'a Channel<T>>);

impl<'a, T> ChannelRef<'a, T> {
    pub(super) fn channel(&self) -> Option<&'a Channel<T>> {
        self.0
    }

    /// A receive as an arm of a select; none on nil.
    #[inline]
    pub(crate) fn recv_operation(&self) -> Option<Operation> {
        self.0.map(Operation::recv)
    }

    /// A send as an arm of a select; none on nil.
    #[inline]
    pub(crate) fn send_operation(&self) -> Option<Operation> {
        self.0.map(Operation::send)
    }
}

impl<T> fmt::Debug for ChannelRef<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChannelRef").field("nil", &self.0.is_none()).finish()
    }
}

/// Something that `send!` and send arms can send to.
#[diagnostic::on_unimplemented(
    message = "cannot send to `{Self}`",
    label = "this cannot be sent to",
    note = "`Chan<T>` and `Sender<T>` can; a `Receiver<T>` only receives, as Go's `<-chan T`: pass the `Chan`, or its \
            `ch.sender()`, to code that sends"
)]
pub trait SendSide {
    /// The element type.
    type Item;
    #[doc(hidden)]
    fn send_channel(&self) -> ChannelRef<'_, Self::Item>;
}

/// Something that `recv!` and receive arms can receive from.
#[diagnostic::on_unimplemented(
    message = "cannot receive from `{Self}`",
    label = "this cannot be received from",
    note = "`Chan<T>` and `Receiver<T>` can; a `Sender<T>` only sends, as Go's `chan<- T`: pass the `Chan`, or its \
            `ch.receiver()`, to code that receives",
    note = "a timer or ticker has its channel in `timer.channel()`, a context in `ctx.done()`; wait for a goroutine with \
            `handle.join()`, or in an arm with `<-handle.finished()`"
)]
pub trait RecvSide {
    /// The element type.
    type Item;
    #[doc(hidden)]
    fn recv_channel(&self) -> ChannelRef<'_, Self::Item>;
}

/// Something that `close!` can close.
#[diagnostic::on_unimplemented(
    message = "cannot close `{Self}`",
    label = "this cannot be closed",
    note = "closing is the sender's job: `Chan<T>` and `Sender<T>` can be closed, a `Receiver<T>` cannot; a context is \
            ended by its handle, `cancel.cancel()`, and other things are closed by methods of their own"
)]
pub trait CloseSide {
    /// The element type.
    type Item;
    #[doc(hidden)]
    fn close_channel(&self) -> ChannelRef<'_, Self::Item>;
}

macro_rules! pointers {
    ($side:ident, $channel:ident: $($(#[$attribute:meta])* $pointer:ty),*) => {
        $(
            $(#[$attribute])*
            impl<S: $side + ?Sized> $side for $pointer {
                type Item = S::Item;

                #[inline]
                fn $channel(&self) -> ChannelRef<'_, S::Item> {
                    (**self).$channel()
                }
            }
        )*
    };
}

macro_rules! side {
    ($side:ident, $channel:ident: $($handle:ident),*) => {
        $(
            impl<T> $side for $handle<T> {
                type Item = T;

                #[inline]
                fn $channel(&self) -> ChannelRef<'_, T> {
                    ChannelRef(self.raw.channel())
                }
            }
        )*

        pointers! {
            $side, $channel:
            &S,
            &mut S,
            // In the compiler's help they would crowd out the handles.
            #[diagnostic::do_not_recommend] Box<S>,
            #[diagnostic::do_not_recommend] Rc<S>,
            #[diagnostic::do_not_recommend] Arc<S>
        }

        // A channel outside of functions, as Go's `var events = make(chan Event)`.
        #[diagnostic::do_not_recommend]
        impl<S: $side, F: FnOnce() -> S> $side for LazyLock<S, F> {
            type Item = S::Item;

            #[inline]
            fn $channel(&self) -> ChannelRef<'_, S::Item> {
                (**self).$channel()
            }
        }

        impl<S: $side> $side for Option<S> {
            type Item = S::Item;

            #[inline]
            fn $channel(&self) -> ChannelRef<'_, S::Item> {
                self.as_ref().map_or(ChannelRef(None), S::$channel)
            }
        }
    };
}

side!(SendSide, send_channel: Chan, Sender);
side!(RecvSide, recv_channel: Chan, Receiver);
side!(CloseSide, close_channel: Chan, Sender);

/// `send!`: sends or panics.
// `Item = T`: for a type that is no channel, `S::Item` would be a second error.
#[cfg_attr(not(debug_assertions), inline(always))]
#[track_caller]
pub fn send<S: SendSide<Item = T> + ?Sized, T>(channel: &S, value: T) {
    let Some(channel) = channel.send_channel().0 else {
        park_for_ever(Location::caller(), WaitReason::NilChannel)
    };
    if let Err(value) = channel.send(value, Location::caller()) {
        let failure = channel.header.send_failure();
        // The value goes first: another goroutine may wait for its destructor.
        drop(value);
        send_failed(failure);
    }
}

/// Go's panic, which says so if the reason is not a close but that no receiver is left.
#[cold]
#[track_caller]
pub(crate) fn send_failed(failure: SendFailure) -> ! {
    match failure {
        SendFailure::Closed => panic!("send on closed channel"),
        SendFailure::Abandoned => {
            outlived::before_failing(Location::caller());
            panic!(
                "send on closed channel: its last receiver is gone, so nobody could ever receive the value"
            )
        }
    }
}

/// `close!`: closes or panics.
#[track_caller]
pub fn close<C: CloseSide + ?Sized>(channel: &C) {
    match channel.close_channel().0 {
        None => panic!("close of nil channel"),
        Some(channel) => assert!(channel.close(), "close of closed channel"),
    }
}
