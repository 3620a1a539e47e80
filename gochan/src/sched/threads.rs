//! `Backend::Threads`: every goroutine runs on an OS thread of its own.

use super::group::{self, Group, Membership};
use super::os_threads::OsThreads;
use super::runtime::settings;
use super::status::Status;
use super::task::TaskRef;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

static THREADS: LazyLock<OsThreads> = LazyLock::new(|| OsThreads::new("gochan-goroutine", usize::MAX));
static LIVE: Mutex<BTreeMap<u64, Arc<Status>>> = Mutex::new(BTreeMap::new());

thread_local! {
    static CURRENT: RefCell<Option<Arc<Status>>> = const { RefCell::new(None) };
}

fn live() -> MutexGuard<'static, BTreeMap<u64, Arc<Status>>> {
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts `task` on a thread of its own.
///
/// # Panics
/// If the operating system refuses another thread.
pub(super) fn start(task: TaskRef) {
    let stack_size = task.is_special().then(|| super::attributes::stack_size(&task, settings().stack_size));
    let status = Arc::new(Status::new(task.id(), task.header().site));
    live().insert(task.id(), status.clone());
    let id = task.id();
    let group = group::current();
    if let Some(group) = &group {
        group.enter(id, task.header().site);
    }
    let job = Box::new({
        let group = group.clone();
        move || run(task, status, group)
    });
    if let Err(error) = THREADS.submit(job, stack_size) {
        live().remove(&id);
        if let Some(group) = group {
            group.leave(id);
        }
        panic!("cannot start a thread for goroutine {id}: {error}");
    }
}

fn run(task: TaskRef, status: Arc<Status>, group: Option<Arc<Group>>) {
    let id = status.id();
    let membership = Membership::begin(group.clone());
    CURRENT.set(Some(status));
    // SAFETY: a task is started once.
    unsafe { task.run() };
    CURRENT.set(None);
    drop(membership);
    live().remove(&id);
    if let Some(group) = group {
        group.leave(id);
    }
}

/// The goroutine this thread runs.
pub(super) fn current() -> Option<Arc<Status>> {
    CURRENT.try_with(|current| current.borrow().clone()).ok().flatten()
}

/// All started goroutines.
pub(super) fn all() -> Vec<Arc<Status>> {
    live().values().cloned().collect()
}
