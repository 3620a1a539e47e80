//! Workers that only one test uses.
//!
//! They are like the process's, but for where they come from and that they end: whoever starts them looks after them,
//! as the monitor does after the others, and stops them in the end. If goroutines are left on them then, they go on.

use super::attributes::{self, Attributes};
use super::group::{Group, Membership};
use super::monitor::Watch;
use super::place::Placement;
use super::runtime::{self, Backend, Workers};
use super::spawn::{self, JoinHandle};
use super::task::TaskRef;
use super::worker::Worker;
use super::{blocking, outside, report};
use std::panic::Location;
use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::sync::{Arc, Mutex, PoisonError};
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

/// True if no thread of the process could wake a goroutine of a test, but for the threads of the tests themselves and
/// the main thread, which waits for them. Called on the thread of a test.
fn only_test_threads() -> bool {
    // SAFETY: two questions to the kernel without arguments.
    let is_main = unsafe { libc::gettid() == libc::getpid() };
    let known = TEST_THREADS.load(Acquire) + usize::from(!is_main);
    outside::foreign_threads().is_some_and(|foreign| foreign <= known as isize)
}

/// All that were ever made: they are never freed, because handles of alarms may outlive their end.
static ALL: Mutex<Vec<&'static Workers>> = Mutex::new(Vec::new());

/// Makes workers for one test. They do not run yet.
pub(super) fn make(count: usize, group: Arc<Group>) -> &'static Workers {
    let workers = runtime::make_private(count, group);
    ALL.lock().unwrap_or_else(PoisonError::into_inner).push(workers);
    workers
}

impl Home {
    /// As many workers as the process has, on threads of the caller's name.
    pub(crate) fn new(group: Arc<Group>) -> Home {
        let own = match runtime::settings().backend {
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
    /// that. Called on the thread of the test.
    pub(crate) fn is_stuck(&self) -> bool {
        self.own.as_ref().is_some_and(OwnWorkers::is_quiet) && blocking::pending() == 0 && only_test_threads()
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
        let workers = make(runtime::settings().workers, group);
        let name = thread::current().name().unwrap_or("gochan-test").to_owned();
        let start = |worker: &'static Worker| {
            let worker = thread::Builder::new().name(name.clone()).spawn(move || {
                let _thread = TestThread::new();
                worker.run();
            });
            worker.unwrap_or_else(|error| report::fatal(&format!("cannot start a worker: {error}")))
        };
        OwnWorkers { workers, threads: workers.all().iter().map(start).collect(), watch: Watch::new(workers) }
    }

    fn is_quiet(&self) -> bool {
        let all = self.workers.all();
        let turns = || all.iter().map(|worker| worker.progress.turns.load(Acquire)).collect::<Vec<_>>();
        let dormant = || all.iter().all(Worker::is_dormant);
        // One worker may wake another after it was looked at; but not without a turn of its own.
        let before = turns();
        dormant() && dormant() && before == turns()
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
    }
}

/// How long to let a home be before the next look.
pub(crate) const LOOK: Duration = Duration::from_millis(2);
