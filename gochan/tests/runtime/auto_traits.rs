//! What may be sent and shared between threads, moved while it waits, and used across `catch_unwind`: a table of every
//! public type of goroutines, channels, select, context and time. The compiler is the test.

use std::cell::Cell;
use std::fmt::Debug;
use std::iter::FusedIterator;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::rc::Rc;

use gochan::chan::{
    IntoIter, Iter, RecvFuture, RecvStream, RecvTimeoutError, SendError, SendFuture, SendTimeoutError,
    TryIter, TryRecvError, TrySendError,
};
use gochan::context::{CancelHandle, Cause, ContextError, EndSignal, StopHandle};
use gochan::time::{FuncTimer, Ticker, Timer};
use gochan::{
    Builder, Chan, Context, JoinHandle, Placement, Receiver, RecvArm, Scope, ScopedJoinHandle, Select,
    Selected, SendArm, Sender, WaitAsync, WaitGroup, runtime,
};
use static_assertions::{assert_impl_all, assert_not_impl_any};

/// Sent between threads, but not shared.
type Sent = Cell<u32>;
/// Of one thread.
type Kept = Rc<u32>;

macro_rules! are {
    ($($type:ty),* => $bounds:tt) => { $(are!(@ $type, $bounds);)* };
    (@ $type:ty, [$($bounds:tt)*]) => { assert_impl_all!($type: Debug, $($bounds)*); };
}

macro_rules! are_not {
    ($($type:ty),* => $bounds:tt) => { $(are_not!(@ $type, $bounds);)* };
    (@ $type:ty, [$($bounds:tt)*]) => { assert_not_impl_any!($type: $($bounds)*); };
}

// Handles: values only move through them.
are!(Chan<Sent>, Sender<Sent>, Receiver<Sent> => [Clone, Default, Send, Sync, Unpin, UnwindSafe, RefUnwindSafe]);
// In a static; the values stay with their goroutines.
are!(runtime::LocalKey<Kept> => [Send, Sync, Unpin, UnwindSafe, RefUnwindSafe]);
are!(JoinHandle<Sent> => [Send, Sync, Unpin, UnwindSafe, RefUnwindSafe]);
are!(ScopedJoinHandle<'static, Sent> => [Send, Sync, Unpin]);
are_not!(Chan<Kept>, Sender<Kept>, Receiver<Kept>, JoinHandle<Kept>, ScopedJoinHandle<'static, Kept> => [Send, Sync]);

// Handles that carry no values.
are!(Context => [Clone, Send, Sync, Unpin, UnwindSafe, RefUnwindSafe]);
are!(CancelHandle => [Clone, Send, Sync, Unpin, UnwindSafe, RefUnwindSafe]);
are!(WaitGroup => [Clone, Default, Send, Sync, Unpin, UnwindSafe, RefUnwindSafe]);
are!(EndSignal => [Clone, Send, Sync, Unpin]);
are!(StopHandle, FuncTimer, Timer, Ticker => [Send, Sync, Unpin, UnwindSafe, RefUnwindSafe]);
are!(Builder => [Clone, Default, Send, Sync, Unpin, UnwindSafe, RefUnwindSafe]);
are!(runtime::Profile, runtime::GoroutineGroup, runtime::Finding => [Clone, Send, Sync, Unpin, UnwindSafe, RefUnwindSafe]);
are!(runtime::WaitTimes, runtime::FindingKind => [Copy, Eq, Send, Sync]);
are!(runtime::Builder => [Send, Sync, Unpin, UnwindSafe, RefUnwindSafe]);
are!(Placement => [Copy, Default, Eq, Send, Sync]);
are!(Scope<'static, 'static> => [Sync]);

// What iterates.
are!(Iter<'static, Sent>, TryIter<'static, Sent>, IntoIter<Sent> => [Iterator, Send, Sync, Unpin, UnwindSafe]);
are!(Iter<'static, Sent>, IntoIter<Sent> => [FusedIterator]);
are_not!(Iter<'static, Kept>, TryIter<'static, Kept>, IntoIter<Kept> => [Send, Sync]);

// What waits where it is.
are!(RecvFuture<'static, Sent>, SendFuture<'static, Sent>, RecvStream<Sent> => [Send, Sync]);
are!(RecvStream<u32> => [Unpin]);
are_not!(RecvFuture<'static, u32>, SendFuture<'static, u32> => [Unpin]);
are_not!(RecvFuture<'static, Kept>, SendFuture<'static, Kept>, RecvStream<Kept> => [Send, Sync]);

// A set of operations is used by one at a time; only what is sent may be in it, so it may be sent itself.
are!(Select<'static> => [Default, Send, Unpin]);
are!(WaitAsync<'static, 'static>, Selected<'static, 'static> => [Send, Unpin]);
are_not!(Select<'static> => [Clone, Sync]);
// Tokens have no value.
are!(RecvArm<Kept>, SendArm<Kept> => [Copy, Send, Sync, Unpin]);

// Errors have the value that comes back, and nothing else.
are!(SendError<Sent>, TrySendError<Sent>, SendTimeoutError<Sent> => [std::error::Error, Clone, PartialEq, Send]);
are_not!(SendError<Sent>, TrySendError<Sent>, SendTimeoutError<Sent> => [Sync]);
are!(TryRecvError, RecvTimeoutError => [std::error::Error, Copy, Eq, Send, Sync]);
are!(ContextError => [std::error::Error, Copy, Eq, std::hash::Hash, Send, Sync]);
are!(Cause => [std::error::Error, Clone, Send, Sync]);
are!(runtime::InstallError => [std::error::Error, Send, Sync]);

// Contexts take values that all who have the context may look at.
#[test]
fn values_of_contexts_are_shared() {
    fn value_of<V: Send + Sync + 'static>(ctx: &Context, value: V) -> Context {
        ctx.with_value(value)
    }
    assert_eq!(value_of(&gochan::context::background(), 5_u32).value::<u32>(), Some(&5));
}
