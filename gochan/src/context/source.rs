//! Contexts that something outside of this crate ends.

use super::Context;
use super::error::{self, ContextError, Given};
use super::node::{Class, Counted};
use super::tree::{self, Scope};
use crate::chan::lock::SpinLock;
use std::cell::UnsafeCell;
use std::error::Error;
use std::fmt;
use std::ptr::NonNull;
use std::sync::Arc;
use std::time::Instant;

/// A way of being cancelled that some other code has, such as a web framework's for its requests: what a
/// [`Context`] can be made of.
///
/// Implement it for a type that knows how to be told of the end, and pass that to [`Context::from_source`] or
/// [`Context::with_source`]. Futures do not need this trait: see [`Context::from_future`].
///
/// ```
/// use gochan::context::{CancelSource, Context, ContextError, EndSignal};
/// use std::sync::{Arc, Mutex};
///
/// /// Somebody's server: it tells those who ask when a connection breaks.
/// #[derive(Default)]
/// struct Connection {
///     on_broken: Mutex<Vec<Box<dyn Fn() + Send>>>,
/// }
///
/// impl Connection {
///     fn broken(&self) {
///         self.on_broken.lock().unwrap().iter().for_each(|tell| tell());
///     }
/// }
///
/// struct Broken(Arc<Connection>);
///
/// impl CancelSource for Broken {
///     type Watch = ();
///
///     fn watch(self, end: EndSignal) {
///         let tell = move || end.end_cause(ContextError::Canceled, "connection broken");
///         self.0.on_broken.lock().unwrap().push(Box::new(tell));
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
    /// What stands for the registration. It is dropped with the context, when nobody can see its end any more:
    /// unregister then.
    type Watch: Send + 'static;

    /// Arranges for `end` to be told once this source ends; at once, if it has.
    fn watch(self, end: EndSignal) -> Self::Watch;

    /// When this source will end at the latest, if it knows. The context reports it as its deadline, and ends then,
    /// also if the source does not.
    fn deadline(&self) -> Option<Instant> {
        None
    }
}

/// How a [`CancelSource`] tells its context that it has ended. It does not keep the context alive, and may be called
/// when there is none any more. The first call counts.
///
/// The calls never block and run nobody's code on the calling thread: when they return, the context and all below have
/// ended, and a goroutine is on its way to wake those who wait. So they may come from a waker, from a destructor, and
/// while the source holds a lock of its own.
#[derive(Clone)]
pub struct EndSignal {
    target: Arc<Target>,
}

/// Leads to a scope until that is freed.
struct Target(SpinLock<Pointer>);

struct Pointer(Option<NonNull<Scope>>);

// SAFETY: a pointer to what is `Send` and `Sync`.
unsafe impl Send for Pointer {}

impl EndSignal {
    /// The source has ended like that.
    pub fn end(&self, error: ContextError) {
        self.tell(error, None);
    }

    /// The source has ended like that, for the reason that [`Context::cause`] is to tell: any error, or a text.
    pub fn end_cause<E: Into<Box<dyn Error + Send + Sync>>>(&self, error: ContextError, cause: E) {
        self.tell(error, Some(error::given(cause.into())));
    }

    fn tell(&self, error: ContextError, cause: Option<Given>) {
        let Some(scope) = self.live_scope() else { return };
        let ended = scope.end_quietly(error, cause);
        crate::sched::go(move || {
            if let Some(ended) = ended {
                ended.finish();
            }
            // With the last reference values may go, too.
            drop(scope);
        });
    }

    /// The scope, unless it has ended: then there is nothing to do, and no reference to give up.
    fn live_scope(&self) -> Option<Counted<Scope>> {
        let target = self.target.0.lock();
        let scope = target.0?;
        // SAFETY: a scope that is being freed clears the target first, for which it needs the lock.
        unsafe { if scope.as_ref().error().is_none() { Counted::upgrade(scope) } else { None } }
    }
}

impl fmt::Debug for EndSignal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndSignal").field("needed", &self.live_scope().is_some()).finish()
    }
}

/// What a scope keeps of its source.
pub(super) struct Watched {
    target: Arc<Target>,
    /// Written by who makes the context; nobody but the destructor looks at it.
    watch: UnsafeCell<Option<Box<dyn Send>>>,
}

impl Watched {
    /// From now on no signal finds the scope.
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
    /// There is no handle to keep: the context lasts as long as somebody has it, or a context derived from it. When
    /// the last one goes before the end, the source's [`Watch`](CancelSource::Watch) is dropped.
    pub fn with_source<S: CancelSource>(&self, source: S) -> Context {
        let target = Arc::new(Target(SpinLock::new(Pointer(None))));
        let watched = Watched { target: target.clone(), watch: UnsafeCell::new(None) };
        let (own, above) = (source.deadline(), self.deadline());
        let deadline = [own, above].into_iter().flatten().min();
        let scope = Counted::new(|| {
            Scope::new(self.node(), self.scope_pointer(), &CLASS, deadline).watched_by(watched)
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
            let watched = scope.watched().expect("just given");
            // SAFETY: the destructor runs later; nobody else looks at it.
            unsafe { *watched.watch.get() = Some(Box::new(watch)) };
        }
        Context::of_scope(scope)
    }
}
