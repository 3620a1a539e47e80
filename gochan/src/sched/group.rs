//! The goroutines that descend from one test, as far as that test wants to know of them.
//!
//! On coroutines a test has workers of its own, and a goroutine belongs to it by living there: spawns and ends cost
//! what they always cost. The group knows which ids these workers have taken. On `Backend::Threads` it knows its
//! members one by one, and every thread which group it works for.

use super::worker::Worker;
use super::{attributes, report};
use std::any::Any;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::Location;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(Debug, Default)]
pub(crate) struct Group {
    /// What the workers of the group have taken for their goroutines.
    ids: Mutex<Vec<Range<u64>>>,
    /// On threads: who is alive, and where it was spawned.
    members: Mutex<BTreeMap<u64, &'static Location<'static>>>,
    panics: Mutex<Vec<Panicked>>,
    /// Some goroutines of the test may wait for ever.
    tolerates_knots: AtomicBool,
}

/// A goroutine that has panicked with nobody to hand the panic to.
#[derive(Debug, Clone)]
pub(crate) struct Panicked {
    pub(crate) id: u64,
    pub(crate) name: Option<String>,
    pub(crate) spawned_at: &'static Location<'static>,
    pub(crate) message: String,
}

thread_local! {
    /// The group of a goroutine that is a thread.
    static OF_THREAD: RefCell<Option<Arc<Group>>> = const { RefCell::new(None) };
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The group of the calling goroutine.
pub(super) fn current() -> Option<Arc<Group>> {
    match Worker::current() {
        Some(worker) => worker.workers.group().cloned(),
        None => OF_THREAD.try_with(|group| group.borrow().clone()).ok().flatten(),
    }
}

/// While it lives, what this thread runs and spawns belongs to the group.
pub(super) struct Membership(Option<Arc<Group>>);

impl Membership {
    pub(super) fn begin(group: Option<Arc<Group>>) -> Membership {
        Membership(OF_THREAD.replace(group))
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        let before = self.0.take();
        let _ = OF_THREAD.try_with(|group| group.replace(before));
    }
}

impl Group {
    /// The workers of the group will use these ids.
    pub(super) fn reserve(&self, ids: Range<u64>) {
        lock(&self.ids).push(ids);
    }

    /// A goroutine of its own thread begins.
    pub(super) fn enter(&self, id: u64, site: &'static Location<'static>) {
        lock(&self.members).insert(id, site);
    }

    /// A goroutine of its own thread has ended.
    pub(super) fn leave(&self, id: u64) {
        lock(&self.members).remove(&id);
    }

    pub(super) fn members(&self) -> usize {
        lock(&self.members).len()
    }

    pub(crate) fn contains(&self, id: u64) -> bool {
        lock(&self.members).contains_key(&id) || lock(&self.ids).iter().any(|ids| ids.contains(&id))
    }

    /// Goroutines that wait for each other for ever are no reason to end the test.
    pub(crate) fn tolerate_knots(&self) {
        self.tolerates_knots.store(true, Relaxed);
    }

    pub(crate) fn tolerates_knots(&self) -> bool {
        self.tolerates_knots.load(Relaxed)
    }

    pub(crate) fn has_panicked(&self) -> bool {
        !lock(&self.panics).is_empty()
    }

    pub(crate) fn take_panics(&self) -> Vec<Panicked> {
        std::mem::take(&mut *lock(&self.panics))
    }
}

/// What a report calls a goroutine of the caller's group: in a bubble its number, so that runs can be compared.
pub(crate) fn shown_id(id: u64) -> u64 {
    let bubble = Worker::current().and_then(Worker::bubble);
    bubble.and_then(|bubble| bubble.number(id)).map_or(id, u64::from)
}

/// A goroutine has panicked, and nobody is left who could join it.
#[cold]
pub(super) fn panicked_detached(id: u64, site: &'static Location<'static>, payload: &(dyn Any + Send)) {
    if payload.is::<super::task::Goexit>() {
        return;
    }
    if let Some(group) = current() {
        let message = report::message(payload).to_owned();
        let name = attributes::name(id);
        let id = shown_id(id);
        lock(&group.panics).push(Panicked { id, name, spawned_at: site, message });
    }
}
