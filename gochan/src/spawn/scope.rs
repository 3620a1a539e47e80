//! Goroutines that borrow from the frame of the caller, which waits for them.

use super::countdown::Countdown;
use super::join::JoinHandle;
use super::local;
use super::start;
use crate::base::attributes::Attributes;
use crate::base::fork;
use crate::base::lock::lock;
use crate::base::placement::Placement;
use crate::knots::Member;
use crate::sched::fresh::Goexit;
use crate::sched::park::WaitReason;
use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The panic of a child, until its handle's `join` or the end of the scope takes it.
type Payload = Arc<Mutex<Option<Box<dyn Any + Send>>>>;

/// Spawns goroutines that may borrow what outlives the [`scope`] call.
pub struct Scope<'scope, 'env: 'scope> {
    shared: Arc<Shared>,
    scope: PhantomData<&'scope mut &'scope ()>,
    env: PhantomData<&'env mut &'env ()>,
}

#[derive(Debug)]
struct Shared {
    children: Countdown,
    /// In the order in which the children panicked.
    panics: Mutex<Vec<Payload>>,
}

/// Runs `f` with a [`Scope`] and returns its result once every goroutine of the scope has ended.
///
/// The goroutines may borrow local variables of the caller. Blocks the calling goroutine or thread until the last one has
/// ended, also if `f` panics.
///
/// # Panics
/// Resumes the panic of `f`; else the first panic of a goroutine whose handle was not joined.
///
/// ```
/// let words = ["share", "by", "communicating"];
/// let total = gochan::scope(|s| {
///     let lengths = words.each_ref().map(|word| s.go(move || word.len()));
///     lengths.map(|length| length.join().unwrap()).iter().sum::<usize>()
/// });
/// assert_eq!(total, 20);
/// ```
#[track_caller]
pub fn scope<'env, F, T>(f: F) -> T
where
    F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> T,
{
    let shared = Arc::new(Shared { children: Countdown::new(0), panics: Mutex::new(Vec::new()) });
    let scope = Scope { shared: shared.clone(), scope: PhantomData, env: PhantomData };
    // A panic is held back until the children have ended, and with them the borrows.
    let result = catch_unwind(AssertUnwindSafe(|| f(&scope)));
    // A child may spawn siblings, which its own count covers, so zero is final.
    shared
        .children
        .wait("scope", WaitReason::Scope, Location::caller())
        .expect("only children add, and they are counted");
    match result {
        Err(payload) => resume_unwind(payload),
        Ok(value) => {
            let panics = std::mem::take(&mut *lock(&shared.panics));
            if let Some(payload) = panics.iter().find_map(take) {
                resume_unwind(payload);
            }
            value
        }
    }
}

fn take(payload: &Payload) -> Option<Box<dyn Any + Send>> {
    lock(payload).take()
}

impl<'scope, 'env> Scope<'scope, 'env> {
    /// Starts a goroutine that ends before the scope does.
    ///
    /// The handle may leave the scope, as the last expression in `scope(|s| { s.go(|| …) })` does. Joining it then does not
    /// wait.
    #[track_caller]
    pub fn go<F, T>(&'scope self, f: F) -> ScopedJoinHandle<'env, T>
    where
        F: FnOnce() -> T, // a closure, `|| f(x)`: not a call `f(x)`, nor an `async` block, which nothing would poll
        F: Send,          // use `Arc` for `Rc`, `sync::Mutex` or an atomic for cells, and lock inside
        F: 'scope,        // `move ||` owns what it names; what it borrows is declared before the scope
        T: Send,          // the result may be joined elsewhere: return what is `Send`
        T: 'scope,
    {
        let site = Location::caller();
        let origin = local::origin(site);
        let shared = self.shared.clone();
        let packet = Arc::new(Packet { value: Mutex::new(None), payload: Payload::default() });
        let result = packet.clone();
        let member = shared.children.members().add();
        shared.children.add(1, "Scope::go", Some(site)).expect("fewer goroutines than can be counted");
        let child = Child { f, counted: Counted(shared.clone(), member) };
        let body = move || {
            // Captured as a whole, so that its fields are dropped in their order even if this never runs.
            let mut child = child;
            child.counted.start();
            let Child { f, counted: _counted } = child;
            match catch_unwind(AssertUnwindSafe(f)) {
                Ok(value) => *lock(&result.value) = Some(value),
                Err(cause) => shared.note_end(site, cause, &result.payload),
            }
            // If the handle is gone, this drops the value, which may use what it borrows, and may panic. The child must be
            // counted down all the same.
            if let Err(cause) = catch_unwind(AssertUnwindSafe(|| drop(result))) {
                shared.note_end(site, cause, &Payload::default());
            }
        };
        // SAFETY: `scope` does not return before `children` is down to zero, which is after the last use of a
        // borrow: the closure is consumed, the value stored or dropped. If the goroutine cannot be started, the
        // closure is dropped before this returns, in the scope's own call or in another child, which counts.
        let handle = unsafe { start::spawn_borrowing(Attributes::default(), Placement::Auto, origin, body) };
        ScopedJoinHandle { handle, packet, env: PhantomData }
    }
}

/// For the compiler's messages: its bound never holds.
impl<'scope> Scope<'scope, '_> {
    #[doc(hidden)]
    pub fn spawn<F>(&'scope self, _: F)
    where
        Self: HasSpawn,
    {
        crate::base::report::not_callable()
    }
}

#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a scope starts a goroutine by `go`",
    label = "write `go`",
    note = "as in `gochan::scope(|s| {{ s.go(|| work(&list)); }})`; `go` returns a handle to join"
)]
pub trait HasSpawn {}

