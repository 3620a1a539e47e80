//! Contexts that code outside of this crate ends.

use super::Context;
use super::error::{self, ContextError, Given};
use super::node::{Class, Counted};
use super::tree::{self, CancelScope};
use crate::base::spin::SpinLock;
use std::cell::UnsafeCell;
use std::error::Error;
use std::fmt;
use std::panic::Location;
use std::ptr::NonNull;
use std::sync::Arc;
use std::time::Instant;

/// A foreign source of cancellation, such as a request of a web framework, from which a [`Context`] can be made.
///
/// Implement it for a type that can register a callback for the end, and pass a value to [`Context::from_source`] or
/// [`Context::with_source`]. Futures do not need this trait: see [`Context::from_future`].
///
/// ```
/// use gochan::context::{CancelSource, Context, ContextError, EndSignal};
/// use std::sync::{Arc, Mutex};
///
/// /// A connection of some server, which runs callbacks when it breaks.
/// #[derive(Default)]
/// struct Connection {
///     on_broken: Mutex<Vec<Box<dyn Fn() + Send>>>,
/// }
///
/// impl Connection {
///     fn broken(&self) {
///         self.on_broken.lock().unwrap().iter().for_each(|callback| callback());
///     }
/// }
///
/// struct Broken(Arc<Connection>);
///
/// impl CancelSource for Broken {
///     type Watch = ();
///
///     fn watch(self, end: EndSignal) {
///         let callback = move || end.end_cause(ContextError::Canceled, "connection broken");
///         self.0.on_broken.lock().unwrap().push(Box::new(callback));
///     }
/// }
///
/// let connection = Arc::new(Connection::default());
/// let ctx = Context::from_source(Broken(connection.clone()));
/// let (child, _cancel) = ctx.with_cancel();
/// assert!(child.err().is_none());
/// connection.broken();
/// assert_eq!(child.err(), Some(ContextError::Canceled));
/// assert_eq!(child.cause().unwrap().to_string(), "connection broken");
/// ```
pub trait CancelSource {
    /// The registration. It is dropped with the context, when its end can no longer be observed; its destructor should
    /// unregister.
    type Watch: Send + 'static;

    /// Arranges that `end` is called when this source ends; calls it at once if the source has ended.
    fn watch(self, end: EndSignal) -> Self::Watch;

    /// The latest time at which this source ends, if known. The context reports it as its deadline and ends then, even
    /// if the source does not.
    fn deadline(&self) -> Option<Instant> {
        None
    }
}

/// How a [`CancelSource`] reports its end to its context. It does not keep the context alive, and has no effect when
/// the context is gone. The first call counts.
///
/// The calls never block and run no user code on the calling thread: when they return, the context and all contexts
/// below have ended, and a goroutine has been started that wakes the waiters. So they may come from a waker, from a
/// destructor, and while the source holds its own lock.
#[derive(Clone)]
pub struct EndSignal {
    target: Arc<Target>,
}

/// Leads to a scope until that is freed.
struct Target(SpinLock<Pointer>);

struct Pointer(Option<NonNull<CancelScope>>);

// SAFETY: a pointer to what is `Send` and `Sync`.
unsafe impl Send for Pointer {}

impl EndSignal {
    /// Reports that the source has ended with `error`.
    pub fn end(&self, error: ContextError) {
        self.report(error, None);
    }

    /// Reports that the source has ended with `error`, and the cause that [`Context::cause`] returns: any error, or a
    /// text.
    pub fn end_cause<E: Into<Box<dyn Error + Send + Sync>>>(&self, error: ContextError, cause: E) {
        self.report(error, Some(error::given(cause.into())));
    }

    fn report(&self, error: ContextError, cause: Option<Given>) {
        let Some(scope) = self.live_scope() else { return };
        let ended = scope.end_quietly(error, cause);
        crate::spawn::start::go_from(Location::caller(), move || {
            if let Some(ended) = ended {
                ended.finish();
            }
            // This may be the last reference, and drop values.
            drop(scope);
        });
    }

    /// The scope, unless it has ended: then there is nothing to do.
    fn live_scope(&self) -> Option<Counted<CancelScope>> {
        let target = self.target.0.lock();
        let scope = target.0?;
        // SAFETY: a scope that is being freed clears the target first, under the lock.
        unsafe { if scope.as_ref().error().is_none() { Counted::upgrade(scope) } else { None } }
    }
}

impl fmt::Debug for EndSignal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndSignal").field("needed", &self.live_scope().is_some()).finish()
    }
}

/// A scope's connection to its source.
pub(super) struct Watched {
    target: Arc<Target>,
    /// Written when the context is made, and then used only by the destructor.
    watch: UnsafeCell<Option<Box<dyn Send>>>,
}

impl Watched {
    /// Detaches the scope: no signal finds it any more.
    pub(super) fn forget(&self) {
        self.target.0.lock().0 = None;
    }
}

static CLASS: Class = Class { destroy: tree::destroy, name: |_, f| f.write_str(".WithSource") };

impl Context {
    /// A context that ends when `source` does: [`background`](super::background)`().with_source(source)`.
    pub fn from_source<S: CancelSource>(source: S) -> Context {
        super::background().with_source(source)
    }

    /// A child of this context that ends when `source` does, or when this context ends.
    ///
    /// There is no handle to keep: the context lives as long as a clone of it or a context derived from it. If the last
    /// one is dropped before the end, so is the source's [`Watch`](CancelSource::Watch).
    pub fn with_source<S: CancelSource>(&self, source: S) -> Context {
        let target = Arc::new(Target(SpinLock::new(Pointer(None))));
        let watched = Watched { target: target.clone(), watch: UnsafeCell::new(None) };
        let (own, above) = (source.deadline(), self.deadline());
        let deadline = [own, above].into_iter().flatten().min();
        let scope = Counted::new(|| {
            CancelScope::new(self.node(), self.scope_pointer(), &CLASS, deadline).watched_by(watched)
        });
        target.0.lock().0 = Some(scope.pointer());
        tree::enter(&scope);
        let end = EndSignal { target };
        if let Some(deadline) = deadline.filter(|_| above != deadline) {
            let end = end.clone();
            scope.end_at(deadline, None, move || end.end(ContextError::DeadlineExceeded));
        }
        if scope.error().is_none() {
            let watch = source.watch(end);
            let watched = scope.watched().expect("it was just set");
            // SAFETY: only the destructor, which runs later, also uses it.
            unsafe { *watched.watch.get() = Some(Box::new(watch)) };
        }
        Context::of_scope(scope)
    }
}
