//! Contexts: how a program tells all goroutines that work on a request to stop.
//!
//! A [`Context`] accompanies a piece of work, such as a request, through all functions and goroutines that take part.
//! The code that started the work can cancel it; it can have a deadline; it can carry values that belong to the work.
//! Contexts form a tree: a derived context ends with its parent, and may end earlier on its own.
//!
//! ```
//! use gochan::context::ContextError;
//! use gochan::prelude::*;
//!
//! /// Adds up the numbers received, unless the caller cancels.
//! fn sum(ctx: &Context, numbers: &Receiver<u64>) -> Result<u64, ContextError> {
//!     let mut sum = 0;
//!     loop {
//!         select! {
//!             Some(number) = <-numbers else return Ok(sum) => sum += number,
//!             <-ctx.done() => return Err(ctx.error()),
//!         }
//!     }
//! }
//!
//! let (ctx, cancel) = background().with_cancel();
//! let numbers = chan!(u64);
//! let summing = go!([ctx, numbers] { sum(&ctx, &numbers.receiver()) });
//! send!(numbers <- 1);
//! cancel.cancel();
//! assert_eq!(summing.join().unwrap(), Err(ContextError::Canceled));
//! ```
//!
//! [`with_context!`](crate::with_context) runs a block with a context that ends with the block.
//!
//! # Rules
//!
//! * Pass a context by reference, as the first parameter, named `ctx`. Code that keeps it beyond the call, such as a
//!   goroutine, takes a clone. Do not store it in structures that outlive the work.
//! * Long operations watch it: [`check`](Context::check) between steps, and an arm on [`done`](Context::done) where
//!   they wait.
//! * Keep the [`CancelHandle`] as long as the work goes on; dropping it is Go's `defer cancel()`.
//! * Values are for request-scoped data that crosses interfaces which do not know of it, such as a trace id. Pass what
//!   a function needs as a parameter. Each kind of value has its own type, which is its key.
//!
//! # What it costs
//!
//! [`err`](Context::err) and [`check`](Context::check) are one atomic load, however deep the tree. A clone is one
//! atomic addition, without a lock. Deriving is one allocation; so is the done channel, which is made by the first call
//! of [`done`](Context::done). A derived context that has ended leaves its parent at once, in constant time. Cancelling
//! is linear in the number of contexts below, uses no recursion, and closes one channel for each context. Finding a
//! value is linear in the number of values above.
//!
//! # Other sources of cancellation
//!
//! [`Context::from_source`] makes a context from a [`CancelSource`]: anything that can report its end, such as a
//! request of a web framework. A channel is one, and [`Context::from_future`] takes any future. With the feature
//! `tokio-util`, `Context::from(token)` and `ctx.to_cancellation_token()` convert from and to `CancellationToken`; no
//! goroutine or thread waits in between.
//!
//! # Go's names
//!
//! | Go | here |
//! |---|---|
//! | `context.Background()`, `context.TODO()` | [`background`], [`todo`](fn@todo) |
//! | `WithCancel`, `WithCancelCause` | [`Context::with_cancel`], [`Context::with_cancel_cause`] |
//! | `WithTimeout`, `WithTimeoutCause` | [`Context::with_timeout`], [`Context::with_timeout_cause`] |
//! | `WithDeadline`, `WithDeadlineCause` | [`Context::with_deadline`], [`Context::with_deadline_cause`] |
//! | `WithValue`, `ctx.Value(key)` | [`Context::with_value`], [`Context::value`]: the type is the key |
//! | `WithoutCancel`, `AfterFunc` | [`Context::without_cancel`], [`Context::after_func`] |
//! | `ctx.Done()`, `ctx.Err()`, `ctx.Deadline()` | [`Context::done`], [`Context::err`] (after `done`, [`Context::error`]), [`Context::deadline`] |
//! | `context.Cause(ctx)` | [`Context::cause`] |
//! | `cancel()`, `defer cancel()` | [`CancelHandle::cancel`]; dropping the last handle, [`with_context!`](crate::with_context) |
//! | a custom implementation of `Context` | a [`CancelSource`], with [`Context::with_source`] |

