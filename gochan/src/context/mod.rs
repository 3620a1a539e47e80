//! Contexts: how a program tells all the goroutines that work on something to stop.
//!
//! A [`Context`] goes with a piece of work, such as a request, wherever that leads. Whoever started the work can cancel
//! it; it can have a deadline; it can carry values that belong to the work. Contexts form a tree: what is derived from
//! a context ends with it, and may end earlier, alone.
//!
//! ```
//! use gochan::context::ContextError;
//! use gochan::prelude::*;
//!
//! /// Adds up what comes, and gives up when the caller does.
//! fn sum(ctx: &Context, numbers: &Receiver<u64>) -> Result<u64, ContextError> {
//!     let mut sum = 0;
//!     loop {
//!         select! {
//!             Some(number) = <-numbers else return Ok(sum) => sum += number,
//!             <-ctx.done() => ctx.check()?,
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
//! * A context is the first parameter of what it governs, by reference, and is called `ctx`. What keeps it beyond the
//!   call, such as a goroutine, takes a clone. It is not stored in structures that outlive the work.
//! * Whatever may take long looks at it: [`check`](Context::check) between steps, an arm on [`done`](Context::done)
//!   where it waits.
//! * Keep the [`CancelHandle`] as long as the work goes on; its drop is Go's `defer cancel()`.
//! * Values are for what belongs to the request and crosses interfaces that know nothing of it, such as a trace id.
//!   What a function needs is a parameter. Each kind of value has a type of its own, which is its key.
//!
//! # What it costs
//!
//! [`err`](Context::err) and [`check`](Context::check) are one atomic load, however deep the tree. A clone is one
//! atomic addition; there is no lock on the way. Deriving is one allocation; so is the done channel, which is made when
//! somebody first asks for it. A derived context that has ended leaves its parent at once, in constant time. Cancelling
//! is linear in the number of contexts below, uses no recursion, and closes one channel for all who wait on one
//! context. Finding a value is linear in the number of values above.
//!
//! # Other ways of being cancelled
//!
//! [`Context::from_source`] makes a context of anything that can tell of its end, such as a web framework's requests: a
//! [`CancelSource`]. A channel is one, and [`Context::from_future`] takes any future. With the feature `tokio-util`,
//! `Context::from(token)` and `ctx.to_cancellation_token()` lead from and to `CancellationToken`; nothing waits in
//! between.
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
//! | `ctx.Done()`, `ctx.Err()`, `ctx.Deadline()` | [`Context::done`], [`Context::err`], [`Context::deadline`] |
//! | `context.Cause(ctx)` | [`Context::cause`] |
//! | `cancel()`, `defer cancel()` | [`CancelHandle::cancel`]; dropping the last handle, [`with_context!`](crate::with_context) |
//! | a type of one's own that implements `Context` | a [`CancelSource`], by [`Context::with_source`] |

mod call;
mod cancel;
mod deadline;
mod display;
mod done;
mod error;
mod future;
mod list;
mod node;
pub(crate) mod release;
mod source;
#[cfg(feature = "tokio-util")]
mod token;
mod tree;
mod value;

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
use tree::Scope;

/// Governs a piece of work: tells when to stop, and carries the work's values. See the [module](self).
///
/// A clone is cheap and is the same context. It prints as in Go, as the chain of its derivations.
#[derive(Clone)]
#[doc(alias = "context.Context")]
pub struct Context {
    node: Counted<Node>,
    /// The nearest scope, at `node` or above, which `node` keeps alive; none if this context never ends.
    scope: Option<NonNull<Scope>>,
}

// SAFETY: nodes, scopes among them, are `Send` and `Sync`.
unsafe impl Send for Context {}
// SAFETY: as above.
unsafe impl Sync for Context {}
impl UnwindSafe for Context {}
impl RefUnwindSafe for Context {}

/// The context that never ends and carries nothing: the root that others are derived from, in `main`, in tests, and
/// where a request comes in.
///
/// ```
/// let ctx = gochan::context::background();
/// assert!(ctx.err().is_none() && ctx.deadline().is_none() && ctx.done().is_nil());
/// assert_eq!(ctx.to_string(), "context.Background");
/// ```
#[doc(alias = "context.Background")]
pub fn background() -> Context {
    Context { node: node::background(), scope: None }
}

