//! Alarms: closures that run at a deadline, each on a goroutine of its own. No goroutine waits for them.
//!
//! An alarm is in the heap of the worker that set it; one set by a plain thread is in some worker's. Any thread may add to a
//! heap and take from it, so each has a lock, which is held for a few moves and never while user code runs or is dropped. The
//! thread that takes an alarm out of its heap owns its closure: it runs it, if the deadline has come, or drops it, if the
//! alarm is cancelled.
//!
//! The earliest deadline is an atomic beside the lock, for the worker's loop to read. Setting an alarm that becomes the
//! earliest stores the deadline first and then looks whether the worker sleeps; a worker lies down first and then looks at the
//! deadline: one of the two sees the other, as with the inboxes.
//!
//! A worker fires its alarms between turns. If a turn takes long, the monitor fires the overdue ones on another worker. On
//! `Backend::Threads`, where there are no workers, one thread fires all.

use crate::base::above::{Above, Launch};
use crate::base::callback::Callbacks;
use crate::base::clock::{self, Moment};
use crate::base::deadlines::{Deadlines, Key};
use crate::base::lock::regardless;
use crate::base::placement::Placement;
use crate::base::sleeper::Sleeper;
use crate::base::{bell, fork};
use crate::own_tls;
use crate::shim::{
    Mutex, MutexGuard,
    atomic::{AtomicU32, AtomicU64, Ordering::*, fence},
};
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

/// The right to cancel a closure that was given to [`Alarms::set`]. Dropping it does not cancel.
pub(crate) struct Alarm(pub(crate) Arc<Node>);

impl Alarm {
    /// True if this call has kept the closure from running; the closure has been dropped then. False if it runs, has run, or
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

/// What handle and heap share.
pub(crate) struct Node<C: ?Sized = dyn Closure> {
    alarms: &'static Alarms,
    /// A [`Key`] while in the heap, else `OUT`; written under the heap's lock.
    key: AtomicU32,
    site: &'static Location<'static>,
    closure: C,
}

const OUT: u32 = u32::MAX;

/// A closure that can be taken once.
pub(crate) trait Closure: Send + Sync {
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
    regardless(own_tls::in_place(|| mutex.lock()))
}

/// The alarms of one worker, or of a process without workers.
pub(crate) struct Alarms {
    /// The bits of the earliest deadline; changed under the lock.
    first: AtomicU64,
    heap: Mutex<Deadlines<Arc<Node>>>,
}

impl Alarms {
    pub(crate) fn new() -> Alarms {
        Alarms { first: AtomicU64::new(Moment::NEVER.to_bits()), heap: Mutex::new(Deadlines::new()) }
    }

    pub(crate) fn len(&self) -> usize {
        lock(&self.heap).len()
    }

    /// The earliest deadline.
    #[inline]
    pub(crate) fn first(&self) -> Moment {
        Moment::from_bits(self.first.load(Relaxed))
    }

    /// As `first`, ordered after an earlier `Sleeper::lie_down`.
    pub(crate) fn first_seqcst(&self) -> Moment {
        Moment::from_bits(self.first.load(SeqCst))
    }

    /// Adds an alarm; `sleeper` is woken if it may sleep for too long now.
    #[track_caller]
    pub(crate) fn set<F>(&'static self, deadline: Moment, sleeper: Option<&Sleeper>, f: F) -> Alarm
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

    /// True if the new alarm has become the earliest. The thread that sleeps for this heap has to be woken then.
    fn insert(&self, deadline: Moment, node: Arc<Node>) -> bool {
        let mut heap = lock(&self.heap);
        if let Some(order) = clock::next_deadline() {
            heap.count_next_as(order);
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
            bell::ring();
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
    pub(crate) fn first_set(&self) -> (Moment, u32) {
        lock(&self.heap).first_set()
    }

    /// Fires the earliest alarm, whenever it is due.
    pub(crate) fn fire_first(&self) {
        if let Some(due) = self.pop_due(self.first()) {
            due.spawn(Placement::Local);
        }
    }

    /// Drops every alarm, on the calling thread.
    pub(crate) fn clear(&self) {
        let mut callbacks = Callbacks::new();
        while let Some(due) = self.pop_due(Moment::NEVER) {
            callbacks.run(|| due.0.closure.discard());
        }
        callbacks.finish();
    }

    /// Drops every alarm, each on a goroutine.
    pub(crate) fn discard_on_goroutines(&self) {
        while let Some(due) = self.pop_due(Moment::NEVER) {
            due.spawn_to(Placement::Local, |node| node.closure.discard());
        }
    }

    /// Fires every alarm whose deadline has passed; true if there was one.
    #[inline]
    pub(crate) fn fire(&self, now: Moment, placement: Placement) -> bool {
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
        Above::launch(placement, site, move || what(&self.0));
    }
}

#[cfg(all(test, gochan_model))]
#[path = "alarms_model.rs"]
mod model;