mod call;
mod cancel;
mod deadline;
mod display;
mod done;
mod error;
mod future;
mod habits;
mod list;
mod node;
pub(crate) mod release;
mod source;
#[cfg(feature = "tokio-util")]
mod token;
mod tree;
mod value;
mod wait;

pub use call::StopHandle;
pub use cancel::CancelHandle;
pub use error::{Cause, ContextError};
pub use future::Registration;
pub use source::{CancelSource, EndSignal};
#[cfg(feature = "tokio-util")]
pub use token::TokenWatch;

use crate::chan::Receiver;
use node::{Counted, Node};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::ptr::NonNull;
use std::time::Instant;
use tree::CancelScope;
pub(crate) use wait::EndOfWait;

/// Governs a piece of work: says when to stop, and carries the work's values. See the [module](self).
///
/// A clone is cheap and is the same context. `Display` prints the chain of derivations, as Go does.
#[derive(Clone)]
#[doc(alias = "context.Context")]
pub struct Context {
    node: Counted<Node>,
    /// The nearest scope, at `node` or above, which `node` keeps alive; `None` if this context never ends.
    scope: Option<NonNull<CancelScope>>,
}

// SAFETY: nodes, scopes among them, are `Send` and `Sync`.
unsafe impl Send for Context {}
// SAFETY: as above.
unsafe impl Sync for Context {}
impl UnwindSafe for Context {}
impl RefUnwindSafe for Context {}

/// The root context, which never ends and carries no values. Contexts are derived from it in `main`, in tests, and
/// where a request arrives.
///
/// ```
/// let ctx = gochan::context::background();
/// assert!(ctx.err().is_none() && ctx.deadline().is_none() && ctx.done().is_nil());
/// assert_eq!(ctx.to_string(), "context.Background");
/// ```
#[doc(alias = "context.Background")]
#[must_use]
pub fn background() -> Context {
    Context { node: node::background(), scope: None }
}

/// A root like [`background`], for code that does not yet know which context to use.
///
/// ```
/// assert_eq!(gochan::context::todo().to_string(), "context.TODO");
/// ```
#[doc(alias = "context.TODO")]
#[must_use]
pub fn todo() -> Context {
    Context { node: node::todo(), scope: None }
}

impl Context {
    /// How the context ended; `None` while it has not.
    ///
    /// One atomic load. The call that ends the context happens before this returns the error. Never blocks, but yields
    /// once the goroutine has run for 10 ms, so that a loop may poll it; except where it may be inside a `thread_local!`
    /// initialiser or another [scope of the thread](crate#safety), and so never in an executable without symbols
    /// (`strip = true`). Such a loop is reported after a second if it holds up other goroutines: call
    /// [`gosched`](crate::runtime::gosched) in it.
    ///
    /// ```
    /// use gochan::context::{ContextError, background};
    ///
    /// let (ctx, cancel) = background().with_cancel();
    /// assert_eq!(ctx.err(), None);
    /// cancel.cancel();
    /// assert_eq!(ctx.err(), Some(ContextError::Canceled));
    /// ```
    #[doc(alias = "Err")]
    #[inline]
    #[track_caller]
    pub fn err(&self) -> Option<ContextError> {
        self.scope_ref()?.error_between_points()
    }

