//! Figures about the runtime, for dashboards and for curious readers.

use crate::base::fork;
use crate::sched::worker::Worker;
use crate::sched::{runtime, threads};
use crate::spawn::blocking;
use crate::stack::pool;
use std::sync::atomic::Ordering::Relaxed;

/// The runtime's activity so far and its current resources, as seen by [`metrics`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Metrics {
    /// Goroutines spawned so far.
    pub spawned: u64,
    /// Goroutines that have ended.
    pub ended: u64,
    /// Goroutines that exist.
    pub goroutines: usize,
    /// Goroutines not started yet, among those that exist.
    pub unstarted: usize,
    /// Goroutines that are running or ready to run. Accurate to about 64 turns of each busy worker; on
    /// `Backend::Threads`, those that do not wait.
    pub runnable: usize,
    /// Goroutines that are parked: all others.
    pub parked: usize,
    /// Worker threads.
    pub workers: usize,
    /// Worker threads that are not asleep.
    pub workers_awake: usize,
    /// How often workers have gone to sleep because they had no work.
    pub worker_sleeps: u64,
    /// How often a sleeping worker was woken.
    pub worker_wakes: u64,
    /// How often a worker has taken fresh goroutines from another.
    pub steals: u64,
    /// Waits with a deadline, and functions scheduled to run at a time. Waits are accurate to about 64 turns of each
    /// worker.
    pub timers: usize,
    /// Stacks in use by goroutines.
    pub stacks_in_use: usize,
    /// Stacks kept for the next goroutines. Their memory is returned to the system when the process is idle.
    pub stacks_cached: usize,
    /// Threads that make calls of [`blocking`](crate::blocking), or wait for such calls.
    pub blocking_threads: usize,
    /// Calls of [`blocking`](crate::blocking) that have not returned.
    pub blocking_calls: usize,
    /// Threads that run goroutines on `Backend::Threads`, or wait for goroutines to run.
    pub goroutine_threads: usize,
}

/// The current figures.
///
/// Nothing is stopped, and goroutines do no extra counting for them. The figures are read one after the other, so they
/// match each other only roughly while the program is busy. Linear in the number of workers. Goroutines of tests under
/// `#[gochan::test]`, which have workers of their own, are not included. In a forked child all figures are zero.
///
/// ```
/// let metrics = gochan::runtime::metrics();
/// println!("{} goroutines, {} of them parked", metrics.goroutines, metrics.parked);
/// ```
pub fn metrics() -> Metrics {
    // The figures belong to the parent, and threads that do not exist here may hold the locks.
    if fork::is_forked_child() {
        return Metrics::default();
    }
    let workers = runtime::started_workers().map_or(&[][..], |workers| workers.all());
    if let Some(own) = Worker::current() {
        own.publish();
    }
    let sum = |of: fn(&Worker) -> usize| workers.iter().map(of).sum::<usize>();
    let total = |of: fn(&Worker) -> u64| workers.iter().map(of).sum::<u64>();
    // Ends before spawns: a change in between makes the difference larger, never negative.
    let ended =
        runtime::FINISHED_OUTSIDE.load(Relaxed) + total(|worker| worker.progress.finished.load(Relaxed));
    let spawned =
        runtime::SPAWNED_OUTSIDE.load(Relaxed) + total(|worker| worker.progress.spawned.load(Relaxed));
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
            + crate::spawn::alarm::count_of_service(),
        stacks_in_use: stacks.handed_out.saturating_sub(kept_by_workers),
        stacks_cached: stacks.free + kept_by_workers,
        blocking_threads,
        blocking_calls,
        goroutine_threads: threads::count(),
    }
}
