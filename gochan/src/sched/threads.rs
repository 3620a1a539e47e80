//! `Backend::Threads`: every goroutine runs on an OS thread of its own. Also the list of plain threads that wait, for dumps.

use super::fresh::FreshRef;
use super::park::WaitReason;
use crate::base::above::{Above, Held, Watch};
use crate::base::actors::{self, ThreadKind};
use crate::base::doorbell::Doorbell;
use crate::base::fork;
use crate::base::lock::lock;
use crate::base::settings::settings;
use crate::base::status::Status;
use crate::base::test_group;
use crate::base::test_group::{Membership, TestGroup};
use crate::base::thread_pool::ThreadPool;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeMap;
use std::panic::Location;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

static THREADS: OnceLock<ThreadPool> = OnceLock::new();
static LIVE: Mutex<BTreeMap<u64, Arc<ThreadStatus>>> = Mutex::new(BTreeMap::new());

thread_local! {
    static CURRENT: RefCell<Option<Arc<ThreadStatus>>> = const { RefCell::new(None) };
    /// The number of locks held by the goroutine that is this thread, as far as that is recorded.
    pub(crate) static HELD: Cell<i32> = const { Cell::new(0) };
}

fn pool() -> &'static ThreadPool {
    THREADS.get_or_init(|| ThreadPool::new("gochan-goroutine", ThreadKind::Goroutine, None))
}

fn live() -> MutexGuard<'static, BTreeMap<u64, Arc<ThreadStatus>>> {
    lock(&LIVE)
}

/// What other threads see of a thread, and how they ask it for its stack.
#[derive(Debug)]
pub(crate) struct ThreadStatus {
    status: Status,
    doorbell: Doorbell,
}

impl ThreadStatus {
    fn new(status: Status) -> ThreadStatus {
        ThreadStatus { status, doorbell: Doorbell::default() }
    }

    pub(crate) fn doorbell(&self) -> &Doorbell {
        &self.doorbell
    }
}

impl std::ops::Deref for ThreadStatus {
    type Target = Status;
    fn deref(&self) -> &Status {
        &self.status
    }
}

/// Starts `fresh` on a thread of its own.
///
/// # Errors
/// If the operating system refuses another thread. The closure and its allocation are dropped then.
///
/// # Safety
/// It has not been run, and no other reference to it is used.
pub(crate) unsafe fn start(fresh: FreshRef) -> Result<(), String> {
    let stack_size = fresh.is_special().then(|| fresh.stack_size(settings().stack_size));
    Above::threads_start();
    let (id, site) = (fresh.id(), fresh.header().origin.site());
    let status = Arc::new(ThreadStatus::new(Status::new(id, site)));
    live().insert(id, status.clone());
    let group = test_group::current();
    if let Some(group) = &group {
        group.enter(id, site);
    }
    let job = Box::new({
        let group = group.clone();
        move || run(fresh, status, group)
    });
    if let Err(error) = pool().submit(job, stack_size, site) {
        live().remove(&id);
        if let Some(group) = group {
            group.leave(id);
        }
        super::runtime::SPAWNED_OUTSIDE.fetch_sub(1, Relaxed);
        // Last: destructors of what the closure holds are user code.
        // SAFETY: the caller's promise, and no thread was started.
        unsafe { fresh.abandon() };
        return Err(format!("cannot start a thread for goroutine {id}: {error}"));
    }
    Ok(())
}

