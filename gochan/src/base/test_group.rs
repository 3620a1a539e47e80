//! The goroutines that descend from one test, as far as that test asks about them.
//!
//! On coroutines a test has its own workers, and every goroutine on them belongs to the test: spawning and ending cost
//! nothing extra. The group knows which ids these workers have taken. On `Backend::Threads` the group keeps a table of
//! its members, and every thread knows the group that it works for.

use crate::base::lock::lock;
use crate::own_tls::of_worker;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::panic::Location;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

#[derive(Debug, Default)]
pub(crate) struct TestGroup {
    /// The ids that the group's workers have taken for their goroutines.
    ids: Mutex<Vec<Range<u64>>>,
    /// On threads: the live goroutines, each with its spawn's location.
    members: Mutex<BTreeMap<u64, &'static Location<'static>>>,
    panics: Mutex<Vec<Panicked>>,
    /// The numbers that reports give goroutines, where runs are to be compared.
    numbers: Mutex<HashMap<u64, u32>>,
    /// Some goroutines of the test may wait without end.
    tolerates_knots: AtomicBool,
}

/// A goroutine that panicked and that nothing can join.
#[derive(Debug, Clone)]
pub(crate) struct Panicked {
    pub(crate) id: u64,
    pub(crate) name: Option<String>,
    pub(crate) spawned_at: &'static Location<'static>,
    pub(crate) message: String,
}

thread_local! {
    /// The group of a worker, or of a goroutine that is a thread.
    static OF_THREAD: RefCell<Option<Arc<TestGroup>>> = const { RefCell::new(None) };
}

/// The group that the calling thread works for. The calling goroutine belongs to it.
pub(crate) fn current() -> Option<Arc<TestGroup>> {
    OF_THREAD.try_with(|group| of_worker(group).borrow().clone()).ok().flatten()
}

/// Makes the calling thread work for `group` from now on.
pub(crate) fn join(group: Option<Arc<TestGroup>>) {
    OF_THREAD.with(|current| of_worker(current).replace(group));
}

/// The name of a goroutine of the caller's group in reports: its number, if it has one.
pub(crate) fn shown_id(id: u64) -> u64 {
    current().and_then(|group| group.number(id)).map_or(id, u64::from)
}

/// While it lives, everything that this thread runs and spawns belongs to the group.
pub(crate) struct Membership(Option<Arc<TestGroup>>);

impl Membership {
    pub(crate) fn begin(group: Option<Arc<TestGroup>>) -> Membership {
        Membership(OF_THREAD.with(|current| of_worker(current).replace(group)))
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        let before = self.0.take();
        let _ = OF_THREAD.try_with(|group| of_worker(group).replace(before));
    }
}

impl TestGroup {
    /// The group's workers will use these ids.
    pub(crate) fn reserve(&self, ids: Range<u64>) {
        lock(&self.ids).push(ids);
    }

    /// A goroutine with its own thread begins.
    pub(crate) fn enter(&self, id: u64, site: &'static Location<'static>) {
        lock(&self.members).insert(id, site);
    }

    /// A goroutine with its own thread has ended.
    pub(crate) fn leave(&self, id: u64) {
        lock(&self.members).remove(&id);
    }

    pub(crate) fn members(&self) -> usize {
        lock(&self.members).len()
    }

    pub(crate) fn contains(&self, id: u64) -> bool {
        lock(&self.members).contains_key(&id) || lock(&self.ids).iter().any(|ids| ids.contains(&id))
    }

    /// Goroutines that wait for each other without end do not end the test.
    pub(crate) fn tolerate_knots(&self) {
        self.tolerates_knots.store(true, Relaxed);
    }

    pub(crate) fn tolerates_knots(&self) -> bool {
        self.tolerates_knots.load(Relaxed)
    }

    /// The number of goroutine `id`: goroutines are numbered from one, in the order in which their numbers are first
    /// requested.
    pub(crate) fn number_of(&self, id: u64) -> u32 {
        let mut numbers = lock(&self.numbers);
        let next = numbers.len() as u32 + 1;
        *numbers.entry(id).or_insert(next)
    }

    pub(crate) fn number(&self, id: u64) -> Option<u32> {
        lock(&self.numbers).get(&id).copied()
    }

    /// Restarts the numbering at one.
    pub(crate) fn forget_numbers(&self) {
        lock(&self.numbers).clear();
    }

    pub(crate) fn add_panic(&self, panicked: Panicked) {
        lock(&self.panics).push(panicked);
    }

    pub(crate) fn has_panicked(&self) -> bool {
        !lock(&self.panics).is_empty()
    }

    pub(crate) fn take_panics(&self) -> Vec<Panicked> {
        std::mem::take(&mut *lock(&self.panics))
    }
}
