//! Workers that only one test uses.
//!
//! They are like the workers of the process, except that the test's thread starts them, does for them what the monitor does
//! for the others, and stops them in the end. If goroutines are left on them then, they are not stopped.

use crate::base::attributes::{self, Attributes};
use crate::base::lock::lock;
use crate::base::origin::Origin;
use crate::base::placement::Placement;
use crate::base::settings::{Backend, settings};
use crate::base::slow_path;
use crate::base::test_group::{Membership, TestGroup};
use crate::base::{actors, report};
use crate::diag::deadlock::{self, Scene, Verdict};
use crate::diag::monitor::Watch;
use crate::sched::fresh::FreshRef;
use crate::sched::runtime::{self, Workers};
use crate::sched::worker::Worker;
use crate::spawn::join::JoinHandle;
use crate::spawn::start;
use std::panic::Location;
use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

/// Where the goroutines of one test run, the first of which is spawned from outside.
pub(crate) struct TestWorkers {
    group: Arc<TestGroup>,
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
/// Those of them that may be doing something, and are not workers, whose rest can be seen.
static IN_MOTION: AtomicUsize = AtomicUsize::new(0);

/// Counts the thread that holds it.
#[derive(Debug)]
pub(crate) struct CountedThread(&'static AtomicUsize);

impl CountedThread {
    /// It acts only for tests.
    pub(crate) fn of_tests() -> CountedThread {
        CountedThread::in_count(&TEST_THREADS)
    }

    /// It belongs to a test and may do anything, such as waking goroutines of another test.
    pub(crate) fn in_motion() -> CountedThread {
        CountedThread::in_count(&IN_MOTION)
    }

    fn in_count(count: &'static AtomicUsize) -> CountedThread {
        count.fetch_add(1, SeqCst);
        CountedThread(count)
    }
}

impl Drop for CountedThread {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

/// The end of a thread that drives a test and has goroutines left. They may refer to its thread-locals, so it never ends
/// (see `sched/INVARIANTS.md`). It is no longer in motion, but still a thread of a test.
pub(crate) fn outlive_goroutines() -> ! {
    IN_MOTION.fetch_sub(1, SeqCst);
    loop {
        thread::park();
    }
}

/// The tests of the process that run in real time. Goroutines of other tests count as well, and those that plain threads have
/// started: what one test waits for may be in a static.
struct Tests;

impl Scene for Tests {
    fn workers(&self) -> Vec<&'static Workers> {
        runtime::started_workers().into_iter().chain(homes().iter().copied()).collect()
    }

    fn rests(&self) -> bool {
        IN_MOTION.load(SeqCst) == 0 && !actors::has_sources()
    }

    /// True if there are no threads but those of the tests and the main thread, which waits for them. Called on the thread of
    /// a test.
    fn has_no_outsiders(&self) -> bool {
        let known = TEST_THREADS.load(Acquire) + usize::from(actors::main_waits_for_tests());
        actors::foreign_threads().is_some_and(|foreign| foreign <= known as isize)
    }
}

/// Workers that run on threads of their own and have not been stopped.
static HOMES: Mutex<Vec<&'static Workers>> = Mutex::new(Vec::new());

fn homes() -> MutexGuard<'static, Vec<&'static Workers>> {
    lock(&HOMES)
}

impl TestWorkers {
    /// As many workers as the process has, on threads of the caller's name.
    pub(crate) fn new(group: Arc<TestGroup>) -> TestWorkers {
        slow_path::watch_holders();
        let own = match settings().backend {
            Backend::Threads => None,
            Backend::Coroutines | Backend::Virtual => Some(OwnWorkers::start(group.clone())),
        };
        TestWorkers { group, own }
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
                start::spawn(attributes, Placement::Auto, Origin::at(site), closure)
            }
        }
    }

    /// The number of goroutines that have not ended.
    pub(crate) fn alive(&self) -> usize {
        match &self.own {
            Some(own) => own.workers.alive(),
            None => self.group.members(),
        }
    }

    /// Does for the workers what they cannot do while they are busy. To be called every [`LOOK`].
    pub(crate) fn look_after(&mut self) {
        if let Some(own) = &mut self.own {
            own.watch.look();
        }
    }

    /// True if no goroutine will ever run again: none can now, there is no deadline, and nothing outside could change that.
    /// False if that is not known. Called on the thread of the test.
    pub(crate) fn is_stuck(&self) -> bool {
        deadlock::judge(&Tests) == Verdict::Dead
    }

    /// Ends what was started here. No goroutine is left.
    pub(crate) fn stop(self) {
        if let Some(own) = self.own {
            own.stop();
        }
    }
}

/// Spawns the one goroutine of `workers` that comes from outside.
pub(crate) fn spawn_first<F, T>(
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
    let fresh = FreshRef::new(id, true, Origin::at(site), closure);
    workers.all()[0].push_fresh_from_elsewhere(fresh, false);
    JoinHandle::of(fresh)
}

impl OwnWorkers {
    fn start(group: Arc<TestGroup>) -> OwnWorkers {
        let workers = runtime::make_private(settings().workers, group);
        let name = thread::current().name().unwrap_or("gochan-test").to_owned();
        homes().push(workers);
        let start = |worker: &'static Worker| {
            let worker = thread::Builder::new().name(name.clone()).spawn(move || {
                let _thread = CountedThread::of_tests();
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
            worker.retire();
        }
        homes().retain(|workers| !std::ptr::eq(*workers, self.workers));
    }
}

/// The time between two looks at the workers of a test.
pub(crate) const LOOK: Duration = Duration::from_millis(2);
