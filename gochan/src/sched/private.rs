//! Workers that only one test uses.
//!
//! They are like the process's, but for where they come from and that they end: whoever starts them looks after them,
//! as the monitor does after the others, and stops them in the end. If goroutines are left on them then, they go on.

use super::attributes::{self, Attributes};
use super::group::{Group, Membership};
use super::knots;
use super::monitor::Watch;
use super::place::Placement;
use super::runtime::{self, Workers};
use super::settings::{Backend, settings};
use super::spawn::{self, JoinHandle};
use super::task::TaskRef;
use super::worker::Worker;
use super::{alarm, blocking, deadlock, outside, report, threads};
use std::panic::Location;
use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Where the goroutines of one test run, the first of which is spawned from outside.
pub(crate) struct Home {
    group: Arc<Group>,
    /// None on `Backend::Threads`.
    own: Option<OwnWorkers>,
}

struct OwnWorkers {
    workers: &'static Workers,
    threads: Vec<thread::JoinHandle<()>>,
    watch: Watch,
}

/// Threads that wait for tests, or run nothing but their goroutines.
static TEST_THREADS: AtomicUsize = AtomicUsize::new(0);
/// Those of them that do more than wait, and are no workers whose rest could be seen.
static IN_MOTION: AtomicUsize = AtomicUsize::new(0);

/// Marks the thread that holds it as one that acts only for tests.
#[derive(Debug)]
pub(crate) struct TestThread(());

impl TestThread {
    pub(crate) fn new() -> TestThread {
        TEST_THREADS.fetch_add(1, AcqRel);
        TestThread(())
    }
}

impl Drop for TestThread {
    fn drop(&mut self) {
        TEST_THREADS.fetch_sub(1, AcqRel);
    }
}

/// While it lives, a thread of a test may do anything, such as to let goroutines of another test go on.
#[derive(Debug)]
pub(crate) struct InMotion(());

impl InMotion {
    pub(crate) fn new() -> InMotion {
        IN_MOTION.fetch_add(1, SeqCst);
        InMotion(())
    }
}

impl Drop for InMotion {
    fn drop(&mut self) {
        IN_MOTION.fetch_sub(1, SeqCst);
    }
}

/// The end of a thread that drives a test and has goroutines left: they may refer to its thread-locals, so it never ends.
/// It is in motion no more, but still a test's.
pub(crate) fn outlive_goroutines() -> ! {
    IN_MOTION.fetch_sub(1, SeqCst);
    loop {
        thread::park();
    }
}

/// If no goroutine of the process runs, and none will be woken by the clock or from outside: how much has been done so
/// far, in numbers that only grow. The goroutines of other tests count as well, and those that plain threads have
/// started: what this test waits for may be in a static.
fn rest() -> Option<(u64, u64)> {
    let ended_waits = outside::ended_waits();
    let turns =
        deadlock::turns_at_rest(runtime::started_workers().into_iter().chain(homes().iter().copied()))?;
    let all_rest = IN_MOTION.load(SeqCst) == 0
        && blocking::pending() == 0
        && alarm::service_rests()
        && !outside::has_sources()
        && threads::pending() as isize == outside::waiting_goroutines();
    all_rest.then_some((turns, ended_waits))
}

/// True if no thread of the process could wake a goroutine of a test, but for the threads of the tests themselves and
/// the main thread, which waits for them. Called on the thread of a test.
fn only_test_threads() -> bool {
    let known = TEST_THREADS.load(Acquire) + usize::from(outside::main_waits_for_tests());
    outside::foreign_threads().is_some_and(|foreign| foreign <= known as isize)
}

/// All that were ever made: they are never freed, because handles of alarms may outlive their end.
static ALL: Mutex<Vec<&'static Workers>> = Mutex::new(Vec::new());

pub(super) fn all_workers() -> Vec<&'static Worker> {
    let all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
    all.iter().flat_map(|workers| workers.all()).collect()
}

/// Workers that run on threads of their own, but for those that have been stopped.
static HOMES: Mutex<Vec<&'static Workers>> = Mutex::new(Vec::new());

