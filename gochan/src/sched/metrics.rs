//! Numbers about the runtime, for dashboards and for those who wonder.

use super::worker::Worker;
use super::{blocking, fork, runtime, threads};
use crate::stack::pool;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

/// What the runtime has done so far, and what it holds, as [`metrics`] saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Metrics {
    /// Goroutines spawned so far.
    pub spawned: u64,
    /// Goroutines that have ended.
    pub ended: u64,
    /// Goroutines that exist.
    pub goroutines: usize,
    /// Of those: not started yet.
    pub unstarted: usize,
    /// Of those: running, or ready to. Right to about 64 turns of each busy worker; on `Backend::Threads` those that do
    /// not wait.
    pub runnable: usize,
    /// Of those: parked; the rest.
    pub parked: usize,
    /// Worker threads.
    pub workers: usize,
    /// Of those: not asleep.
    pub workers_awake: usize,
    /// How often workers have gone to sleep for want of work.
    pub worker_sleeps: u64,
    /// How often a sleeping worker was woken.
    pub worker_wakes: u64,
    /// How often a worker has taken fresh goroutines from another.
    pub steals: u64,
    /// Waits with a deadline, and functions that will run at a time. Waits are right to about 64 turns of each worker.
    pub timers: usize,
    /// Stacks on which goroutines live.
    pub stacks_in_use: usize,
    /// Stacks kept for the next goroutines. Their memory goes back to the system when the process rests.
    pub stacks_cached: usize,
    /// Threads that make calls of [`blocking`](crate::blocking), or wait for such.
    pub blocking_threads: usize,
    /// Calls of [`blocking`](crate::blocking) that have not returned.
    pub blocking_calls: usize,
    /// Threads that run goroutines on `Backend::Threads`, or wait for such.
    pub goroutine_threads: usize,
}

/// What a worker tells of itself now and then: in every 64th turn, and whenever it has nothing to do.
#[derive(Debug, Default)]
pub(super) struct Gauges {
    pub(super) ready: AtomicUsize,
    pub(super) timers: AtomicUsize,
    pub(super) stacks: AtomicUsize,
    pub(super) steals: AtomicU64,
    pub(super) sleeps: AtomicU64,
}

/// The numbers as of now.
///
/// Nothing is stopped and nothing on the way of goroutines counts more for it, so the numbers are taken one after the
/// other and fit together only roughly while much goes on. Linear in the number of workers. Goroutines of tests under
/// `#[gochan::test]`, which have workers of their own, are not among them. In a forked child all are zero.
///
/// ```
/// let metrics = gochan::runtime::metrics();
/// println!("{} goroutines, {} of them parked", metrics.goroutines, metrics.parked);
/// ```
pub fn metrics() -> Metrics {
    // The numbers are the parent's, and threads that are not there may hold the locks.
    if fork::is_forked_child() {
        return Metrics::default();
    }
    let workers = runtime::started_workers().map_or(&[][..], |workers| workers.all());
    if let Some(own) = Worker::current() {
        own.publish();
    }
    let sum = |of: fn(&Worker) -> usize| workers.iter().map(of).sum::<usize>();
    let total = |of: fn(&Worker) -> u64| workers.iter().map(of).sum::<u64>();
    // Ends before spawns: what is missed in between makes the number larger, never negative.
    let ended =
        super::FINISHED_OUTSIDE.load(Relaxed) + total(|worker| worker.progress.finished.load(Relaxed));
    let spawned =
        super::SPAWNED_OUTSIDE.load(Relaxed) + total(|worker| worker.progress.spawned.load(Relaxed));
    let goroutines = spawned.saturating_sub(ended) as usize;
    let unstarted = sum(Worker::count_unstarted).min(goroutines);
    let on_threads = threads::pending();
    let runnable = if on_threads > 0 {
        threads::all().iter().filter(|status| status.wait().is_none()).count()
    } else {
        sum(|worker| worker.gauges().ready.load(Relaxed) + usize::from(worker.turn_number() % 2 == 1))
    };
    let runnable = runnable.min(goroutines - unstarted);
    let kept_by_workers = sum(|worker| worker.gauges().stacks.load(Relaxed));
    let stacks = pool::count();
    let (blocking_threads, blocking_calls) = blocking::count();
    Metrics {
        spawned,
        ended,
        goroutines,
        unstarted,
        runnable,
        parked: goroutines - unstarted - runnable,
        workers: workers.len(),
        workers_awake: workers.iter().filter(|worker| !worker.is_sleeping()).count(),
        worker_sleeps: total(|worker| worker.gauges().sleeps.load(Relaxed)),
        worker_wakes: total(|worker| worker.sleeper().wakes()),
        steals: total(|worker| worker.gauges().steals.load(Relaxed)),
        timers: sum(|worker| worker.gauges().timers.load(Relaxed) + worker.alarms.len())
            + super::alarm::count_of_service(),
        stacks_in_use: stacks.handed_out.saturating_sub(kept_by_workers),
        stacks_cached: stacks.free + kept_by_workers,
        blocking_threads,
        blocking_calls,
        goroutine_threads: threads::count(),
    }
}
