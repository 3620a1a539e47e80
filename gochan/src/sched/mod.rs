//! The scheduler: goroutines, the workers that run them, and waiting.
//!
//! # Life of a goroutine
//!
//! *Fresh*: a boxed closure ([`task`]) in a worker's deque or inbox; any idle worker may take it. *Started*: a
//! coroutine ([`goroutine`]) on a stack slot of the worker that took it. From its first instruction to its last it
//! stays on that worker's thread, so thread-locals and values that are not `Send` stay valid on its stack. *Ready*:
//! in its worker's run queue, or in its inbox if another thread woke it. *Parked*: known only to whatever it waits
//! for ([`park`]). *Ended*: its result is in the task, its stack runs the next fresh task or goes back to the pool.
//!
//! # Who may touch what
//!
//! A worker's queues, timers and stacks are its thread's alone. Other threads reach a worker through two lock-free
//! inboxes ([`inbox`]), the stealing end of its deque and its [`alarm`]s. A wake pushes first and then looks at the
//! worker's sleep flag; a worker sets the flag first and then looks at its inboxes: one of the two sees the other.
//!
//! # Time
//!
//! [`clock`] tells it. A parked goroutine's deadline is in its worker's [`timers`]; what runs at a time without anybody
//! waiting for it is an [`alarm`]. Workers look at both between turns, at each while turns are long.
//!
//! # Which goroutine where
//!
//! [`place`] decides at the spawn. Fresh goroutines left waiting behind a busy worker are stolen by idle ones; a
//! worker with such a backlog wakes a sleeping one now and then, and the [`monitor`] does so for a worker that does
//! not come back at all.
//!
//! What all of this relies on, and which code of the user runs where, is in `INVARIANTS.md` beside this file.

pub(crate) mod alarm;
mod attention;
pub(crate) mod attributes;
pub(crate) mod berths;
pub(crate) mod blocking;
mod blocks;
pub(crate) mod bubble;
pub(crate) mod clock;
pub(crate) mod countdown;
mod deadlines;
mod deadlock;
pub(crate) mod describe;
pub(crate) mod fork;
pub(crate) mod goroutine;
pub(crate) mod group;
mod inbox;
pub(crate) mod json;
pub(crate) mod knots;
pub(crate) mod metrics;
#[cfg(all(test, gochan_loom))]
mod model_loom;
mod monitor;
mod os_threads;
pub(crate) mod outside;
mod pace;
pub(crate) mod park;
pub(crate) mod place;
pub(crate) mod prefetch;
pub(crate) mod private;
mod queue;
pub(crate) mod random;
mod reason;
pub(crate) mod report;
mod running;
pub(crate) mod runtime;
pub(crate) mod scope;
pub(crate) mod scopes;
pub(crate) mod settings;
mod sleeper;
mod span;
pub(crate) mod spawn;
pub(crate) mod stacks;
pub(crate) mod stamp;
pub(crate) mod status;
pub(crate) mod task;
mod thread_time;
mod threads;
pub(crate) mod ticks;
mod timers;
pub(crate) mod touch;
mod trace;
mod unwinding;
pub(crate) mod worker;

use crate::chan::lock::assert_none_held;
pub(crate) use describe::{GoroutineInfo, State, goroutines};
use goroutine::Goroutine;
use place::Placement;
use std::num::NonZero;
use std::panic::Location;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering::*};
use worker::Worker;

/// Goroutines spawned, and finished, on threads that are not workers.
static SPAWNED_OUTSIDE: AtomicU64 = AtomicU64::new(0);
static FINISHED_OUTSIDE: AtomicU64 = AtomicU64::new(0);

/// Counts the end of the goroutine that runs on this thread.
#[inline]
fn count_finished() {
    match Worker::current() {
        Some(worker) => worker.count_finished(),
        None => {
            FINISHED_OUTSIDE.fetch_add(1, AcqRel);
        }
    }
}

/// Exits and closes the spans of the goroutine that runs here and has ended.
#[inline(always)]
fn end_spans() {
    if cfg!(feature = "tracing")
        && let Some(goroutine) = Goroutine::current()
    {
        goroutine.worker().spans.end(goroutine);
    }
}

