//! `Backend::Threads`: every goroutine runs on an OS thread of its own. Also what dumps see of plain threads that wait.

use super::fork;
use super::group::{self, Group, Membership};
use super::knots;
use super::os_threads::OsThreads;
use super::outside::{self, Kind};
use super::park::WaitReason;
use super::settings::settings;
use super::stacks::Bell;
use super::status::Status;
use super::task::TaskRef;
use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::panic::Location;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

static THREADS: LazyLock<OsThreads> =
    LazyLock::new(|| OsThreads::new("gochan-goroutine", Kind::Goroutine, None));
static LIVE: Mutex<BTreeMap<u64, Arc<ThreadStatus>>> = Mutex::new(BTreeMap::new());

thread_local! {
    static CURRENT: RefCell<Option<Arc<ThreadStatus>>> = const { RefCell::new(None) };
}

fn live() -> MutexGuard<'static, BTreeMap<u64, Arc<ThreadStatus>>> {
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What others see of a thread, and how they ask it for more.
#[derive(Debug)]
pub(super) struct ThreadStatus {
    status: Status,
    bell: Bell,
}

impl ThreadStatus {
    fn new(status: Status) -> ThreadStatus {
        ThreadStatus { status, bell: Bell::default() }
    }

    pub(super) fn bell(&self) -> &Bell {
        &self.bell
    }
}

impl std::ops::Deref for ThreadStatus {
    type Target = Status;
    fn deref(&self) -> &Status {
        &self.status
    }
}

/// Starts `task` on a thread of its own.
///
/// # Panics
/// If the operating system refuses another thread. The closure is dropped then, and nothing is left of the task.
///
/// # Safety
/// The task has not been run, and nobody else refers to it.
pub(super) unsafe fn start(task: TaskRef) {
    let stack_size = task.is_special().then(|| super::attributes::stack_size(&task, settings().stack_size));
    super::monitor::start_for_threads();
    let (id, site) = (task.id(), task.header().site);
    let status = Arc::new(ThreadStatus::new(Status::new(id, site)));
    live().insert(id, status.clone());
    let group = group::current();
    if let Some(group) = &group {
        group.enter(id, site);
    }
    let job = Box::new({
        let group = group.clone();
        move || run(task, status, group)
    });
    if let Err(error) = THREADS.submit(job, stack_size, site) {
        live().remove(&id);
        if let Some(group) = group {
            group.leave(id);
        }
        super::SPAWNED_OUTSIDE.fetch_sub(1, Relaxed);
        // Last: the destructor of what the closure holds is the user's.
        // SAFETY: the caller's promise, and no thread was started.
        unsafe { task.abandon() };
        panic!("cannot start a thread for goroutine {id}: {error}");
    }
}

fn run(task: TaskRef, status: Arc<ThreadStatus>, group: Option<Arc<Group>>) {
    let id = status.id();
    let membership = Membership::begin(group.clone());
    CURRENT.set(Some(status));
    let span = super::span::of_thread(id, Some(task.header().site));
    knots::take_held_of_thread();
    // SAFETY: a task is started once.
    unsafe { task.run() };
    if knots::take_held_of_thread() > 0 {
        knots::ended_holding(id);
    }
    #[allow(clippy::drop_non_drop, reason = "it is something with the feature `tracing` only")]
    drop(span);
    CURRENT.set(None);
    drop(membership);
    live().remove(&id);
    if let Some(group) = group {
        group.leave(id);
    }
}

/// The goroutine this thread runs.
pub(super) fn current() -> Option<Arc<ThreadStatus>> {
    CURRENT.try_with(|current| current.borrow().clone()).ok().flatten()
}

/// Goroutines that have not ended, but for a moment.
pub(super) fn pending() -> usize {
    LazyLock::get(&THREADS).map_or(0, OsThreads::pending)
}

/// Threads that run goroutines, or are kept for them.
pub(super) fn count() -> usize {
    LazyLock::get(&THREADS).map_or(0, OsThreads::total)
}

/// Makes the threads that wait for a goroutine end, now. True if there were any.
pub(super) fn end_idle() -> bool {
    LazyLock::get(&THREADS).is_some_and(OsThreads::end_idle)
}

/// All started goroutines.
pub(super) fn all() -> Vec<Arc<ThreadStatus>> {
    live().values().cloned().collect()
}

/// A thread that runs no goroutine and has waited at some time.
#[derive(Debug, Clone)]
pub(super) struct PlainThread {
    pub(super) name: Option<String>,
    pub(super) status: Arc<ThreadStatus>,
}

static PLAIN: Mutex<Vec<PlainThread>> = Mutex::new(Vec::new());

/// All plain threads that have waited and not ended.
pub(super) fn all_plain() -> Vec<PlainThread> {
    PLAIN.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Keeps a thread on the list until it ends.
struct Listed(Arc<ThreadStatus>);

impl Listed {
    fn new() -> Listed {
        let status = Arc::new(ThreadStatus::new(Status::of_thread()));
        let name = std::thread::current().name().map(str::to_owned);
        let thread = PlainThread { name, status: status.clone() };
        PLAIN.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        Listed(status)
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        let mut plain = PLAIN.lock().unwrap_or_else(PoisonError::into_inner);
        plain.retain(|thread| !Arc::ptr_eq(&thread.status, &self.0));
    }
}

/// While it lives, this thread or its goroutine shows as waiting.
pub(super) struct Waiting(Option<Arc<ThreadStatus>>);

impl Waiting {
    /// Of a wait that nothing but a wake ends.
    pub(super) fn begin_for_good(
        reason: WaitReason,
        place: &'static Location<'static>,
        is_woken: impl FnOnce() -> bool,
    ) -> Waiting {
        if fork::is_forked_child() {
            fork::refuse_hopeless_wait(reason, place, is_woken);
        }
        Waiting::begin(reason, place)
    }

    pub(super) fn begin(reason: WaitReason, place: &'static Location<'static>) -> Waiting {
        thread_local! {
            static OWN: OnceCell<Listed> = const { OnceCell::new() };
        }
        if fork::is_forked_child() {
            return match outside::kind_of_this_thread() {
                Kind::Goroutine | Kind::Owned => fork::refuse_wait(reason, place),
                // The list may be locked by a thread that is not there.
                Kind::Plain | Kind::Main => Waiting(None),
            };
        }
        let status = match outside::kind_of_this_thread() {
            Kind::Goroutine => current(),
            Kind::Plain => OWN.try_with(|own| own.get_or_init(Listed::new).0.clone()).ok(),
            Kind::Main | Kind::Owned => None,
        };
        if let Some(status) = &status {
            super::clock::move_coarse();
            status.bell.is_here();
            status.begin_wait(reason, place);
        }
        Waiting(status)
    }

    /// The thread has been unparked, but not woken: somebody may want to see its stack.
    #[inline]
    pub(super) fn looks_up(&self) {
        if let Some(status) = &self.0 {
            status.bell.answer(status.id());
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(status) = &self.0 {
            status.end_wait();
        }
    }
}
