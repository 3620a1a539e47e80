//! Calls that block their thread, kept off the workers.

use super::local;
use crate::base::above::{Above, Calls};
use crate::base::actors::ThreadKind;
use crate::base::location::SourceLocation;
use crate::base::settings::settings;
use crate::base::thread_pool::{Jam, ThreadPool};
use crate::base::touch::Touch;
use crate::base::{fork, report};
use crate::points;
use crate::sched::goroutine::Goroutine;
use crate::sched::park::{Owner, Parker, WaitReason};
use std::cell::Cell;
use std::cmp::Reverse;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

thread_local! {
    /// The goroutine for which this thread of the pool makes a call.
    static CALLER: Cell<Option<u64>> = const { Cell::new(None) };
}

impl Calls for Above {
    fn caller_id() -> Option<u64> {
        CALLER.try_with(Cell::get).ok().flatten()
    }

    fn pending_calls() -> usize {
        pending()
    }

    fn end_idle_callers() -> bool {
        POOL.get().is_some_and(ThreadPool::end_idle)
    }
}

static POOL: OnceLock<ThreadPool> = OnceLock::new();

fn pool() -> &'static ThreadPool {
    POOL.get_or_init(|| {
        ThreadPool::new("gochan-blocking", ThreadKind::Owned, Some(settings().blocking_threads))
    })
}

/// Runs `f`, which may block its thread, on a thread of a pool, while the worker runs other goroutines.
///
/// Use it for file systems, name look-ups, foreign libraries and long computations: anything that would keep the other
/// goroutines of the worker waiting. `f` may borrow from the caller, which waits until `f` has returned. Outside of a
/// goroutine, and in a forked child, `f` runs on the calling thread.
///
/// For [goroutine-local values](macro@crate::runtime::local) a call is like a goroutine: it begins with clones of those that are
/// inherited, and has its own.
///
/// Up to [`blocking_threads`](crate::runtime::Builder::blocking_threads) calls run at once, 10,000 by default.
/// Further calls wait for a free thread, as do calls for which the operating system refuses another thread. Calls that have
/// waited for more than a second are reported on standard error, once.
///
/// # Panics
/// Resumes the panic of `f`. Panics if the operating system refuses even the first thread.
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
    let f = local::apart(f);
    let Some(goroutine) = Goroutine::current() else { return f() };
    // The threads of the pool are not there.
    if fork::is_forked_child() {
        return f();
    }
    if goroutine.worker().driver().is_some() {
        // No other goroutine runs meanwhile: in virtual time the call takes no time.
        points::before(|| Touch::EVERYTHING, "blocking", Some(Location::caller()));
        let result = f();
        points::after("blocking", Some(Location::caller()));
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
    /// The caller's id.
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
    let mut call =
        Call { f: Some(f), result: None, caller: Some(parker.owner()), id: crate::sched::here::current_id() };
    let pointer = CallPtr((&raw mut call).cast());
    let run: unsafe fn(*mut ()) = run::<F, T>;
    let job = Box::new(move || {
        let pointer = pointer;
        // SAFETY: `call` is on the frame of a goroutine that is parked until the wake at the end of `run`.
        unsafe { run(pointer.0) }
    });
    if let Err(error) = pool().submit(job, None, place) {
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

/// The number of threads of the pool, and of calls accepted and not finished.
pub(crate) fn count() -> (usize, usize) {
    POOL.get().map_or((0, 0), |pool| (pool.total(), pool.pending()))
}

/// The number of calls accepted and not finished.
pub(crate) fn pending() -> usize {
    POOL.get().map_or(0, ThreadPool::pending)
}

/// Between two looks at calls that wait for a thread.
pub(crate) const LOOK: Duration = Duration::from_millis(100);
/// Calls that have waited for this long are reported.
const LONG: Duration = Duration::from_secs(1);

/// The locations of calls, each with the number of its calls that have not returned.
pub(crate) type CallSites = Vec<(SourceLocation, usize)>;

/// Reports, once, that calls wait for a thread, with the locations of all calls. True if some do: the caller looks again
/// after at most [`LOOK`].
pub(crate) fn look_after_queue(sites: fn() -> CallSites) -> bool {
    static TOLD: AtomicBool = AtomicBool::new(false);
    let Some(jam) = POOL.get().and_then(ThreadPool::look_after_queue) else { return false };
    if jam.longest >= LONG && !TOLD.swap(true, Relaxed) {
        tell(&jam, sites());
    }
    true
}

fn tell(Jam { waiting, place, longest, running, refused }: &Jam, mut sites: CallSites) {
    const SHOWN: usize = 5;
    let seconds = longest.as_secs_f64();
    let why = match refused {
        None => {
            "that is the limit. If they wait for calls that wait, none of them ever returns: raise it with \
                 runtime::Builder::blocking_threads or GOCHAN_BLOCKING, or make fewer calls at a time"
                .to_owned()
        }
        Some(error) => format!(
            "the operating system refuses another one ({error}). Raise its limit (ulimit -u, pids.max of the control \
             group, memory for stacks), or make fewer calls at a time"
        ),
    };
    let calls = match waiting {
        1 => "1 call of gochan::blocking waits".to_owned(),
        _ => format!("{waiting} calls of gochan::blocking wait"),
    };
    sites.sort_by_key(|&(_, calls)| Reverse(calls));
    let more = if sites.len() > SHOWN { ", and more" } else { "" };
    let sites: Vec<_> = sites.iter().take(SHOWN).map(|(site, calls)| format!("{calls} at {site}")).collect();
    let sites = sites.join(", ");
    report::warn(&format!(
        "{calls} for a thread, the first for {seconds:.1} s at {place}\n    \
         as many run as there are threads: {running}, and {why}\n    \
         the calls that have not returned: {sites}{more}"
    ));
}
