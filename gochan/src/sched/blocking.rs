//! Calls that block their thread, kept off the workers.

use super::bubble::{point, point_before};
use super::goroutine::Goroutine;
use super::os_threads::{Jam, OsThreads};
use super::outside::Kind;
use super::park::{Owner, Parker, WaitReason};
use super::settings::settings;
use super::{fork, report};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

thread_local! {
    /// The goroutine that this thread of the pool makes a call for.
    static CALLER: Cell<Option<u64>> = const { Cell::new(None) };
}

/// The goroutine that waits for the call which this thread makes.
pub(super) fn caller_id() -> Option<u64> {
    CALLER.try_with(Cell::get).ok().flatten()
}

static POOL: LazyLock<OsThreads> =
    LazyLock::new(|| OsThreads::new("gochan-blocking", Kind::Owned, Some(settings().blocking_threads)));

/// Runs `f`, which may block its thread, on a thread made for that, while the worker serves other goroutines.
///
/// For file systems, name look-ups, foreign libraries, long computations: whatever would hold up the goroutines
/// that share the worker. `f` may borrow from the caller, which waits until it is done. Outside of a goroutine there is
/// nothing to hold up and `f` runs right here; so it does in a forked child.
///
/// Up to [`max_blocking_threads`](crate::runtime::Builder::max_blocking_threads) calls run at once, 10,000 by default;
/// more wait for a free thread, and so they do where the operating system refuses another thread. Calls that wait for
/// more than a second are reported on standard error, once.
///
/// # Panics
/// With the panic of `f`. If the operating system refuses even the first thread.
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
    // The threads of the pool are not there.
    if fork::is_forked_child() {
        return f();
    }
    if goroutine.worker().bubble().is_some() {
        // Nobody else is to run meanwhile: the call counts as one that takes no time.
        point_before("blocking");
        let result = f();
        point("blocking");
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
            if fork::is_forked_child() {
                fork::call_returns(call.id);
            }
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
    if let Err(error) = POOL.submit(job, None, place) {
        panic!(
            "cannot start a thread for gochan::blocking, and there is none that could make the call: {error}"
        );
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

/// Makes the threads that wait for a call end, now. True if there were any.
pub(super) fn end_idle() -> bool {
    LazyLock::get(&POOL).is_some_and(OsThreads::end_idle)
}

/// Between two looks at calls that wait for a thread.
pub(super) const LOOK: Duration = Duration::from_millis(100);
/// Calls that have waited for this long are reported.
const LONG: Duration = Duration::from_secs(1);

/// Reports, once, that calls wait for a thread. True if some wait: look again after [`LOOK`], or before.
pub(super) fn look_after_queue() -> bool {
    static TOLD: AtomicBool = AtomicBool::new(false);
    let Some(jam) = LazyLock::get(&POOL).and_then(OsThreads::look_after_queue) else { return false };
    if jam.longest >= LONG && !TOLD.swap(true, Relaxed) {
        tell(&jam);
    }
    true
}

fn tell(Jam { waiting, place, longest, running, refused }: &Jam) {
    let seconds = longest.as_secs_f64();
    let why = match refused {
        None => "that is the limit. If they wait for calls that wait, none of them ever returns: raise it with \
                 runtime::Builder::max_blocking_threads or GOCHAN_BLOCKING_THREADS, or make fewer calls at a time"
            .to_owned(),
        Some(error) => format!(
            "the operating system refuses another one ({error}). Raise its limit (ulimit -u, pids.max of the control \
             group, memory for stacks), or make fewer calls at a time"
        ),
    };
    let calls = match waiting {
        1 => "1 call of gochan::blocking waits".to_owned(),
        _ => format!("{waiting} calls of gochan::blocking wait"),
    };
    report::warn(&format!(
        "{calls} for a thread, the first for {seconds:.1} s at {place}\n    \
         as many run as there are threads: {running}, and {why}"
    ));
}
