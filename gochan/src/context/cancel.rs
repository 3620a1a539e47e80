//! Contexts that a handle cancels.

use super::Context;
use super::error::{self, ContextError, Given};
use super::node::{Class, Counted};
use super::tree::{self, CancelScope};
use crate::base::location::SourceLocation;
use crate::base::touch::Touch;
use crate::points;
use crate::shim::atomic::Ordering::*;
use std::error::Error;
use std::fmt;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::ptr::NonNull;
use std::time::Instant;

/// Cancels a context: Go's `CancelFunc` and `CancelCauseFunc`.
///
/// Clones cancel the same context. Dropping the last one cancels the context, like Go's `defer cancel()`: on every way
/// out, panics included. So keep it for as long as the work may go on; `let _ = …` drops it, and cancels, at once.
///
/// ```
/// use gochan::context::background;
///
/// let (ctx, cancel) = background().with_cancel();
/// let other = cancel.clone();
/// drop(cancel);
/// assert!(ctx.err().is_none());
/// drop(other);
/// assert!(ctx.err().is_some());
/// ```
#[doc(alias = "CancelFunc")]
#[doc(alias = "CancelCauseFunc")]
#[must_use = "dropping the last handle cancels the context at once; keep it while the work goes on"]
pub struct CancelHandle {
    /// Counted in `handles`; all handles together hold one reference to the node.
    scope: NonNull<CancelScope>,
}

// SAFETY: a handle is a reference to a scope, which is `Send` and `Sync`.
unsafe impl Send for CancelHandle {}
// SAFETY: as above.
unsafe impl Sync for CancelHandle {}
impl UnwindSafe for CancelHandle {}
impl RefUnwindSafe for CancelHandle {}

static CLASS: Class = Class { destroy: tree::destroy, name: |_, f| f.write_str(".WithCancel") };

impl CancelHandle {
    /// Ends the context with [`ContextError::Canceled`], and all contexts derived from it. When this returns, all of
    /// them have ended and their done channels are closed, the waiters are woken, and functions given to
    /// [`after_func`](Context::after_func) are started. Contexts that had ended before are not affected. Never blocks.
    ///
    /// Linear in the number of contexts below. A second or concurrent call returns when all have ended; the first call
    /// does the waking and starting.
    ///
    /// ```
    /// use gochan::context::background;
    ///
    /// let (parent, cancel) = background().with_cancel();
    /// let (child, _cancel_child) = parent.with_cancel();
    /// cancel.cancel();
    /// assert!(parent.err().is_some() && child.err().is_some());
    /// ```
    #[inline]
    #[track_caller]
    pub fn cancel(&self) {
        self.end(None, "CancelHandle::cancel", Some(Location::caller()));
    }

    /// Like [`cancel`](CancelHandle::cancel), with a cause: [`Context::cause`] returns it, for this context and those
    /// below. Takes any error, or a text. The first end counts: later causes are dropped.
    ///
    /// ```
    /// let (ctx, cancel) = gochan::context::background().with_cancel_cause();
    /// cancel.cancel_cause("the client is gone");
    /// cancel.cancel_cause("too late");
    /// assert_eq!(ctx.cause().unwrap().to_string(), "the client is gone");
    /// ```
    #[doc(alias = "CancelCauseFunc")]
    #[track_caller]
    pub fn cancel_cause<E: Into<Box<dyn Error + Send + Sync>>>(&self, cause: E) {
        let cause = Some(error::given(cause.into()));
        self.end(cause, "CancelHandle::cancel_cause", Some(Location::caller()));
    }

    /// Called at the end of the block of `with_context!`.
    #[inline]
    pub(super) fn cancel_at_end(&self) {
        self.end(None, "end of with_context!", None);
    }

    #[inline]
    fn end(&self, cause: Option<Given>, what: &'static str, place: Option<SourceLocation>) {
        points::before(|| Touch::EVERYTHING, what, place);
        self.scope().end(ContextError::Canceled, cause);
        points::after(what, place);
    }

    fn scope(&self) -> &CancelScope {
        // SAFETY: the handles' reference keeps it alive.
        unsafe { self.scope.as_ref() }
    }
}

impl Clone for CancelHandle {
    fn clone(&self) -> CancelHandle {
        // Relaxed: the new handle comes from one that keeps the count above zero.
        let before = self.scope().handles.fetch_add(1, Relaxed);
        if before > u32::MAX / 2 {
            std::process::abort();
        }
        CancelHandle { scope: self.scope }
    }
}

impl Drop for CancelHandle {
    #[inline]
    fn drop(&mut self) {
        let handles = &self.scope().handles;
        // A count of one is final: no other handle is left to be cloned. Acquire and AcqRel order the use of the other
        // handles before the end.
        if handles.load(Acquire) == 1 || handles.fetch_sub(1, AcqRel) == 1 {
            // SAFETY: the last handle takes over the reference that all handles shared.
            let scope = unsafe { Counted::from_pointer(self.scope) };
            scope.end(ContextError::Canceled, None);
            points::after("drop of the last CancelHandle", None);
        }
    }
}

impl fmt::Debug for CancelHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelHandle")
            .field("handles", &self.scope().handles.load(Relaxed))
            .field("err", &self.scope().error())
            .finish()
    }
}

impl Context {
    /// A child of this context, which ends when the handle cancels it or this context ends.
    ///
    /// One allocation. Constant time, as is leaving the parent at the end. If this context has ended, so has the child.
    ///
    /// ```
    /// use gochan::prelude::*;
    ///
    /// let (ctx, cancel) = background().with_cancel();
    /// let worker = go!([ctx] {
    ///     ctx.done().recv();
    ///     ctx.err().unwrap().to_string()
    /// });
    /// cancel.cancel();
    /// assert_eq!(worker.join().unwrap(), "context canceled");
    /// ```
    #[doc(alias = "context.WithCancel")]
    pub fn with_cancel(&self) -> (Context, CancelHandle) {
        self.child(&CLASS, self.deadline())
    }

    /// [`with_cancel`](Context::with_cancel) under a name that announces [`CancelHandle::cancel_cause`].
    #[doc(alias = "context.WithCancelCause")]
    pub fn with_cancel_cause(&self) -> (Context, CancelHandle) {
        self.with_cancel()
    }

    /// A child scope and its first handle.
    #[inline]
    pub(super) fn child(&self, class: &'static Class, deadline: Option<Instant>) -> (Context, CancelHandle) {
        let scope =
            Counted::new_twice(|| CancelScope::new(self.node(), self.scope_pointer(), class, deadline));
        tree::enter(&scope.0);
        (Context::of_scope(scope.0), CancelHandle { scope: scope.1.into_pointer() })
    }
}
