//! Alarms: closures that run at a deadline, each on a goroutine of its own, with nobody waiting for them.
//!
//! An alarm is in the heap of the worker that set it; one set by a plain thread is in some worker's. Any thread may
//! add to a heap and take from it, so each has a lock, held for a few moves and never while anything of the user
//! runs or is dropped. Whoever takes an alarm out of its heap owns its closure: it runs it, if the deadline has come,
//! or drops it, if the alarm is cancelled.
//!
//! The earliest deadline stands beside the lock as an atomic, for the worker's loop to look at. Setting an alarm that
//! becomes the earliest stores that first and then looks whether the worker sleeps; a worker lies down first and then
//! looks at the deadline: one of the two sees the other, as with the inboxes.
//!
//! A worker fires its alarms between turns. Should a turn take long, the [`monitor`](super::monitor) fires what is
//! overdue, and gives it to another worker. On `Backend::Threads`, where there are no workers, one thread fires all.

use super::attributes::Attributes;
use super::clock::Moment;
use super::deadlines::{Deadlines, Key};
use super::outside::OwnedThread;
use super::place::Placement;
use super::settings::{Backend, settings};
use super::sleeper::Sleeper;
use super::touch::Touch;
use super::worker::Worker;
use super::{bubble, fork, monitor, report, spawn};
use crate::callback::Callbacks;
use crate::shim::{
    Mutex, MutexGuard,
    atomic::{AtomicU32, AtomicU64, Ordering::*, fence},
};
use std::fmt;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::{Arc, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// The right to cancel what [`set`] was given. Dropping it does not cancel.
pub(crate) struct Alarm(Arc<Node>);

/// Runs `f` once, on a goroutine of its own, at `deadline` or shortly after; never before.
///
/// From a goroutine this takes no lock that is likely to be contended, and one allocation.
///
/// # Panics
/// In a forked child of a process that runs goroutines.
#[track_caller]
pub(crate) fn set<F: FnOnce() + Send + 'static>(deadline: Instant, f: F) -> Alarm {
    arm(Moment::of(deadline), f)
}

/// As [`set`], for the time `after` from now, which may be so far off that it never comes.
#[track_caller]
pub(crate) fn set_after<F: FnOnce() + Send + 'static>(after: Duration, f: F) -> Alarm {
    arm(Moment::now() + after, f)
}

#[track_caller]
fn arm<F: FnOnce() + Send + 'static>(deadline: Moment, f: F) -> Alarm {
    fork::refuse_after_fork();
    let (alarms, sleeper) = match Worker::current() {
        Some(worker) => (&*worker.alarms, None),
        None => somewhere(),
    };
    alarms.set(deadline, sleeper, f)
}

impl Alarm {
    /// True if this call has kept the closure from running; it has been dropped then. False if it runs, has run, or
    /// was cancelled before. Does not wait for it.
    pub(crate) fn cancel(&self) -> bool {
        // In a forked child nothing will fire, and the lock may be held by a thread that is not there.
        if fork::is_forked_child() {
            return false;
        }
        let removed = self.0.alarms.remove(&self.0);
        if removed {
            self.0.closure.discard();
        }
        removed
    }
}

impl fmt::Debug for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alarm").field("set_at", &self.0.site).finish_non_exhaustive()
    }
}

/// What the handle and the heap share.
struct Node<C: ?Sized = dyn Closure> {
    alarms: &'static Alarms,
    /// A [`Key`] while in the heap, else `OUT`; written under the heap's lock.
    key: AtomicU32,
    site: &'static Location<'static>,
    closure: C,
}

const OUT: u32 = u32::MAX;

/// A closure that can be taken once.
trait Closure: Send + Sync {
    fn run(&self);
    fn discard(&self);
}

impl<F: FnOnce() + Send> Closure for Mutex<Option<F>> {
    fn run(&self) {
        let f = lock(self).take();
        if let Some(f) = f {
            f();
        }
    }

