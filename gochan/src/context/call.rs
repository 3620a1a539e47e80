//! Calls to make after the end of a context.

use super::Context;
use super::list::{Entry, Link};
use super::node::Counted;
use super::tree::Scope;
use crate::chan::lock::SpinLock;
use crate::sched::bubble::{point, point_before};
use std::fmt;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

/// A closure that waits for the end of a context. One handle is the list's, one its creator's; whoever takes the
/// closure out runs or drops it.
#[derive(Clone)]
pub(super) struct Call(Arc<Waiting>);

#[repr(C)]
struct Waiting {
    link: Link,
    site: &'static Location<'static>,
    closure: SpinLock<Option<Box<dyn FnOnce() + Send>>>,
}

// SAFETY: the link is under the lock of the list it is on; the rest is `Sync` by itself.
unsafe impl Sync for Waiting {}
// SAFETY: as above.
unsafe impl Send for Waiting {}

impl Call {
    fn new(site: &'static Location<'static>, closure: Box<dyn FnOnce() + Send>) -> Call {
        Call(Arc::new(Waiting { link: Link::new(Entry::Call), site, closure: SpinLock::new(Some(closure)) }))
    }

    fn take(&self) -> Option<Box<dyn FnOnce() + Send>> {
        self.0.closure.lock().take()
    }

    /// Runs the closure in a goroutine of its own, unless it was taken out before.
    pub(super) fn start(self) {
        if let Some(closure) = self.take() {
            crate::sched::go_from(self.0.site, closure);
        }
    }

    /// Where its link is.
    pub(super) fn link(&self) -> *const Link {
        Arc::as_ptr(&self.0).cast()
    }

    /// Turns this handle into its link.
    pub(super) fn into_link(self) -> *const Link {
        Arc::into_raw(self.0).cast()
    }

    /// Turns a link back into the handle.
    ///
    /// # Safety
    /// It is from [`Call::into_link`], and nobody else does this with it.
    pub(super) unsafe fn from_link(link: *const Link) -> Call {
        // SAFETY: the caller's promise; the link is the first field.
        Call(unsafe { Arc::from_raw(link.cast()) })
    }
}

/// What [`Context::after_func`] returns: the right to call the function off.
///
/// Dropping it changes nothing: the function still runs after the end. It keeps the context's end alive, as a clone of
/// the context would.
pub struct StopHandle {
    call: Call,
    scope: Option<Counted<Scope>>,
}

impl UnwindSafe for StopHandle {}
impl RefUnwindSafe for StopHandle {}

impl StopHandle {
    /// Keeps the function from running; true if this call did. False if the context has ended, so that the function
    /// runs or has run, or if it was stopped before. Does not wait for a function that runs.
    ///
    /// Constant time. The function is dropped before this returns true.
    ///
    /// ```
    /// let (ctx, cancel) = gochan::context::background().with_cancel();
    /// let stop = ctx.after_func(|| unreachable!("called off"));
    /// assert!(stop.stop());
    /// assert!(!stop.stop());
    /// cancel.cancel();
    /// ```
    #[track_caller]
    pub fn stop(&self) -> bool {
        point_before("StopHandle::stop");
        let Some(closure) = self.call.take() else {
            point("StopHandle::stop");
            return false;
        };
        if let Some(scope) = &self.scope {
            scope.remove_call(&self.call);
        }
        drop(closure);
        point("StopHandle::stop");
        true
    }
}

impl fmt::Debug for StopHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waiting = self.call.0.closure.lock().is_some();
        f.debug_struct("StopHandle")
            .field("registered_at", self.call.0.site)
            .field("waiting", &waiting)
            .finish()
    }
}

impl Context {
    /// Runs `f` once, in a goroutine of its own, after this context has ended; at once if it has. A context that
    /// never ends never runs it.
    ///
    /// [`StopHandle::stop`] calls it off. Functions of one context run in no particular order, and at the same time.
    /// If the last handle of a context with a [source](Context::with_source) goes before the end, `f` is dropped.
    ///
    /// ```
    /// use gochan::prelude::*;
    ///
    /// let said = chan!(&str, 1);
    /// let (ctx, cancel) = background().with_cancel();
    /// let stop = ctx.after_func({
    ///     let said = said.clone();
    ///     move || send!(said <- "it is over")
    /// });
    /// cancel.cancel();
    /// assert_eq!(said.recv(), Some("it is over"));
    /// assert!(!stop.stop());
    /// ```
    #[doc(alias = "context.AfterFunc")]
    #[track_caller]
    pub fn after_func<F: FnOnce() + Send + 'static>(&self, f: F) -> StopHandle {
        let call = Call::new(Location::caller(), Box::new(f));
        let scope = self.scope();
        point_before("Context::after_func");
        if let Some(scope) = &scope
            && let Err(late) = scope.add_call(call.clone())
        {
            late.start();
        }
        point("Context::after_func");
        StopHandle { call, scope }
    }
}