    /// How the context ended, where that is known, as after a receive from [`done`](Context::done). Yields as
    /// [`err`](Context::err) does.
    ///
    /// ```
    /// use gochan::context::ContextError;
    /// use gochan::prelude::*;
    ///
    /// fn next(ctx: &Context, numbers: &Receiver<u64>) -> Result<Option<u64>, ContextError> {
    ///     select! {
    ///         Some(number) = <-numbers else Ok(None) => Ok(Some(number)),
    ///         <-ctx.done() => Err(ctx.error()),
    ///     }
    /// }
    /// let (ctx, cancel) = background().with_cancel();
    /// cancel.cancel();
    /// assert_eq!(next(&ctx, &chan!(u64).receiver()), Err(ContextError::Canceled));
    /// ```
    ///
    /// # Panics
    /// If the context has not ended.
    #[doc(alias = "Err")]
    #[track_caller]
    pub fn error(&self) -> ContextError {
        match self.err() {
            Some(error) => error,
            None => panic!(
                "the context has not ended, so it has no error: call `error` after a receive from `done()`, and `err`, \
                 which returns an `Option`, elsewhere"
            ),
        }
    }

    /// Returns an error once the context has ended: write `ctx.check()?` between the steps of some work. Yields as
    /// [`err`](Context::err) does.
    ///
    /// ```
    /// use gochan::context::{Context, ContextError};
    ///
    /// fn copy(ctx: &Context, from: &[u8], to: &mut Vec<u8>) -> Result<(), ContextError> {
    ///     for part in from.chunks(4096) {
    ///         ctx.check()?;
    ///         to.extend_from_slice(part);
    ///     }
    ///     Ok(())
    /// }
    /// assert!(copy(&gochan::context::background(), b"bytes", &mut Vec::new()).is_ok());
    /// ```
    ///
    /// # Errors
    /// The error that [`err`](Context::err) returns.
    #[inline]
    #[track_caller]
    pub fn check(&self) -> Result<(), ContextError> {
        self.err().map_or(Ok(()), Err)
    }

    /// A channel that is closed when the context ends; nothing is ever sent. The nil channel for a context that never
    /// ends.
    ///
    /// The close and the end are one step: if the channel is closed, [`err`](Context::err) is set, and the reverse.
    ///
    /// Every call returns the same channel, also for contexts that can only end together, such as those derived by
    /// [`with_value`](Context::with_value). The first call makes it; later calls are one atomic load.
    ///
    /// A clone of the channel does not keep the context alive: if the last handle of a context with a
    /// [source](Context::with_source) is dropped before its end, the channel closes then.
    ///
    /// ```
    /// use gochan::prelude::*;
    /// use std::time::Duration;
    ///
    /// let (ctx, _cancel) = background().with_timeout(Duration::from_millis(1));
    /// let answers = chan!(i32);
    /// let answer = select! {
    ///     Some(answer) = <-answers => Ok(answer),
    ///     <-ctx.done() => Err(ctx.error()),
    /// };
    /// assert!(answer.is_err());
    /// ```
    #[doc(alias = "Done")]
    #[inline]
    pub fn done(&self) -> &Receiver<()> {
        static NIL: Receiver<()> = Receiver::nil();
        self.scope_ref().map_or(&NIL, CancelScope::done)
    }

    /// Why the context ended: the error given to [`cancel_cause`](CancelHandle::cancel_cause) or with the deadline, of
    /// this context or of the one above that ended it; otherwise the same as [`err`](Context::err). `None` while it has
    /// not ended. Yields as [`err`](Context::err) does.
    ///
    /// ```
    /// let (ctx, cancel) = gochan::context::background().with_cancel();
    /// cancel.cancel_cause("the disk is full");
    /// assert_eq!(ctx.err().unwrap().to_string(), "context canceled");
    /// assert_eq!(ctx.cause().unwrap().to_string(), "the disk is full");
    /// ```
    #[doc(alias = "context.Cause")]
    #[track_caller]
    pub fn cause(&self) -> Option<Cause> {
        let scope = self.scope_ref()?;
        let error = scope.error_between_points()?;
        Some(Cause::new(scope.cause().cloned(), error))
    }

