//! Goroutines that borrow from the frame of whoever waits for them.

use super::attributes::Attributes;
use super::countdown::Countdown;
use super::fork;
use super::knots::Member;
use super::park::WaitReason;
use super::place::Placement;
use super::spawn::{self, JoinHandle};
use super::task::Goexit;
use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A panic of a child until it is taken: by its handle's `join`, or by the end of the scope.
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
/// The goroutines may borrow local variables of the caller. Blocks the calling goroutine or thread until the last
/// one has ended, on every way out of `f`.
///
/// # Panics
/// With the panic of `f`; else with the first panic of a goroutine whose handle nobody joined.
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
    // A panic is held back until the children are done with the borrows.
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
    /// The handle may leave the scope, as the last expression in `scope(|s| { s.go(|| …) })` does: by then there is
    /// nothing left to wait for.
    #[track_caller]
    pub fn go<F, T>(&'scope self, f: F) -> ScopedJoinHandle<'env, T>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        let site = Location::caller();
        let shared = self.shared.clone();
        let packet = Arc::new(Packet { value: Mutex::new(None), payload: Payload::default() });
        let result = packet.clone();
        let member = shared.children.members().add();
        shared.children.add(1, "Scope::go", Some(site)).expect("fewer goroutines than can be counted");
        let child = Child { f, counted: Counted(shared.clone(), member) };
        let body = move || {
            // As a whole: its fields are dropped in their order, also if this never runs.
            let mut child = child;
            child.counted.start();
            let Child { f, counted: _counted } = child;
            match catch_unwind(AssertUnwindSafe(f)) {
                Ok(value) => *lock(&result.value) = Some(value),
                Err(cause) => shared.note_end(site, cause, &result.payload),
            }
            // If the handle is gone, this drops the value, which may use what it borrows, and may panic: the scope must
            // be told of the end all the same.
            if let Err(cause) = catch_unwind(AssertUnwindSafe(|| drop(result))) {
                shared.note_end(site, cause, &Payload::default());
            }
        };
        // SAFETY: `scope` does not return before `children` is down to zero, which is after the last use of
        // anything borrowed: the closure is consumed, the value stored or dropped. If the goroutine cannot be started, the
        // closure is dropped before this returns, in the scope's own call or in another child, which counts.
        let handle = unsafe { spawn::spawn(Attributes::default(), Placement::Auto, site, body) };
        ScopedJoinHandle { handle, packet, env: PhantomData }
    }
}

/// What a child runs, and what counts it. In this order: if it is never run, the scope is told of its end last.
struct Child<F> {
    f: F,
    counted: Counted,
}

/// Counts a child down when it goes.
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
            super::report::body_panicked(super::current_id().unwrap_or(0), site, &*cause);
            if fork::is_forked_child() {
                fork::goroutine_ends(true);
            }
            lock(&self.panics).push(payload.clone());
        }
        *lock(payload) = Some(cause);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").field("running", &self.shared.children.count()).finish()
    }
}

/// What a child leaves behind: a value, or the payload of its panic.
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
    /// Waits for the goroutine to end; like [`JoinHandle::join`]. A panic taken here is not raised again by the
    /// scope.
    ///
    /// # Errors
    /// The payload of the panic, or a [`Goexit`](crate::runtime::Goexit).
    ///
    /// # Panics
    /// If a goroutine joins itself.
    #[track_caller]
    pub fn join(self) -> std::thread::Result<T> {
        self.handle.join()?;
        let value = lock(&self.packet.value).take();
        value.ok_or_else(|| take(&self.packet.payload).expect("a goroutine leaves a value or a payload"))
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
}

impl<T> fmt::Debug for ScopedJoinHandle<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopedJoinHandle").field("id", &self.id()).finish_non_exhaustive()
    }
}
