//! Calls that block their thread, kept off the workers.

use super::bubble::{point, point_before};
use super::goroutine::Goroutine;
use super::os_threads::OsThreads;
use super::outside::Kind;
use super::park::{Owner, Parker, WaitReason};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::sync::LazyLock;

/// Threads for blocking calls; more calls than that wait for their turn.
const LIMIT: usize = 512;

thread_local! {
    /// The goroutine that this thread of the pool makes a call for.
    static CALLER: Cell<Option<u64>> = const { Cell::new(None) };
}

/// The goroutine that waits for the call which this thread makes.
pub(super) fn caller_id() -> Option<u64> {
    CALLER.try_with(Cell::get).ok().flatten()
}

static POOL: LazyLock<OsThreads> = LazyLock::new(|| OsThreads::new("gochan-blocking", Kind::Owned, LIMIT));

/// Runs `f`, which may block its thread, on a thread made for that, while the worker serves other goroutines.
///
/// For file systems, name look-ups, foreign libraries, long computations: whatever would hold up the goroutines
/// that share the worker. `f` may borrow from the caller, who waits until it is done. Up to 512 calls run at once;
/// more wait for a free thread. Outside of a goroutine there is nothing to hold up and `f` runs right here.
///
/// # Panics
/// With the panic of `f`.
///
/// ```
/// let text = gochan::go!(|| { gochan::blocking(|| std::fs::read_to_string("Cargo.toml")) }()).join().unwrap();
/// assert!(text.is_ok());
/// ```
#[track_caller]
pub fn blocking<F, T>(f: F) -> T
where
    F: FnOnce() -> T + Send,
    T: Send,
{
    let Some(goroutine) = Goroutine::current() else { return f() };
    if goroutine.worker().bubble().is_some() {
        // Nobody else is to run meanwhile: the call counts as one that takes no time.
        point_before();
        let result = f();
        point();
        return result;
    }
    match Parker::current() {
        parker @ Parker::Goroutine(_) => elsewhere(f, &parker, Location::caller()),
        Parker::Thread(_) => f(),
    }
}

/// One call: written by the caller, then by the pool thread, then read by the caller again.
struct Call<F, T> {
    f: Option<F>,
    result: Option<std::thread::Result<T>>,
    caller: Option<Owner>,
    /// The caller's.
    id: Option<u64>,
}

struct CallPtr(*mut ());
// SAFETY: the call behind it is used by one thread at a time, handed over by the pool's queue and by `wake`.
unsafe impl Send for CallPtr {}

fn elsewhere<F, T>(f: F, parker: &Parker, place: &'static Location<'static>) -> T
where
    F: FnOnce() -> T + Send,
    T: Send,
{
    /// # Safety
    /// `call` points to a `Call<F, T>` that lives until its caller is woken.
    unsafe fn run<F: FnOnce() -> T, T>(call: *mut ()) {
        // SAFETY: the caller's promise; the reference ends before the wake.
        let caller = unsafe {
            let call = &mut *call.cast::<Call<F, T>>();
            let f = call.f.take().expect("a call runs once");
            CALLER.set(call.id);
            call.result = Some(catch_unwind(AssertUnwindSafe(f)));
            CALLER.set(None);
            call.caller.take().expect("a call has one caller")
        };
        caller.wake();
    }
    let mut call = Call { f: Some(f), result: None, caller: Some(parker.owner()), id: super::current_id() };
    let pointer = CallPtr((&raw mut call).cast());
    let run: unsafe fn(*mut ()) = run::<F, T>;
    let job = Box::new(move || {
        let pointer = pointer;
        // SAFETY: `call` is on the frame of a goroutine that is parked until the wake at the end of `run`.
        unsafe { run(pointer.0) }
    });
    if let Err(error) = POOL.submit(job, None) {
        panic!("cannot start a thread for a blocking call: {error}");
    }
    parker.park(WaitReason::Blocking, place);
    match call.result.take().expect("woken by the end of the call") {
        Ok(value) => value,
        Err(payload) => resume_unwind(payload),
    }
}

/// Threads of the pool, and calls accepted and not finished.
pub(super) fn count() -> (usize, usize) {
    LazyLock::get(&POOL).map_or((0, 0), |pool| (pool.total(), pool.pending()))
}

/// Calls accepted and not finished.
pub(super) fn pending() -> usize {
    LazyLock::get(&POOL).map_or(0, OsThreads::pending)
}