    fn discard(&self) {
        let f = lock(self).take();
        drop(f);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The alarms of one worker, or of a process without workers.
pub(super) struct Alarms {
    /// The bits of the earliest deadline; changed under the lock.
    first: AtomicU64,
    heap: Mutex<Deadlines<Arc<Node>>>,
}

impl Alarms {
    pub(super) fn new() -> Alarms {
        Alarms { first: AtomicU64::new(Moment::NEVER.to_bits()), heap: Mutex::new(Deadlines::new()) }
    }

    pub(super) fn len(&self) -> usize {
        lock(&self.heap).len()
    }

    /// The earliest deadline.
    #[inline]
    pub(super) fn first(&self) -> Moment {
        Moment::from_bits(self.first.load(Relaxed))
    }

    /// As `first`, ordered after an earlier `Sleeper::lie_down`.
    pub(super) fn first_seqcst(&self) -> Moment {
        Moment::from_bits(self.first.load(SeqCst))
    }

    /// Adds an alarm; `sleeper` is woken if it may sleep for too long now.
    #[track_caller]
    fn set<F>(&'static self, deadline: Moment, sleeper: Option<&Sleeper>, f: F) -> Alarm
    where
        F: FnOnce() + Send + 'static,
    {
        let closure = Mutex::new(Some(f));
        let key = AtomicU32::new(OUT);
        let node = Arc::new(Node { alarms: self, key, site: Location::caller(), closure });
        let alarm = Alarm(node.clone());
        if self.insert(deadline, node)
            && let Some(sleeper) = sleeper
        {
            sleeper.wake();
        }
        alarm
    }

    /// True if the new alarm has become the earliest. Whoever sleeps for this heap is to be woken then.
    fn insert(&self, deadline: Moment, node: Arc<Node>) -> bool {
        let mut heap = lock(&self.heap);
        if let Some(bubble) = Worker::current().and_then(Worker::bubble) {
            heap.count_next_as(bubble.next_deadline());
            bubble::touch(Touch::deadline(deadline.to_bits()));
        }
        let earliest = deadline < self.first();
        let kept = node.clone();
        let key = heap.insert(deadline, node);
        kept.key.store(key.to_bits(), Relaxed);
        if earliest {
            self.first.store(deadline.to_bits(), SeqCst);
            // Between the store and the look at the sleeper's flag.
            fence(SeqCst);
        }
        earliest
    }

    /// True if `node` was in the heap until now.
    fn remove(&self, node: &Node) -> bool {
        let mut heap = lock(&self.heap);
        let key = node.key.swap(OUT, Relaxed);
        if key == OUT {
            return false;
        }
        let removed = heap.remove(Key::from_bits(key));
        let first = heap.first();
        self.first.store(first.to_bits(), SeqCst);
        drop(heap);
        if first == Moment::NEVER {
            monitor::last_alarm_is_gone();
        }
        drop(removed);
        true
    }

    fn pop_due(&self, now: Moment) -> Option<Due> {
        let mut heap = lock(&self.heap);
        let node = heap.pop_due(now)?;
        node.key.store(OUT, Relaxed);
        self.first.store(heap.first().to_bits(), SeqCst);
        Some(Due(node))
    }

    /// The earliest deadline, and when it was set.
    pub(super) fn first_set(&self) -> (Moment, u32) {
        lock(&self.heap).first_set()
    }

    /// Fires the earliest alarm, whenever it is due.
    pub(super) fn fire_first(&self) {
        if let Some(due) = self.pop_due(self.first()) {
            due.spawn(Placement::Local);
        }
    }

    /// Drops every alarm, on the calling thread.
    pub(super) fn clear(&self) {
        let mut callbacks = Callbacks::new();
        while let Some(due) = self.pop_due(Moment::NEVER) {
            callbacks.run(|| due.0.closure.discard());
        }
        callbacks.finish();
    }

    /// Drops every alarm, each on a goroutine.
    pub(super) fn discard_on_goroutines(&self) {
        while let Some(due) = self.pop_due(Moment::NEVER) {
            due.spawn_to(Placement::Local, |node| node.closure.discard());
        }
    }

    /// Fires every alarm whose deadline has passed; true if there was one.
    #[inline]
    pub(super) fn fire(&self, now: Moment, placement: Placement) -> bool {
        let due = self.first() <= now;
        if due {
            while let Some(due) = self.pop_due(now) {
                due.spawn(placement);
            }
        }
        due
    }
}

impl fmt::Debug for Alarms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alarms").field("first", &self.first()).finish_non_exhaustive()
    }
}

/// An alarm that has been taken out of its heap because its time has come.
struct Due(Arc<Node>);

impl Due {
    fn spawn(self, placement: Placement) {
        self.spawn_to(placement, |node| node.closure.run());
    }

    fn spawn_to(self, placement: Placement, what: fn(&Node)) {
        let site = self.0.site;
        // SAFETY: the closure is `'static`.
        drop(unsafe { spawn::spawn(Attributes::default(), placement, site, move || what(&self.0)) });
    }
}

/// Where a plain thread sets its alarms, and who is to be woken for them.
fn somewhere() -> (&'static Alarms, Option<&'static Sleeper>) {
    if settings().backend == Backend::Threads {
        let service = Service::get();
        return (&service.alarms, Some(&service.sleeper));
    }
    let worker = spawn::home_of_this_thread();
    (&worker.alarms, Some(worker.sleeper()))
}

/// True if the process has no service, or it sleeps and nothing will wake it.
pub(super) fn service_rests() -> bool {
    SERVICE
        .get()
        .is_none_or(|service| service.sleeper.is_asleep() && service.alarms.first_seqcst() == Moment::NEVER)
}

/// Alarms of the service.
pub(super) fn count_of_service() -> usize {
    SERVICE.get().map_or(0, |service| service.alarms.len())
}

static SERVICE: OnceLock<Service> = OnceLock::new();

/// Fires the alarms of `Backend::Threads`, on a thread of its own that the first alarm starts.
struct Service {
    alarms: Alarms,
    sleeper: Sleeper,
}

impl Service {
    fn get() -> &'static Service {
        let mut new = false;
        let service = SERVICE.get_or_init(|| {
            new = true;
            Service { alarms: Alarms::new(), sleeper: Sleeper::new() }
        });
        if new {
            std::thread::Builder::new()
                .name("gochan-alarms".to_owned())
                .stack_size(128 * 1024)
                .spawn(|| service.run())
                .unwrap_or_else(|error| report::fatal(&format!("cannot start the alarm thread: {error}")));
        }
        service
    }

    fn run(&self) -> ! {
        let _owned = OwnedThread::new();
        self.sleeper.adopt_thread();
        loop {
            // Starting a thread may fail, which panics; the other alarms are to ring none the less.
            let _ = catch_unwind(AssertUnwindSafe(|| self.alarms.fire(Moment::now(), Placement::Auto)));
            self.sleeper.lie_down();
            match self.alarms.first_seqcst() {
                Moment::NEVER => std::thread::park(),
                first => std::thread::park_timeout(first.since(Moment::now())),
            }
            self.sleeper.get_up();
        }
    }
}

#[cfg(all(test, not(any(gochan_model, gochan_loom))))]
mod tests;

#[cfg(all(test, gochan_model))]
mod model;
