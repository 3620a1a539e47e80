//! The workers of the process, started by first use, and what they share.

use super::group::Group;
use super::monitor;
use super::report;
use super::scopes;
use super::settings::{MAX_WORKERS, settings};
use super::trace;
use super::worker::Worker;
use crossbeam_utils::CachePadded;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::*};
use std::sync::{Arc, OnceLock};

static WORKERS: OnceLock<&'static Workers> = OnceLock::new();

/// The worker threads and what they share.
pub(crate) struct Workers {
    all: OnceLock<Box<[Worker]>>,
    stack_size: usize,
    sleeping: CachePadded<AtomicUsize>,
    /// The test that these are for, if they are not the process's.
    group: Option<Arc<Group>>,
    spawned_from_outside: AtomicU64,
    stopped: AtomicBool,
}

/// Unique among all goroutines of the process, whatever runs them.
static NEXT_ID: CachePadded<AtomicU64> = CachePadded::new(AtomicU64::new(1));

/// The first of `count` new goroutine ids; never zero.
pub(super) fn reserve_ids(count: u64) -> u64 {
    NEXT_ID.fetch_add(count, Relaxed)
}

/// The workers, started by the first call.
#[inline]
pub(super) fn workers() -> &'static Workers {
    WORKERS.get_or_init(start)
}

/// The workers, if they have been started.
pub(super) fn started_workers() -> Option<&'static Workers> {
    WORKERS.get().copied()
}

fn start() -> &'static Workers {
    let settings = settings();
    trace::prepare();
    let workers = make(0, settings.workers, None);
    trace::begin(workers);
    for worker in workers.all() {
        std::thread::Builder::new()
            .name(format!("gochan-{}", worker.index))
            .spawn(move || worker.run())
            .unwrap_or_else(|error| report::fatal(&format!("cannot start worker {}: {error}", worker.index)));
    }
    monitor::start(workers);
    workers
}

/// Workers of their own for one test, which are not running yet.
pub(super) fn make_private(count: usize, group: Arc<Group>) -> &'static Workers {
    /// Numbers tell workers of the whole process apart. The first of a set is a multiple of their count, so that
    /// `index % count` is the place in the set.
    static NEXT: AtomicUsize = AtomicUsize::new(MAX_WORKERS);
    let _ = settings();
    let first = NEXT.fetch_add(2 * count, Relaxed).next_multiple_of(count);
    make(first, count, Some(group))
}

fn make(first: usize, count: usize, group: Option<Arc<Group>>) -> &'static Workers {
    let workers: &'static Workers = Box::leak(Box::new(Workers {
        all: OnceLock::new(),
        stack_size: settings().stack_size,
        sleeping: CachePadded::new(AtomicUsize::new(0)),
        group,
        spawned_from_outside: AtomicU64::new(0),
        stopped: AtomicBool::new(false),
    }));
    crate::stack::overflow::install(report::stack_overflow);
    if workers.check_scopes() {
        scopes::prepare();
    }
    workers.all.get_or_init(|| (first..first + count).map(|index| Worker::new(index, workers)).collect());
    workers
}

impl fmt::Debug for Workers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workers").field("count", &self.count()).finish_non_exhaustive()
    }
}

impl Workers {
    #[inline]
    pub(super) fn all(&self) -> &'static [Worker] {
        let all = self.all.get().expect("workers run only after all of them are made");
        // SAFETY: `Workers` is leaked, so the slice lives for ever.
        unsafe { &*std::ptr::from_ref::<[Worker]>(all) }
    }

    #[inline]
    pub(super) fn count(&self) -> usize {
        self.all().len()
    }

    #[inline]
    pub(super) fn stack_size(&self) -> usize {
        self.stack_size
    }

    pub(super) fn others(&self, index: usize) -> impl Iterator<Item = &'static Worker> {
        let all = self.all();
        (1..all.len()).map(move |step| &all[(index + step) % all.len()])
    }

    /// The first of `count` new goroutine ids; never zero.
    pub(super) fn reserve_ids(&self, count: u64) -> u64 {
        let first = reserve_ids(count);
        if let Some(group) = &self.group {
            group.reserve(first..first + count);
        }
        first
    }

    /// The test that these workers are for.
    pub(super) fn group(&self) -> Option<&Arc<Group>> {
        self.group.as_ref()
    }

    /// Whether each switch is checked for being in a scope of the thread.
    pub(super) fn check_scopes(&self) -> bool {
        cfg!(debug_assertions) || self.group.is_some()
    }

    /// Lets workers end once they have nothing to do. They have to be woken for that.
    pub(super) fn stop(&self) {
        self.stopped.store(true, SeqCst);
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(SeqCst)
    }

    /// Goroutines that have ended here.
    pub(super) fn ended(&self) -> u64 {
        self.all().iter().map(|worker| worker.progress.finished.load(Acquire)).sum()
    }

    /// Goroutines spawned by those here, and for a test from outside.
    pub(super) fn spawned(&self) -> u64 {
        let inside: u64 = self.all().iter().map(|worker| worker.progress.spawned.load(Acquire)).sum();
        inside + self.spawned_from_outside.load(Acquire)
    }

    pub(super) fn count_spawned_from_outside(&self) {
        self.spawned_from_outside.fetch_add(1, AcqRel);
    }

    pub(super) fn begin_sleep(&self) {
        self.sleeping.fetch_add(1, SeqCst);
    }

    pub(super) fn end_sleep(&self) {
        // SeqCst: before the look at the monitor's flag, which it sets before its look at this count.
        self.sleeping.fetch_sub(1, SeqCst);
        monitor::worker_woke();
    }

    #[inline]
    pub(super) fn any_sleeping(&self) -> bool {
        self.sleeping.load(Relaxed) > 0
    }

    pub(super) fn all_sleeping(&self) -> bool {
        self.sleeping.load(SeqCst) == self.count()
    }

    /// True if somebody besides the calling, awake worker is awake.
    pub(super) fn any_other_awake(&self) -> bool {
        self.sleeping.load(Relaxed) + 1 < self.count()
    }

    /// True if all workers but `index` sleep and no timer will wake them.
    pub(super) fn all_others_dormant(&self, index: usize) -> bool {
        self.others(index).all(Worker::is_dormant)
    }

    /// A worker that can soon run something in place of number `index`; that one, if there is none.
    pub(super) fn least_busy(&self, index: usize) -> usize {
        let sleeping = self.others(index).find(|worker| worker.is_sleeping());
        let awake = || self.others(index).find(|worker| !worker.shared.stuck.load(Relaxed));
        sleeping.or_else(awake).map_or(index, |worker| worker.index)
    }

    /// Wakes one sleeping worker, if there is one.
    pub(super) fn nudge_one(&self) {
        self.all().iter().any(Worker::nudge);
    }
}