/// Takes the last `count_finished` of this thread back.
#[cold]
fn uncount_finished() {
    match Worker::current() {
        Some(worker) => worker.uncount_finished(),
        None => {
            FINISHED_OUTSIDE.fetch_sub(1, AcqRel);
        }
    }
}

/// Spawns by the rules of `go!`.
#[inline]
#[track_caller]
pub(crate) fn go<F, T>(f: F) -> spawn::JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    go_from(Location::caller(), f)
}

/// As [`go`], on behalf of `site`.
#[inline]
pub(crate) fn go_from<F, T>(site: &'static Location<'static>, f: F) -> spawn::JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    // SAFETY: nothing borrowed is in a `'static` closure.
    unsafe { spawn::spawn(attributes::Attributes::default(), Placement::Auto, site, f) }
}

/// Counts one completed operation that might have waited; at the end of its budget the calling goroutine yields.
#[inline(always)]
pub(crate) fn spend() {
    assert_none_held();
    if let Some(worker) = Worker::current() {
        worker.spend();
    }
}

/// True if the calling goroutine's worker has nothing else to do while another is busy.
#[cfg(not(gochan_model))]
#[inline]
pub(crate) fn may_linger() -> bool {
    Worker::current().is_some_and(Worker::may_linger)
}

/// In the model, the schedule says.
#[cfg(gochan_model)]
pub(crate) fn may_linger() -> bool {
    random::next().is_multiple_of(2)
}

/// In the model: lets others go on, once or twice.
#[cfg(gochan_model)]
pub(crate) fn linger(ready: impl Fn() -> bool) {
    for _ in 0..2 {
        if ready() {
            return;
        }
        shuttle::thread::yield_now();
    }
}

/// Waits a moment for `ready`, which another worker is about to make true, before it is worth to park.
#[cfg(not(gochan_model))]
pub(crate) fn linger(ready: impl Fn() -> bool) {
    if let Some(worker) = Worker::current() {
        worker.linger(ready);
    }
}

/// True if what the caller waits for may happen on another core while it looks on: with one worker, only after the
/// calling goroutine has switched out.
pub(crate) fn others_run_meanwhile() -> bool {
    static CORES: LazyLock<usize> =
        LazyLock::new(|| std::thread::available_parallelism().map_or(1, NonZero::get));
    // A model has neither time nor cores: looking on leads nowhere there.
    !cfg!(any(gochan_model, gochan_loom))
        && *CORES > 1
        && Worker::current().is_none_or(|worker| worker.workers.count() > 1)
}

/// The number of the worker whose thread this is, and how many there are.
#[cfg(not(any(gochan_model, gochan_loom)))]
#[inline]
pub(crate) fn worker_of() -> Option<(usize, usize)> {
    Worker::current().map(|worker| {
        let count = worker.workers.count();
        // Numbers are of the whole process; those of a test's workers are large.
        (worker.index() % count, count)
    })
}

/// The number of the worker whose thread this is: those of one runtime have consecutive numbers.
#[cfg(not(any(gochan_model, gochan_loom)))]
#[inline]
pub(crate) fn worker_number() -> Option<usize> {
    Worker::current().map(Worker::index)
}

/// As [`worker_of`].
#[cfg(any(gochan_model, gochan_loom))]
pub(crate) fn worker_number() -> Option<usize> {
    worker_of().map(|(worker, _)| worker)
}

/// In the model, what is kept for each worker is kept for the even and the odd threads.
#[cfg(gochan_model)]
pub(crate) fn worker_of() -> Option<(usize, usize)> {
    Some((usize::from(shuttle::thread::current().id()) % 2, 2))
}

/// Under loom it is kept for two workers, too, and the model says which thread is whose.
#[cfg(gochan_loom)]
pub(crate) fn worker_of() -> Option<(usize, usize)> {
    Some((crate::shim::WORKER.with(std::cell::Cell::get), 2))
}