fn run(fresh: FreshRef, status: Arc<ThreadStatus>, group: Option<Arc<TestGroup>>) {
    let id = status.id();
    let membership = Membership::begin(group.clone());
    CURRENT.set(Some(status));
    let span = super::span::of_thread(id, Some(fresh.header().origin.site()));
    HELD.take();
    // SAFETY: a goroutine is started once.
    unsafe { fresh.run() };
    super::here::end_locals();
    if HELD.take() > 0 {
        Above::ended_holding(id);
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
pub(crate) fn current() -> Option<Arc<ThreadStatus>> {
    CURRENT.try_with(|current| current.borrow().clone()).ok().flatten()
}

/// The number of goroutines that have not ended; one that is just ending may still count.
pub(crate) fn pending() -> usize {
    THREADS.get().map_or(0, ThreadPool::pending)
}

/// The number of threads that run goroutines, or are kept for them.
pub(crate) fn count() -> usize {
    THREADS.get().map_or(0, ThreadPool::total)
}

/// Makes the threads that wait for a goroutine end, now. True if there were any.
pub(crate) fn end_idle() -> bool {
    THREADS.get().is_some_and(ThreadPool::end_idle)
}

/// All started goroutines.
pub(crate) fn all() -> Vec<Arc<ThreadStatus>> {
    live().values().cloned().collect()
}

/// A thread that runs no goroutine and has waited at least once.
#[derive(Debug, Clone)]
pub(crate) struct PlainThread {
    pub(crate) name: Option<String>,
    pub(crate) status: Arc<ThreadStatus>,
}

static PLAIN: Mutex<Vec<PlainThread>> = Mutex::new(Vec::new());

/// All plain threads that have waited and not ended.
pub(crate) fn all_plain() -> Vec<PlainThread> {
    lock(&PLAIN).clone()
}

/// Keeps a thread on the list until it ends.
struct Listed(Arc<ThreadStatus>);

impl Listed {
    fn new() -> Listed {
        let status = Arc::new(ThreadStatus::new(Status::of_thread()));
        let name = std::thread::current().name().map(str::to_owned);
        let thread = PlainThread { name, status: status.clone() };
        lock(&PLAIN).push(thread);
        Listed(status)
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        let mut plain = lock(&PLAIN);
        plain.retain(|thread| !Arc::ptr_eq(&thread.status, &self.0));
    }
}

/// While it lives, this thread or its goroutine shows as waiting.
pub(crate) struct ShownWait(Option<Arc<ThreadStatus>>);

impl ShownWait {
    /// For a wait that only a wake ends.
    pub(crate) fn begin_for_good(
        reason: WaitReason,
        place: &'static Location<'static>,
        is_woken: impl FnOnce() -> bool,
    ) -> ShownWait {
        if fork::is_forked_child() {
            fork::refuse_hopeless_wait(current().map(|status| status.id()), reason, place, is_woken);
        }
        ShownWait::begin(reason, place)
    }

    pub(crate) fn begin(reason: WaitReason, place: &'static Location<'static>) -> ShownWait {
        thread_local! {
            static OWN: OnceCell<Listed> = const { OnceCell::new() };
        }
        if fork::is_forked_child() {
            return match actors::kind_of_this_thread() {
                ThreadKind::Goroutine | ThreadKind::Owned => {
                    fork::refuse_wait(current().map(|status| status.id()), Some(reason), Some(place))
                }
                // The list may be locked by a thread that is not there.
                ThreadKind::Plain | ThreadKind::Main => ShownWait(None),
            };
        }
        let status = match actors::kind_of_this_thread() {
            ThreadKind::Goroutine => current(),
            ThreadKind::Plain => OWN.try_with(|own| own.get_or_init(Listed::new).0.clone()).ok(),
            ThreadKind::Main | ThreadKind::Owned => None,
        };
        if let Some(status) = &status {
            crate::base::clock::move_coarse();
            status.doorbell.is_here();
            status.begin_wait(reason, place);
        }
        ShownWait(status)
    }

    /// The thread has been unparked, but not woken: another one may ask for its stack.
    #[inline]
    pub(crate) fn looks_up(&self) {
        if let Some(status) = &self.0 {
            status.doorbell.answer(status.id());
        }
    }
}

impl Drop for ShownWait {
    fn drop(&mut self) {
        if let Some(status) = &self.0 {
            status.end_wait();
        }
    }
}
