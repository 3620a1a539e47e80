//! Contexts that end at a deadline.

use super::Context;
use super::cancel::CancelHandle;
use super::display::When;
use super::error::{self, ContextError, Given};
use super::node::Class;
use super::tree::{self, CancelScope};
use crate::base::clock;
use crate::spawn::alarm;
use std::error::Error;
use std::time::{Duration, Instant, SystemTime};

static CLASS: Class = Class {
    destroy: tree::destroy,
    name: |node, f| {
        // SAFETY: nodes of this class are scopes, and the caller keeps this one alive.
        let deadline = unsafe { node.cast::<CancelScope>().as_ref() }.deadline.expect("made with a deadline");
        let when = When { deadline, now: clock::now(), wall: SystemTime::now() };
        write!(f, ".WithDeadline({when})")
    },
};

impl Context {
    /// A child of this context that ends after `timeout` with [`ContextError::DeadlineExceeded`], or earlier if the
    /// handle cancels it or this context ends. A timeout beyond the clock's range never expires.
    ///
    /// ```
    /// use gochan::context::{ContextError, background};
    /// use std::time::Duration;
    ///
    /// let (ctx, _cancel) = background().with_timeout(Duration::from_millis(1));
    /// ctx.done().recv();
    /// assert_eq!(ctx.err(), Some(ContextError::DeadlineExceeded));
    /// ```
    #[doc(alias = "context.WithTimeout")]
    #[track_caller]
    pub fn with_timeout(&self, timeout: Duration) -> (Context, CancelHandle) {
        self.ending_at(clock::now().checked_add(timeout), None)
    }

    /// Like [`with_timeout`](Context::with_timeout); if the timeout ends the child, [`Context::cause`] returns `cause`,
    /// any error or a text.
    ///
    /// ```
    /// use gochan::context::background;
    /// use std::time::Duration;
    ///
    /// let (ctx, _cancel) = background().with_timeout_cause(Duration::ZERO, "the index takes too long");
    /// assert_eq!(ctx.err().unwrap().to_string(), "context deadline exceeded");
    /// assert_eq!(ctx.cause().unwrap().to_string(), "the index takes too long");
    /// ```
    #[doc(alias = "context.WithTimeoutCause")]
    #[track_caller]
    pub fn with_timeout_cause<E>(&self, timeout: Duration, cause: E) -> (Context, CancelHandle)
    where
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        self.ending_at(clock::now().checked_add(timeout), Some(error::given(cause.into())))
    }

    /// A child of this context that ends at `deadline` with [`ContextError::DeadlineExceeded`], or earlier if the
    /// handle cancels it or this context ends. If the deadline has passed, the child has already ended.
    ///
    /// If this context's deadline is not later, the child is one of [`with_cancel`](Context::with_cancel). Otherwise it
    /// also costs an alarm, which cancelling removes.
    ///
    /// ```
    /// use gochan::context::{ContextError, background};
    /// use std::time::Instant;
    ///
    /// let (ctx, _cancel) = background().with_deadline(Instant::now());
    /// assert_eq!(ctx.err(), Some(ContextError::DeadlineExceeded));
    /// ```
    #[doc(alias = "context.WithDeadline")]
    #[track_caller]
    pub fn with_deadline(&self, deadline: Instant) -> (Context, CancelHandle) {
        self.ending_at(Some(deadline), None)
    }

    /// Like [`with_deadline`](Context::with_deadline); if the deadline ends the child, [`Context::cause`] returns
    /// `cause`, any error or a text.
    #[doc(alias = "context.WithDeadlineCause")]
    #[track_caller]
    pub fn with_deadline_cause<E>(&self, deadline: Instant, cause: E) -> (Context, CancelHandle)
    where
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        self.ending_at(Some(deadline), Some(error::given(cause.into())))
    }

    #[track_caller]
    fn ending_at(&self, deadline: Option<Instant>, cause: Option<Given>) -> (Context, CancelHandle) {
        let deadline = match (deadline, self.deadline()) {
            (Some(own), above) if above.is_none_or(|above| own < above) => own,
            _ => {
                // Its destructor may panic: nothing has been made yet that could leak.
                drop(cause);
                return self.with_cancel();
            }
        };
        let (context, cancel) = self.child(&CLASS, Some(deadline));
        if let Some(scope) = context.scope() {
            // The alarm's reference is released with the last handle at the latest, since that ends the scope.
            let ringing = scope.clone();
            scope.end_at(deadline, cause.clone(), move || {
                ringing.end(ContextError::DeadlineExceeded, cause);
            });
        }
        (context, cancel)
    }
}

impl CancelScope {
    /// Ends this scope if `deadline` has passed; otherwise sets an alarm that calls `ring` then, unless the scope ends
    /// before.
    #[track_caller]
    pub(super) fn end_at<F>(&self, deadline: Instant, cause: Option<Given>, ring: F)
    where
        F: FnOnce() + Send + 'static,
    {
        if self.error().is_some() {
            return;
        }
        if deadline <= clock::now() {
            self.end(ContextError::DeadlineExceeded, cause);
            return;
        }
        self.keep_alarm(alarm::set(deadline, ring));
    }
}