/// What a child runs, and what counts it. In this order: if it is never run, it is counted down last.
struct Child<F> {
    f: F,
    counted: Counted,
}

/// Counts a child down when it is dropped.
struct Counted(Arc<Shared>, Member);

impl Counted {
    fn start(&mut self) {
        self.0.children.members().start(&mut self.1);
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.children.add(-1, "end of Scope::go", None).expect("counted up before the start");
        self.0.children.members().remove(&self.1);
    }
}

impl Shared {
    fn note_end(&self, site: &'static Location<'static>, cause: Box<dyn Any + Send>, payload: &Payload) {
        if !cause.is::<Goexit>() {
            crate::base::report::body_panicked(crate::sched::here::current_id().unwrap_or(0), site, &*cause);
            if fork::is_forked_child() {
                fork::goroutine_panicked();
            }
            lock(&self.panics).push(payload.clone());
        }
        *lock(payload) = Some(cause);
    }
}

impl fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").field("running", &self.shared.children.count()).finish()
    }
}

/// The result of a child: a value, or the payload of its panic.
struct Packet<T> {
    value: Mutex<Option<T>>,
    payload: Payload,
}

/// The right to wait for one goroutine of a scope and take its result.
pub struct ScopedJoinHandle<'env, T> {
    handle: JoinHandle<()>,
    packet: Arc<Packet<T>>,
    env: PhantomData<&'env ()>,
}

impl<T> ScopedJoinHandle<'_, T> {
    /// Waits for the goroutine to end, like [`JoinHandle::join`]. The scope does not resume a panic that is returned here.
    ///
    /// # Errors
    /// The payload of the panic that ended the goroutine, or a [`Goexit`].
    ///
    /// # Panics
    /// If a goroutine joins itself.
    #[track_caller]
    pub fn join(self) -> std::thread::Result<T> {
        let ended = self.handle.join();
        result(ended, &self.packet)
    }

    /// Like [`join`](ScopedJoinHandle::join), but waits for at most `limit`, as [`JoinHandle::join_timeout`] does.
    ///
    /// # Errors
    /// The handle, after `limit`.
    ///
    /// # Panics
    /// If a goroutine joins itself.
    #[track_caller]
    pub fn join_timeout(self, limit: Duration) -> Result<std::thread::Result<T>, Self> {
        let ScopedJoinHandle { handle, packet, env } = self;
        match handle.join_timeout(limit) {
            Ok(ended) => Ok(result(ended, &packet)),
            Err(handle) => Err(ScopedJoinHandle { handle, packet, env }),
        }
    }

    /// True once the goroutine has ended.
    #[track_caller]
    pub fn is_finished(&self) -> bool {
        self.handle.is_finished()
    }

    /// The goroutine's id.
    pub fn id(&self) -> u64 {
        self.handle.id()
    }

    pub(crate) fn handle(&self) -> &JoinHandle<()> {
        &self.handle
    }
}

/// What a child leaves.
fn result<T>(ended: std::thread::Result<()>, packet: &Packet<T>) -> std::thread::Result<T> {
    ended?;
    let value = lock(&packet.value).take();
    value.ok_or_else(|| take(&packet.payload).expect("a goroutine leaves a value or a payload"))
}

impl<T> fmt::Debug for ScopedJoinHandle<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopedJoinHandle").field("id", &self.id()).finish_non_exhaustive()
    }
}