/// Lets every goroutine that is runnable on this worker run before the caller goes on.
///
/// Operations that may wait do so by themselves after some hundred that did not need to. Loops that never wait hold up the
/// others of the worker: a loop that computes, or one that looks at a channel's length or at what a lock protects. This is for
/// them. [`select!`](macro@crate::select) with `default`, [`Context::err`](crate::context::Context::err) and
/// [`check`](crate::context::Context::check) end the turn of a goroutine that has had its worker for 10 ms.
///
/// Outside of a goroutine it yields the thread. Does nothing while a panic unwinds.
///
/// ```
/// gochan::runtime::gosched();
/// ```
#[doc(alias = "Gosched")]
#[inline(always)]
#[track_caller]
pub fn gosched() {
    match Worker::current() {
        Some(worker) => worker.yield_now(Location::caller()),
        None => std::thread::yield_now(),
    }
}

/// Ends the calling goroutine, running its destructors and deferred code, innermost first.
///
/// It is not a panic: nothing is reported, other goroutines go on, and `join` returns a
/// [`Goexit`](task::Goexit) as its error. On the main goroutine the program goes on until all other goroutines have
/// ended, and then reports a deadlock, as in Go. Code that catches panics can catch this, too; let it pass.
///
/// It unwinds the stack. With `panic = "abort"` in the profile nothing can be unwound: the process aborts then, and says
/// so.
///
/// # Panics
/// If called outside of a goroutine, where there is nothing to end.
///
/// ```
/// let handle = gochan::go!(|| { gochan::runtime::goexit() }());
/// let error = handle.join().unwrap_err();
/// assert!(error.is::<gochan::runtime::Goexit>());
/// ```
#[doc(alias = "Goexit")]
#[track_caller]
pub fn goexit() -> ! {
    assert!(
        current_id().is_some(),
        "goexit outside of a goroutine: return from the thread's function instead"
    );
    task::raise_goexit()
}

/// The id of the calling goroutine, if it is one; in a call of [`blocking`](crate::blocking), of the one that waits for
/// it.
pub fn current_id() -> Option<u64> {
    match Goroutine::current() {
        Some(goroutine) => Some(goroutine.id()),
        None => threads::current().map(|status| status.id()).or_else(blocking::caller_id),
    }
}

/// How many goroutines exist: spawned and not yet ended. Under `#[gochan::main]` that counts main.
///
/// A snapshot: exact when nothing is being spawned or ending at the same time.
#[doc(alias = "NumGoroutine")]
#[track_caller]
pub fn num_goroutine() -> usize {
    bubble::between_points("num_goroutine", known_goroutines)
}

/// As [`num_goroutine`], for the runtime's own use: no point at which others may run.
pub(crate) fn known_goroutines() -> usize {
    // The others, and the counts, are the parent's.
    if fork::is_forked_child() { usize::from(current_id().is_some()) } else { count_goroutines() }
}

fn count_goroutines() -> usize {
    if let Some(group) = group::current() {
        return match Worker::current() {
            Some(worker) => private::alive(worker.workers),
            None => group.members(),
        };
    }
    // Ends before spawns: what is missed in between makes the number larger, never negative.
    let mut ended = FINISHED_OUTSIDE.load(Acquire);
    let workers = runtime::started_workers().map_or(&[][..], |workers| workers.all());
    ended += workers.iter().map(|worker| worker.progress.finished.load(Acquire)).sum::<u64>();
    let mut spawned = SPAWNED_OUTSIDE.load(Acquire);
    spawned += workers.iter().map(|worker| worker.progress.spawned.load(Acquire)).sum::<u64>();
    spawned.saturating_sub(ended) as usize
}

/// Runs `f` as the main goroutine and turns its end into the process's exit code.
#[track_caller]
pub(crate) fn main<F, T>(stack_size: usize, f: F) -> std::process::ExitCode
where
    F: FnOnce() -> T + Send + 'static,
    T: std::process::Termination,
{
    const MAIN_STACK: usize = 8 << 20;
    let stack_size = if stack_size == 0 { MAIN_STACK } else { stack_size };
    outside::become_main();
    let body = move || {
        let code = f().report();
        if fork::is_forked_child() {
            fork::main_ends(code);
        }
        code
    };
    let main =
        spawn::Builder::new().name("main").stack_size(stack_size).placement(Placement::Worker(0)).spawn(body);
    match main.join() {
        Ok(code) => code,
        Err(payload) if payload.is::<task::Goexit>() => deadlock::main_has_left(),
        Err(_) => std::process::ExitCode::from(101),
    }
}