    /// The latest time at which the context ends: the earliest of its own deadline and those above.
    ///
    /// ```
    /// use gochan::context::background;
    /// use std::time::Duration;
    ///
    /// let (request, _cancel) = background().with_timeout(Duration::from_secs(1));
    /// let (query, _cancel) = request.with_timeout(Duration::from_secs(60));
    /// assert_eq!(query.deadline(), request.deadline());
    /// ```
    #[doc(alias = "Deadline")]
    pub fn deadline(&self) -> Option<Instant> {
        self.scope_ref()?.deadline
    }

    /// A child of this context that carries `value`, which [`value`](Context::value) finds by its type. It ends with
    /// this context. One allocation.
    ///
    /// Wrap values in types of their own, so that values of different meaning do not hide each other:
    ///
    /// ```
    /// use gochan::context::background;
    ///
    /// struct TraceId(u64);
    /// struct UserId(u64);
    ///
    /// let ctx = background().with_value(TraceId(17)).with_value(UserId(4));
    /// assert_eq!(ctx.value::<TraceId>().map(|id| id.0), Some(17));
    /// assert_eq!(ctx.value::<UserId>().map(|id| id.0), Some(4));
    /// assert!(ctx.value::<u64>().is_none());
    /// ```
    #[doc(alias = "context.WithValue")]
    pub fn with_value<V>(&self, value: V) -> Context
    where
        V: Send, // any goroutine may read it: use `Arc` for `Rc`
        V: Sync, // any goroutine may read it: use `sync::Mutex` or an atomic for cells
        V: 'static,
    {
        Context { node: value::add(&self.node, value), scope: self.scope }
    }

    /// The value of type `V` of this context, or of the nearest context above that has one.
    ///
    /// Linear in the number of values above; other contexts in between cost nothing.
    ///
    /// ```
    /// #[derive(Debug, PartialEq)]
    /// struct UserId(u64);
    ///
    /// let ctx = gochan::context::background().with_value(UserId(1)).with_value(UserId(2));
    /// assert_eq!(ctx.value::<UserId>(), Some(&UserId(2)));
    /// assert_eq!(ctx.value::<u64>(), None);
    /// ```
    #[doc(alias = "Value")]
    #[inline]
    pub fn value<V: Send + Sync + 'static>(&self) -> Option<&V> {
        value::find(&self.node)
    }

    /// A child of this context with its values, but without its end and deadline: for work that must be finished after
    /// the request has ended, such as a clean-up.
    ///
    /// ```
    /// #[derive(Debug, PartialEq)]
    /// struct UserId(u64);
    ///
    /// let (ctx, cancel) = gochan::context::background().with_value(UserId(4)).with_cancel();
    /// let cleaning = ctx.without_cancel();
    /// cancel.cancel();
    /// assert!(cleaning.err().is_none());
    /// assert_eq!(cleaning.value(), Some(&UserId(4)));
    /// ```
    #[doc(alias = "context.WithoutCancel")]
    #[must_use]
    pub fn without_cancel(&self) -> Context {
        Context { node: node::without_cancel(&self.node), scope: None }
    }

    /// Like [`err`](Context::err), as a part of another operation: never yields.
    pub(crate) fn ended(&self) -> Option<ContextError> {
        self.scope_ref()?.error()
    }

    /// The context of a scope.
    fn of_scope(scope: Counted<CancelScope>) -> Context {
        let pointer = scope.pointer();
        Context { node: scope.into_node(), scope: Some(pointer) }
    }

    fn node(&self) -> &Counted<Node> {
        &self.node
    }

    fn scope_pointer(&self) -> Option<NonNull<CancelScope>> {
        self.scope
    }

    #[inline]
    fn scope_ref(&self) -> Option<&CancelScope> {
        // SAFETY: the node keeps it alive.
        self.scope.map(|scope| unsafe { scope.as_ref() })
    }

    /// A counted reference to the scope.
    fn scope(&self) -> Option<Counted<CancelScope>> {
        // SAFETY: the node keeps it alive.
        self.scope.map(|scope| unsafe { Counted::of(scope) })
    }
}