fn homes() -> MutexGuard<'static, Vec<&'static Workers>> {
    HOMES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes workers for one test. They do not run yet.
pub(super) fn make(count: usize, group: Arc<Group>) -> &'static Workers {
    let workers = runtime::make_private(count, group);
    ALL.lock().unwrap_or_else(PoisonError::into_inner).push(workers);
    workers
}

impl Home {
    /// As many workers as the process has, on threads of the caller's name.
    pub(crate) fn new(group: Arc<Group>) -> Home {
        knots::watch();
        let own = match settings().backend {
            Backend::Threads => None,
            Backend::Coroutines => Some(OwnWorkers::start(group.clone())),
        };
        Home { group, own }
    }

    /// Spawns the first goroutine.
    pub(crate) fn spawn<F, T>(
        &self,
        attributes: Attributes,
        site: &'static Location<'static>,
        closure: F,
    ) -> JoinHandle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        match &self.own {
            Some(own) => spawn_first(own.workers, attributes, site, closure),
            None => {
                let _membership = Membership::begin(Some(self.group.clone()));
                // SAFETY: nothing borrowed is in a `'static` closure.
                unsafe { spawn::spawn(attributes, Placement::Auto, site, closure) }
            }
        }
    }

    /// Goroutines that have not ended.
    pub(crate) fn alive(&self) -> usize {
        match &self.own {
            Some(own) => alive(own.workers),
            None => self.group.members(),
        }
    }

    /// Does what workers cannot do while they are busy. To be called every [`LOOK`].
    pub(crate) fn look_after(&mut self) {
        if let Some(own) = &mut self.own {
            own.watch.look(own.workers);
        }
    }

    /// True if no goroutine will ever run again: none can now, there is no deadline, and nobody outside could change
    /// that. False if that cannot be told. Called on the thread of the test.
    pub(crate) fn is_stuck(&self) -> bool {
        // Twice: what `deadlock` says of two looks that find the same holds here as well.
        let Some(before) = rest() else { return false };
        let stuck =
            only_test_threads() && rest() == Some(before) && only_test_threads() && rest() == Some(before);
        stuck && !deadlock::end_idle_threads()
    }

    /// Ends what was started here. No goroutine is left.
    pub(crate) fn stop(self) {
        if let Some(own) = self.own {
            own.stop();
        }
    }
}

/// Spawns the one goroutine of `workers` that comes from outside.
pub(super) fn spawn_first<F, T>(
    workers: &'static Workers,
    attributes: Attributes,
    site: &'static Location<'static>,
    closure: F,
) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let id = workers.reserve_ids(1);
    workers.count_spawned_from_outside();
    attributes::remember(id, site, attributes);
    let task = TaskRef::new(id, true, site, closure);
    workers.all()[0].push_fresh_from_elsewhere(task);
    JoinHandle::of(task)
}

/// Goroutines of `workers` that have not ended.
pub(super) fn alive(workers: &Workers) -> usize {
    // Ends before spawns: what is missed in between makes the number larger.
    let ended = workers.ended();
    workers.spawned().saturating_sub(ended) as usize
}

impl OwnWorkers {
    fn start(group: Arc<Group>) -> OwnWorkers {
        let workers = make(settings().workers, group);
        let name = thread::current().name().unwrap_or("gochan-test").to_owned();
        homes().push(workers);
        let start = |worker: &'static Worker| {
            let worker = thread::Builder::new().name(name.clone()).spawn(move || {
                let _thread = TestThread::new();
                worker.run();
            });
            worker.unwrap_or_else(|error| report::fatal(&format!("cannot start a worker: {error}")))
        };
        OwnWorkers { workers, threads: workers.all().iter().map(start).collect(), watch: Watch::new(workers) }
    }

    fn stop(self) {
        self.workers.stop();
        for worker in self.workers.all() {
            worker.nudge();
        }
        self.threads.into_iter().for_each(|thread| drop(thread.join()));
        for worker in self.workers.all() {
            worker.alarms.clear();
        }
        homes().retain(|workers| !std::ptr::eq(*workers, self.workers));
    }
}

/// How long to let a home be before the next look.
pub(crate) const LOOK: Duration = Duration::from_millis(2);