/// A root as [`background`] is, for code that does not know yet which context it should use.
///
/// ```
/// assert_eq!(gochan::context::todo().to_string(), "context.TODO");
/// ```
#[doc(alias = "context.TODO")]
pub fn todo() -> Context {
    Context { node: node::todo(), scope: None }
}

impl Context {
    /// How the context ended; None while it has not.
    ///
    /// One atomic load. What was done before the end happens before this returns it. Never waits, but lets others run when
    /// the goroutine has had its worker for 10 ms, so that a loop may live on it; not so inside of a `thread_local!`
    /// initialiser or of another [scope of the thread](crate#safety).
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

    /// An error once the context has ended: `ctx.check()?` between the steps of some work.
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
    /// What [`err`](Context::err) returns.
    #[inline]
    #[track_caller]
    pub fn check(&self) -> Result<(), ContextError> {
        self.err().map_or(Ok(()), Err)
    }

    /// A channel that is closed when the context ends; nothing is ever sent. For a context that never ends it is the nil
    /// channel.
    ///
    /// Its close and the end are one: whoever finds it closed finds [`err`](Context::err) set, and whoever finds that set
    /// finds it closed.
    ///
    /// It is the same channel at every call, and for all contexts that end only together, such as those derived by
    /// [`with_value`](Context::with_value).
    ///
    /// A clone of it does not keep the context: should the last handle of a context with a
    /// [source](Context::with_source) go before its end, the channel closes then.
    ///
    /// ```
    /// use gochan::prelude::*;
    /// use std::time::Duration;
    ///
    /// let (ctx, _cancel) = background().with_timeout(Duration::from_millis(1));
    /// let answers = chan!(i32);
    /// let answer = select! {
    ///     Some(answer) = <-answers => Ok(answer),
    ///     <-ctx.done() => Err(ctx.err()),
    /// };
    /// assert!(answer.is_err());
    /// ```
    #[doc(alias = "Done")]
    #[inline]
    pub fn done(&self) -> &Receiver<()> {
        static NIL: Receiver<()> = Receiver::nil();
        self.scope_ref().map_or(&NIL, Scope::done)
    }

    /// Why the context ended: what was given to [`cancel_cause`](CancelHandle::cancel_cause) or with the deadline,
    /// here or at the context above that ended this one; otherwise the same as [`err`](Context::err). None while it
    /// has not ended.
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

    /// When the context ends at the latest: the earliest of its own deadline and those above.
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

    /// A child of this context that carries `value`, for [`value`](Context::value) to find by its type. It ends with
    /// this context. One allocation.
    ///
    /// Wrap what is not of a type of its own, so that values of different meaning do not hide each other:
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
    pub fn with_value<V: Send + Sync + 'static>(&self, value: V) -> Context {
        Context { node: value::add(&self.node, value), scope: self.scope }
    }

    /// The value of type `V` that was given nearest to this context, at it or above.
    ///
    /// Linear in the number of values above, whatever else there is.
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

    /// A child of this context with its values, but without its end and deadline: for work that is to be finished,
    /// such as a clean-up, after the request is over.
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
    pub fn without_cancel(&self) -> Context {
        Context { node: node::without_cancel(&self.node), scope: None }
    }

    /// As [`err`](Context::err), as a part of another operation: never lets others run.
    pub(crate) fn ended(&self) -> Option<ContextError> {
        self.scope_ref()?.error()
    }

    /// The context of a scope.
    fn of_scope(scope: Counted<Scope>) -> Context {
        let pointer = scope.pointer();
        Context { node: scope.into_node(), scope: Some(pointer) }
    }

    fn node(&self) -> &Counted<Node> {
        &self.node
    }

    fn scope_pointer(&self) -> Option<NonNull<Scope>> {
        self.scope
    }

    #[inline]
    fn scope_ref(&self) -> Option<&Scope> {
        // SAFETY: the node keeps it alive.
        self.scope.map(|scope| unsafe { scope.as_ref() })
    }

    /// A reference to the scope of its own.
    fn scope(&self) -> Option<Counted<Scope>> {
        // SAFETY: the node keeps it alive.
        self.scope.map(|scope| unsafe { Counted::of(scope) })
    }
}
