//! The workers of the process, which the first use starts, and what they share.

use super::goroutine::Goroutine;
use super::here::CORES;
use super::worker::Worker;
use crate::base::above::{Above, Watch};
use crate::base::bell;
use crate::base::lock::lock;
use crate::base::report;
use crate::base::scopes;
use crate::base::settings::{MAX_WORKERS, settings};
use crate::base::test_group::TestGroup;
use crate::own_tls;
use crate::stack::pool;
use crossbeam_utils::CachePadded;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::*};
use std::sync::{Arc, Mutex, OnceLock};

static WORKERS: OnceLock<&'static Workers> = OnceLock::new();

/// The worker threads and what they share.
pub(crate) struct Workers {
    all: OnceLock<Box<[Worker]>>,
    stack_size: usize,
    are_crowded: bool,
    spread: AtomicUsize,
    sleeping: CachePadded<AtomicUsize>,
    /// They are for tests, `group` for now, and not those of the process.
    pub(crate) are_private: bool,
    group: Mutex<Option<Arc<TestGroup>>>,
    spawned_from_outside: AtomicU64,
    stopped: AtomicBool,
}

/// Ids are unique among all goroutines of the process, whatever runs them.
static NEXT_ID: CachePadded<AtomicU64> = CachePadded::new(AtomicU64::new(1));

/// The first of `count` new goroutine ids; never zero.
pub(crate) fn reserve_ids(count: u64) -> u64 {
    NEXT_ID.fetch_add(count, Relaxed)
}

/// Goroutines spawned, and finished, on threads that are not workers.
pub(crate) static SPAWNED_OUTSIDE: AtomicU64 = AtomicU64::new(0);
pub(crate) static FINISHED_OUTSIDE: AtomicU64 = AtomicU64::new(0);

/// Counts the end of the goroutine that runs on this thread.
#[inline]
pub(crate) fn count_finished() {
    match Worker::current() {
        Some(worker) => worker.count_finished(),
        None => {
            FINISHED_OUTSIDE.fetch_add(1, AcqRel);
        }
    }
}

/// Takes back the last `count_finished` of this thread.
#[cold]
pub(crate) fn uncount_finished() {
    match Worker::current() {
        Some(worker) => worker.uncount_finished(),
        None => {
            FINISHED_OUTSIDE.fetch_sub(1, AcqRel);
        }
    }
}

/// The workers, started by the first call.
#[inline]
pub(crate) fn workers() -> &'static Workers {
    WORKERS.get_or_init(start)
}

/// The workers, if they have been started.
pub(crate) fn started_workers() -> Option<&'static Workers> {
    WORKERS.get().copied()
}

fn start() -> &'static Workers {
    let settings = settings();
    Above::workers_will_start();
    let workers = make(0, settings.workers, None);
    for worker in workers.all() {
        std::thread::Builder::new()
            .name(format!("gochan-{}", worker.index))
            .spawn(move || worker.run())
            .unwrap_or_else(|error| report::fatal(&format!("cannot start worker {}: {error}", worker.index)));
    }
    Above::workers_started();
    workers
}

/// Workers for one test, which are not running yet. They may have served another one.
pub(crate) fn make_private(count: usize, group: Arc<TestGroup>) -> &'static Workers {
    /// Numbers are unique in the process. The first of a set is a multiple of their count, so that
    /// `index % count` is the place in the set.
    static NEXT: AtomicUsize = AtomicUsize::new(MAX_WORKERS);
    let _ = settings();
    let mut spare = lock(&SPARE);
    if let Some(place) = spare.iter().position(|workers| workers.count() == count) {
        let workers = spare.swap_remove(place);
        *lock(&workers.group) = Some(group);
        workers.all().iter().for_each(Worker::begin_again);
        return workers;
    }
    let first = NEXT.fetch_add(2 * count, Relaxed).next_multiple_of(count);
    let workers = make(first, count, Some(group));
    lock(&PRIVATE).push(workers);
    workers
}

/// All workers that were ever made for tests. They are never freed, because handles of alarms may outlive them.
static PRIVATE: Mutex<Vec<&'static Workers>> = Mutex::new(Vec::new());

/// Those of them that no test uses and another one may.
static SPARE: Mutex<Vec<&'static Workers>> = Mutex::new(Vec::new());

/// Lets another test have `workers`, which are retired and have no thread, unless something is left that belongs to this one.
pub(crate) fn give_back(workers: &'static Workers) {
    lock(&workers.group).take();
    if workers.alive() == 0 && workers.all().iter().all(Worker::is_as_new) {
        lock(&SPARE).push(workers);
    }
}

pub(crate) fn private_workers() -> Vec<&'static Worker> {
    let all = lock(&PRIVATE);
    all.iter().flat_map(|workers| workers.all()).collect()
}

