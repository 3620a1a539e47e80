//! Waiting until something that a mutex protects has changed.

use super::mutex::MutexGuard;
use super::queue::{Queue, Waiter};
use super::raw_mutex::RawMutex;
use crate::chan::lock::SpinLock;
use crate::sched::bubble::{
    announce_after_wait, between_points_touching, fine_point, has_points, point_after, point_after_at,
};
use crate::sched::clock;
use crate::sched::park::{Owner, Parker, WaitReason};
use crate::sched::touch::Touch;
use crate::shim::atomic::{AtomicUsize, Ordering::*};
use std::fmt;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::time::Duration;

/// A place to wait for a change of what a [`Mutex`](super::Mutex) protects: Go's `sync.Cond`.
///
/// [`wait`](Cond::wait) unlocks, sleeps until it is signalled, and locks again. Between the signal and that lock
/// somebody else may have had the mutex: look again, in a loop, or let [`wait_while`](Cond::wait_while) do so.
/// Nobody wakes without a signal, and no signal sent after the unlock is lost.
///
/// The mutex that comes with the guard may be any; use one cond with one mutex all the same, as signals go to
/// whoever waits.
///
/// ```
/// use gochan::prelude::*;
/// use gochan::sync::{Cond, Mutex};
/// use std::sync::Arc;
///
/// let door = Arc::new((Mutex::new(false), Cond::new()));
/// let guest = {
///     let door = door.clone();
///     go!({
///         let (open, changed) = &*door;
///         let mut open = open.lock();
///         while !*open {
///             open = changed.wait(open);
///         }
///     })
/// };
/// *door.0.lock() = true;
/// door.1.signal();
/// guest.join().unwrap();
/// ```
#[doc(alias = "sync.Cond")]
#[doc(alias = "Condvar")]
pub struct Cond {
    /// How many are queued, so that a signal that nobody waits for costs a load.
    count: AtomicUsize,
    waiters: SpinLock<Queue<()>>,
}

impl UnwindSafe for Cond {}
impl RefUnwindSafe for Cond {}

impl Cond {
    /// A cond that nobody waits for.
    #[doc(alias = "NewCond")]
    #[cfg_attr(gochan_loom, const_fn::const_fn(cfg(not(gochan_loom))))]
    pub const fn new() -> Cond {
        Cond { count: AtomicUsize::new(0), waiters: SpinLock::new(Queue::new()) }
    }

