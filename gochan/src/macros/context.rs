//! `with_context!`.

/// Runs a body with a context that ends with it: Go's `ctx, cancel := …; defer cancel()`.
///
/// | form | the body has |
/// |---|---|
/// | `with_context!(ctx = E => body)` | `ctx`, a new [`Context`](crate::Context) |
/// | `with_context!((ctx, cancel) = E => body)` | the context, and its [`CancelHandle`](crate::context::CancelHandle) |
///
/// `E` is the result of [`with_cancel`](crate::Context::with_cancel), [`with_timeout`](crate::Context::with_timeout),
/// [`with_deadline`](crate::Context::with_deadline) or a `_cause` variant: a context and its handle. The body is an
/// expression, usually a block, and its value is that of the macro.
///
/// The body runs in place: `?`, `break`, `continue`, `return` and borrowed variables work as in any block. The context
/// is cancelled when the body is left in any way, including by a panic, and with it all contexts derived from it; so
/// goroutines that watch a clone of it can stop. A clone of `cancel` that outlives the body has no effect.
///
/// # Panics
///
/// Never by itself.
///
/// # Blocking
///
/// Never by itself.
///
/// # Examples
///
/// ```
/// use gochan::context::ContextError;
/// use gochan::prelude::*;
/// use std::time::Duration;
///
/// fn produce(ctx: Context, out: Sender<u32>) {
///     for n in 0.. {
///         select! {
///             out <- n => {}
///             <-ctx.done() => return,
///         }
///     }
/// }
///
/// let numbers = chan!(u32);
/// let ctx_outside = with_context!(ctx = background().with_timeout(Duration::from_secs(60)) => {
///     go!(produce(ctx.clone(), numbers.sender()));
///     assert_eq!((recv!(numbers), recv!(numbers)), (0, 1));
///     ctx
/// });
/// // The producer stops, long before the minute is over.
/// assert_eq!(ctx_outside.err(), Some(ContextError::Canceled));
/// ```
///
/// With the handle, the body can cancel early:
///
/// ```
/// use gochan::prelude::*;
///
/// let found = with_context!((ctx, cancel) = background().with_cancel() => {
///     let answers = chan!(&str, 3);
///     for mirror in ["near", "far", "farther"] {
///         go!([ctx, answers] { if ctx.err().is_none() { let _ = answers.send(mirror); } });
///     }
///     let first = answers.recv();
///     cancel.cancel();
///     first
/// });
/// assert!(found.is_some());
/// ```
#[doc(alias = "WithCancel")]
#[doc(alias = "WithTimeout")]
#[doc(alias = "WithDeadline")]
#[macro_export]
macro_rules! with_context {
    ($($input:tt)*) => { $crate::__private::macros::with_context! { [$crate] $($input)* } };
}
