//! Contexts that a handle ends.

use super::Context;
use super::error::{self, ContextError, Given};
use super::node::{Class, Counted};
use super::tree::{self, Scope};
use crate::sched::bubble::{point_at, point_before_at};
use crate::shim::atomic::Ordering::*;
use std::error::Error;
use std::fmt;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::ptr::NonNull;
use std::time::Instant;

/// Ends a context: Go's `CancelFunc`, and `CancelCauseFunc`, too.
///
/// Clones end the same context. When the last one is dropped, the context is cancelled, as by Go's `defer cancel()`:
/// on every way out, panics included. So it must be kept for as long as the work may go on; `let _ = …` drops it, and
/// thereby cancels, at once.
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
    /// Counted in `handles`; all handles together have one reference to the node.
    scope: NonNull<Scope>,
}

// SAFETY: a handle is a reference to a scope, which is `Send` and `Sync`.
unsafe impl Send for CancelHandle {}
// SAFETY: as above.
unsafe impl Sync for CancelHandle {}
impl UnwindSafe for CancelHandle {}
impl RefUnwindSafe for CancelHandle {}

static CLASS: Class = Class { destroy: tree::destroy, name: |_, f| f.write_str(".WithCancel") };

impl CancelHandle {
    /// Ends the context, with [`ContextError::Canceled`], and all that were derived from it. When this returns, all of
    /// them have ended and their done channels are closed; those who wait for that are awake, and what
    /// [`after_func`](Context::after_func) was given has been started. Without effect on those that had ended before.
    ///
    /// Linear in the number of contexts below. Called a second time, or by another thread at the same time, it returns
    /// when all have ended, and leaves waking and starting to the call that came first.
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

    /// As [`cancel`](CancelHandle::cancel), and says why: [`Context::cause`] returns it, here and below. Takes any
    /// error, or a text. The first end counts: later causes are dropped.
    ///
    /// ```
    /// let (ctx, cancel) = gochan::context::background().with_cancel_cause();
    /// cancel.cancel_cause("nobody listens");
    /// cancel.cancel_cause("too late");
    /// assert_eq!(ctx.cause().unwrap().to_string(), "nobody listens");
    /// ```
    #[doc(alias = "CancelCauseFunc")]
    #[track_caller]
    pub fn cancel_cause<E: Into<Box<dyn Error + Send + Sync>>>(&self, cause: E) {
        let cause = Some(error::given(cause.into()));
        self.end(cause, "CancelHandle::cancel_cause", Some(Location::caller()));
    }

    /// Where the block ends that the context is for.
    #[inline]
    pub(super) fn cancel_at_end(&self) {
        self.end(None, "end of with_context!", None);
    }

    #[inline]
    fn end(&self, cause: Option<Given>, what: &'static str, place: Option<&'static Location<'static>>) {
        point_before_at(what, place);
        self.scope().end(ContextError::Canceled, cause);
        point_at(what, place);
    }

    fn scope(&self) -> &Scope {
        // SAFETY: the handles' reference keeps it.
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
        // A handle that sees itself alone is: nobody could clone it now. Acquire and AcqRel order what was done with
        // the others before the end.
        if handles.load(Acquire) == 1 || handles.fetch_sub(1, AcqRel) == 1 {
            // SAFETY: the last handle takes the reference that all of them had.
            let scope = unsafe { Counted::from_pointer(self.scope) };
            scope.end(ContextError::Canceled, None);
            point_at("drop of the last CancelHandle", None);
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
    /// A child of this context that ends when the handle cancels it, or when this context ends.
    ///
    /// One allocation. Constant time, and so is leaving the parent at the end. If this context has ended, the child
    /// is born ended.
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

    /// As [`with_cancel`](Context::with_cancel), under the name that tells the reader of causes to come by
    /// [`CancelHandle::cancel_cause`].
    #[doc(alias = "context.WithCancelCause")]
    pub fn with_cancel_cause(&self) -> (Context, CancelHandle) {
        self.with_cancel()
    }

    /// A child scope and the first handle of it.
    #[inline]
    pub(super) fn child(&self, class: &'static Class, deadline: Option<Instant>) -> (Context, CancelHandle) {
        let scope = Counted::new_twice(|| Scope::new(self.node(), self.scope_pointer(), class, deadline));
        tree::enter(&scope.0);
        (Context::of_scope(scope.0), CancelHandle { scope: scope.1.into_pointer() })
    }
}
