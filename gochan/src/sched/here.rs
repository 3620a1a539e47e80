//! What code that may run on a goroutine asks of the calling thread's worker.

use super::fresh::Goexit;
use super::goroutine::Goroutine;
use super::park::NOWHERE;
use super::threads;
use super::worker::Worker;
use crate::base::above::{Above, Calls};
use crate::base::locals::{self, Heir, Locals};
use crate::base::spin::assert_none_held;
use std::num::NonZero;
use std::sync::LazyLock;

thread_local! {
    /// Of a thread that runs no goroutine, or is one. Without a destructor, so that those of others may still use it.
    static OF_THREAD: Locals = const { Locals::new() };
}

/// The goroutine-local values of the calling goroutine, or of the thread. True: of the thread.
#[inline]
pub(crate) fn with_locals<R>(f: impl FnOnce(&Locals, bool) -> R) -> R {
    match Goroutine::current() {
        Some(goroutine) => f(&goroutine.locals, false),
        None => OF_THREAD.with(|locals| f(locals, true)),
    }
}

/// The calling goroutine begins with these values.
#[inline]
pub(crate) fn inherit(heirs: Vec<Heir>) {
    if !heirs.is_empty() {
        with_locals(|locals, _| locals.inherit(heirs));
    }
}

/// The goroutine-local values end.
#[inline(always)]
pub(crate) fn end_locals() {
    if locals::are_used() {
        with_locals(|locals, _| locals.end(<dyn std::any::Any + Send>::is::<Goexit>));
    }
}

/// Counts one completed operation that might have waited. At the end of its budget the calling goroutine yields.
#[inline(always)]
pub(crate) fn spend() {
    assert_none_held();
    let Some(worker) = Worker::current() else { return };
    match worker.budget.get().checked_sub(1) {
        Some(left) => worker.budget.set(left),
        None => worker.let_others_run(None),
    }
}

/// The worker whose waiters the calling thread serves first, as waiters name it.
#[inline]
pub(crate) fn served_first() -> u32 {
    match Worker::current() {
        Some(worker) if worker.pace.turns_are_short() => worker.index() as u32,
        _ => NOWHERE,
    }
}

/// True if the calling goroutine's worker has nothing else to do while another is busy.
#[cfg(not(gochan_model))]
#[inline]
pub(crate) fn may_linger() -> bool {
    Worker::current().is_some_and(Worker::may_linger)
}

/// In the model the schedule decides.
#[cfg(gochan_model)]
pub(crate) fn may_linger() -> bool {
    crate::base::random::next().is_multiple_of(2)
}

/// In the model: lets other threads run, up to twice.
#[cfg(gochan_model)]
pub(crate) fn linger(ready: impl Fn() -> bool) {
    for _ in 0..2 {
        if ready() {
            return;
        }
        shuttle::thread::yield_now();
    }
}

/// Waits a moment for `ready`, which another worker may be about to make true, before the caller parks.
#[cfg(not(gochan_model))]
pub(crate) fn linger(ready: impl Fn() -> bool) {
    if let Some(worker) = Worker::current() {
        worker.linger(ready);
    }
}

/// The processors that the process may use.
pub(crate) static CORES: LazyLock<usize> =
    LazyLock::new(|| std::thread::available_parallelism().map_or(1, NonZero::get));

/// True if what the caller waits for may happen on another core while it spins. With one worker that can happen only after
/// the calling goroutine has switched out.
pub(crate) fn others_run_meanwhile() -> bool {
    // A model has neither time nor cores, so spinning is useless there.
    !cfg!(any(gochan_model, gochan_loom))
        && *CORES > 1
        && Worker::current().is_none_or(|worker| worker.workers.count() > 1)
}

/// The number of the calling thread's worker, and how many workers there are.
#[cfg(not(any(gochan_model, gochan_loom)))]
#[inline]
pub(crate) fn worker_of() -> Option<(usize, usize)> {
    Worker::current().map(|worker| {
        let count = worker.workers.count();
        // Numbers are unique in the process; those of a test's workers are large.
        (worker.index() % count, count)
    })
}

/// The number of the calling thread's worker. Workers of one runtime have consecutive numbers.
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

/// In the model, even threads count as one worker and odd ones as another.
#[cfg(gochan_model)]
pub(crate) fn worker_of() -> Option<(usize, usize)> {
    Some((usize::from(shuttle::thread::current().id()) % 2, 2))
}

/// Under loom there are two workers as well, and the model says which thread belongs to which.
#[cfg(gochan_loom)]
pub(crate) fn worker_of() -> Option<(usize, usize)> {
    Some((crate::shim::WORKER.with(std::cell::Cell::get), 2))
}

/// The id of the calling goroutine; in a call of [`blocking`](crate::blocking), of the goroutine that waits for it. None
/// outside of a goroutine.
pub fn current_id() -> Option<u64> {
    match Goroutine::current() {
        Some(goroutine) => Some(goroutine.id()),
        None => threads::current().map(|status| status.id()).or_else(Above::caller_id),
    }
}
