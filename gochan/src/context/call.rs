//! Functions to run after the end of a context: `after_func`.
//!
//! A call is in its scope's list by a link of its own, so registering is one allocation, and [`StopHandle::stop`] takes
//! constant time however many calls the context has, where a list of closures would be searched.

use super::Context;
use super::list::{Entry, Link};
use super::node::Counted;
use super::tree::CancelScope;
use super::wait::EndedBy;
use crate::base::location::SourceLocation;
use crate::base::spin::SpinLock;
use crate::base::touch::Touch;
use crate::points;
use std::fmt;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

/// An act that waits for the end of a context. The scope's list has one handle, the `StopHandle` another; the one that
/// takes the act out does or drops it.
#[derive(Clone)]
pub(super) struct Call(Arc<PendingCall>);

#[repr(C)]
struct PendingCall {
    link: Link,
    site: SourceLocation,
    act: SpinLock<Option<Act>>,
}

/// What a call does.
pub(super) enum Act {
    /// Runs this in a new goroutine.
    Run(Box<dyn FnOnce() + Send>),
    /// Ends a wait.
    End(EndedBy),
}

// SAFETY: the link is under the lock of its list; the rest is `Sync`.
unsafe impl Sync for PendingCall {}
// SAFETY: as above.
unsafe impl Send for PendingCall {}

impl Call {
    pub(super) fn new(site: SourceLocation, act: Act) -> Call {
        Call(Arc::new(PendingCall { link: Link::new(Entry::Call), site, act: SpinLock::new(Some(act)) }))
    }

    pub(super) fn take(&self) -> Option<Act> {
        self.0.act.lock().take()
    }

    /// Acts, unless the act was taken out before.
    pub(super) fn start(self) {
        match self.take() {
            Some(Act::Run(closure)) => drop(crate::spawn::start::go_from(self.0.site, closure)),
            Some(Act::End(wait)) => wait.end(),
            None => {}
        }
    }

    /// The address of the link.
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
    /// It is from [`Call::into_link`], and is turned back only once.
    pub(super) unsafe fn from_link(link: *const Link) -> Call {
        // SAFETY: the caller's promise; the link is the first field.
        Call(unsafe { Arc::from_raw(link.cast()) })
    }
}

/// Stops a function registered by [`Context::after_func`].
///
/// Dropping the handle does not stop the function. The handle keeps the context alive, like a clone of it.
pub struct StopHandle {
    call: Call,
    scope: Option<Counted<CancelScope>>,
}

impl UnwindSafe for StopHandle {}
impl RefUnwindSafe for StopHandle {}

impl StopHandle {
    /// Keeps the function from running; true if this call did so. False if the context has ended, so the function runs
    /// or has run, or if it was stopped before. Never blocks: does not wait for a running function.
    ///
    /// Constant time. The function is dropped before this returns true.
    ///
    /// ```
    /// let (ctx, cancel) = gochan::context::background().with_cancel();
    /// let stop = ctx.after_func(|| unreachable!("it was stopped"));
    /// assert!(stop.stop());
    /// assert!(!stop.stop());
    /// cancel.cancel();
    /// ```
    #[track_caller]
    pub fn stop(&self) -> bool {
        points::before(|| Touch::EVERYTHING, "StopHandle::stop", Some(Location::caller()));
        let Some(act) = self.call.take() else {
            points::after("StopHandle::stop", Some(Location::caller()));
            return false;
        };
        if let Some(scope) = &self.scope {
            scope.remove_call(&self.call);
        }
        drop(act);
        points::after("StopHandle::stop", Some(Location::caller()));
        true
    }
}

impl fmt::Debug for StopHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waiting = self.call.0.act.lock().is_some();
        f.debug_struct("StopHandle")
            .field("registered_at", self.call.0.site)
            .field("waiting", &waiting)
            .finish()
    }
}

impl Context {
    /// Runs `f` once, in a new goroutine, after this context has ended; at once if it has. A context that never ends
    /// never runs it.
    ///
    /// [`StopHandle::stop`] prevents it. Functions of one context run concurrently, in no particular order. If the last
    /// handle of a context with a [source](Context::with_source) is dropped before the end, `f` is dropped without
    /// running.
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
    pub fn after_func<F>(&self, f: F) -> StopHandle
    where
        F: FnOnce(),
        F: Send,    // use `Arc` for `Rc`, `sync::Mutex` or an atomic for cells, and lock inside
        F: 'static, // it runs later, when its caller may be gone: `move ||` owns what it names
    {
        let call = Call::new(Location::caller(), Act::Run(Box::new(f)));
        let scope = self.scope();
        points::before(|| Touch::EVERYTHING, "Context::after_func", Some(Location::caller()));
        if let Some(scope) = &scope
            && let Err(late) = scope.add_call(call.clone())
        {
            late.start();
        }
        points::after("Context::after_func", Some(Location::caller()));
        StopHandle { call, scope }
    }
}