    /// Unlocks, waits for a [`signal`](Cond::signal) or [`broadcast`](Cond::broadcast), and locks again.
    ///
    /// Parks the calling goroutine, or blocks the calling thread outside of one.
    #[doc(alias = "Wait")]
    #[track_caller]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn wait<'a, T: ?Sized>(&self, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        self.wait_as(WaitReason::Cond, guard, Location::caller())
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn wait_as<'a, T: ?Sized>(
        &self,
        reason: WaitReason,
        guard: MutexGuard<'a, T>,
        place: &'static Location<'static>,
    ) -> MutexGuard<'a, T> {
        if has_points() {
            self.explore_wait(guard.raw());
        }
        let waiter = Waiter::new(());
        let parker = self.queue(&waiter);
        let mutex = guard.raw();
        mutex.unlock();
        parker.park(reason, place);
        mutex.lock(WaitReason::Mutex, place);
        point_after_at("Cond::wait", Some(place));
        guard
    }

    /// Waits for as long as `condition` holds for the value, looking at it under the lock: first thing, and after
    /// each signal.
    ///
    /// ```
    /// use gochan::sync::{Cond, Mutex};
    ///
    /// let (queue, filled) = (Mutex::new(vec![1]), Cond::new());
    /// let mut queue = filled.wait_while(queue.lock(), |queue| queue.is_empty());
    /// assert_eq!(queue.pop(), Some(1));
    /// ```
    #[track_caller]
    pub fn wait_while<'a, T: ?Sized>(
        &self,
        guard: MutexGuard<'a, T>,
        condition: impl FnMut(&mut T) -> bool,
    ) -> MutexGuard<'a, T> {
        self.wait_while_as(WaitReason::Cond, guard, condition)
    }

    /// As [`wait_while`](Cond::wait_while), for something that dumps have another name for.
    #[track_caller]
    pub(super) fn wait_while_as<'a, T: ?Sized>(
        &self,
        reason: WaitReason,
        mut guard: MutexGuard<'a, T>,
        mut condition: impl FnMut(&mut T) -> bool,
    ) -> MutexGuard<'a, T> {
        while condition(&mut *guard) {
            guard = self.wait_as(reason, guard, Location::caller());
        }
        guard
    }

    /// As [`wait`](Cond::wait), but for no longer than `limit`. True: the time was up and no signal was for this
    /// call; a signal that comes at the same moment goes to another waiter.
    #[track_caller]
    pub fn wait_timeout<'a, T: ?Sized>(
        &self,
        guard: MutexGuard<'a, T>,
        limit: Duration,
    ) -> (MutexGuard<'a, T>, bool) {
        let place = Location::caller();
        // gochan-lint: allow(cond_wait_without_loop) the loop is the caller's
        let Some(deadline) = clock::deadline(limit) else { return (self.wait(guard), false) };
        if has_points() {
            self.explore_wait(guard.raw());
        }
        let waiter = Waiter::new(());
        let parker = self.queue(&waiter);
        let mutex = guard.raw();
        mutex.unlock();
        let mut timed_out = false;
        parker.park_until(deadline, WaitReason::Cond, place, &mut || {
            let mut waiters = self.waiters.lock();
            // SAFETY: it was pushed on this queue.
            timed_out = unsafe { waiters.remove(&waiter) };
            if timed_out {
                self.count(&waiters, -1);
            }
            timed_out
        });
        mutex.lock(WaitReason::Mutex, place);
        point_after("Cond::wait_timeout");
        (guard, timed_out)
    }

    /// Before the mutex is unlocked: whoever changes the value under the mutex afterwards finds the waiter.
    /// In an exploration: what a wait touches now, and when it is over.
    #[cold]
    fn explore_wait(&self, mutex: &RawMutex) {
        fine_point(&[Touch::write(self), Touch::write(mutex)], "Cond::wait");
        announce_after_wait(Touch::write(mutex));
    }

    #[inline(never)]
    fn queue(&self, waiter: &Waiter<()>) -> Parker {
        let parker = Parker::current();
        let owner = parker.owner();
        let mut waiters = self.waiters.lock();
        // SAFETY: the caller parks until the owner is woken, or withdraws the waiter.
        unsafe { waiters.push(waiter, owner) };
        self.count(&waiters, 1);
        parker
    }

    /// Notes that `waiters` has changed by `change`; it is locked, so plain arithmetic will do.
    fn count(&self, _waiters: &Queue<()>, change: isize) {
        self.count.store(self.count.load(Relaxed).wrapping_add_signed(change), Relaxed);
    }

    /// Wakes the one who has waited longest, if anybody waits. The mutex may be held, but need not.
    #[doc(alias = "Signal")]
    #[track_caller]
    pub fn signal(&self) {
        between_points_touching(
            || Touch::write(self),
            "Cond::signal",
            || {
                if self.has_waiters()
                    && let Some(owner) = self.take_first()
                {
                    owner.wake();
                }
            },
        );
    }

    fn take_first(&self) -> Option<Owner> {
        let mut waiters = self.waiters.lock();
        let owner = waiters.pop()?.take_owner();
        self.count(&waiters, -1);
        Some(owner)
    }

    /// Wakes everybody who waits. The mutex may be held, but need not.
    #[doc(alias = "Broadcast")]
    #[track_caller]
    pub fn broadcast(&self) {
        between_points_touching(
            || Touch::write(self),
            "Cond::broadcast",
            || {
                if self.has_waiters() {
                    self.take_all().into_iter().for_each(Owner::wake);
                }
            },
        );
    }

    fn take_all(&self) -> Vec<Owner> {
        let mut waiters = self.waiters.lock();
        self.count.store(0, Relaxed);
        std::iter::from_fn(|| waiters.pop()).map(Waiter::take_owner).collect()
    }

    /// [`signal`](Cond::signal) under the name that it has in the standard library.
    #[track_caller]
    pub fn notify_one(&self) {
        self.signal();
    }

    /// [`broadcast`](Cond::broadcast) under the name that it has in the standard library.
    #[track_caller]
    pub fn notify_all(&self) {
        self.broadcast();
    }

    /// Whoever has changed the value after a waiter's unlock has locked the mutex since, and so sees its count.
    fn has_waiters(&self) -> bool {
        self.count.load(Relaxed) != 0
    }
}

impl Default for Cond {
    fn default() -> Cond {
        Cond::new()
    }
}

impl fmt::Debug for Cond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cond").field("waiting", &self.count.load(Relaxed)).finish()
    }
}