fn make(first: usize, count: usize, group: Option<Arc<TestGroup>>) -> &'static Workers {
    let workers: &'static Workers = Box::leak(Box::new(Workers {
        all: OnceLock::new(),
        stack_size: settings().stack_size,
        are_crowded: count > *CORES,
        spread: AtomicUsize::new(count.min(*CORES)),
        sleeping: CachePadded::new(AtomicUsize::new(0)),
        are_private: group.is_some(),
        group: Mutex::new(group),
        spawned_from_outside: AtomicU64::new(0),
        stopped: AtomicBool::new(false),
    }));
    Above::workers_made();
    if own_tls::is_on() {
        pool::say_farewell(Goroutine::leave_slot);
    }
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
    pub(crate) fn all(&self) -> &'static [Worker] {
        let all = self.all.get().expect("workers run only after all of them are made");
        // SAFETY: `Workers` is leaked, so the slice is never freed.
        unsafe { &*std::ptr::from_ref::<[Worker]>(all) }
    }

    #[inline]
    pub(crate) fn count(&self) -> usize {
        self.all().len()
    }

    /// True if there are more of them than processors.
    #[inline]
    pub(crate) fn are_crowded(&self) -> bool {
        self.are_crowded
    }

    /// Over how many workers goroutines of one site are spread: no more than there are processors, unless goroutines have been
    /// seen to hold up their workers in system calls.
    #[inline]
    pub(crate) fn spread(&self) -> usize {
        self.spread.load(Relaxed)
    }

    /// A goroutine waits in a system call, so that its worker uses no processor.
    pub(crate) fn spread_over_all(&self) {
        self.spread.store(self.count(), Relaxed);
    }

    #[inline]
    pub(crate) fn stack_size(&self) -> usize {
        self.stack_size
    }

    pub(crate) fn others(&self, index: usize) -> impl Iterator<Item = &'static Worker> {
        let all = self.all();
        (1..all.len()).map(move |step| &all[(index + step) % all.len()])
    }

    /// The first of `count` new goroutine ids; never zero.
    pub(crate) fn reserve_ids(&self, count: u64) -> u64 {
        let first = reserve_ids(count);
        if let Some(group) = self.group() {
            group.reserve(first..first + count);
        }
        first
    }

    /// The test that these workers are for.
    pub(crate) fn group(&self) -> Option<Arc<TestGroup>> {
        if self.are_private { lock(&self.group).clone() } else { None }
    }

    /// Whether each switch is checked for being in a scope of the thread.
    pub(crate) fn check_scopes(&self) -> bool {
        !own_tls::is_on() && (cfg!(debug_assertions) || self.are_private)
    }

    /// Lets workers end once they have nothing to do. The caller wakes them afterwards.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, SeqCst);
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(SeqCst)
    }

    /// The number of goroutines that have ended here.
    pub(crate) fn ended(&self) -> u64 {
        self.all().iter().map(|worker| worker.progress.finished.load(Acquire)).sum()
    }

    /// The number of goroutines spawned by those here, and for a test from outside.
    pub(crate) fn spawned(&self) -> u64 {
        let inside: u64 = self.all().iter().map(|worker| worker.progress.spawned.load(Acquire)).sum();
        inside + self.spawned_from_outside.load(Acquire)
    }

    /// The number of goroutines that have not ended.
    pub(crate) fn alive(&self) -> usize {
        // Ends before spawns: what happens in between makes the number larger.
        let ended = self.ended();
        self.spawned().saturating_sub(ended) as usize
    }

    pub(crate) fn count_spawned_from_outside(&self) {
        self.spawned_from_outside.fetch_add(1, AcqRel);
    }

    pub(crate) fn begin_sleep(&self) {
        self.sleeping.fetch_add(1, SeqCst);
    }

    pub(crate) fn end_sleep(&self) {
        // SeqCst: before the look at the monitor's flag, which it sets before its look at this count.
        self.sleeping.fetch_sub(1, SeqCst);
        bell::ring();
    }

    #[inline]
    pub(crate) fn any_sleeping(&self) -> bool {
        self.sleeping.load(Relaxed) > 0
    }

    pub(crate) fn all_sleeping(&self) -> bool {
        self.sleeping.load(SeqCst) == self.count()
    }

    /// True if a worker besides the calling one, which is awake, is awake.
    pub(crate) fn any_other_awake(&self) -> bool {
        self.sleeping.load(Relaxed) + 1 < self.count()
    }

    /// True if another worker sleeps no longer, though its thread may not run yet.
    pub(crate) fn any_other_woken(&self, index: usize) -> bool {
        self.others(index).any(|worker| !worker.is_sleeping())
    }

    /// True if all workers but `index` sleep and no timer will wake them.
    pub(crate) fn all_others_dormant(&self, index: usize) -> bool {
        self.others(index).all(Worker::is_dormant)
    }

    /// A worker that can soon run something in place of number `index`; that one, if there is none.
    pub(crate) fn least_busy(&self, index: usize) -> usize {
        let sleeping = self.others(index).find(|worker| worker.is_sleeping());
        let awake = || self.others(index).find(|worker| !worker.remote.stuck.load(Relaxed));
        sleeping.or_else(awake).map_or(index, |worker| worker.index)
    }

    /// Wakes one sleeping worker, if there is one.
    pub(crate) fn nudge_one(&self) {
        self.all().iter().any(Worker::nudge);
    }
}
