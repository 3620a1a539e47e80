//! Waiting for a change of the value that a lock protects.

use super::guard::LockGuard;
use super::limit::Limit;
use super::queue::{Queue, Waiter};
use crate::base::location::SourceLocation;
use crate::base::spin::SpinLock;
use crate::base::touch::{Access, Touch};
use crate::context::{Context, ContextError};
use crate::points;
use crate::sched::park::{Owner, Parker, WaitReason};
use crate::shim::atomic::{AtomicUsize, Ordering::*};
use std::fmt;
use std::mem::ManuallyDrop;
use std::ops::DerefMut;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::time::Duration;

/// A place to wait for a change of what a [`Mutex`](super::Mutex) or [`RwLock`](super::RwLock) protects: Go's
/// `sync.Cond`.
///
/// [`wait`](Cond::wait) unlocks what the guard holds, sleeps until it is signalled, and locks again. Another goroutine
/// may hold the lock between the signal and that lock, so check the condition in a loop, or use
/// [`wait_while`](Cond::wait_while). There are no spurious wake-ups, and no signal sent after the unlock is lost.
///
/// The guard may belong to any lock of this module, and may be that of a reader (Go's `RLocker`). But use each cond with
/// one lock only: a signal goes to the longest waiter, whichever lock it has.
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
    /// The length of the queue, so that a signal without waiters costs one load.
    count: AtomicUsize,
    waiters: SpinLock<Queue<()>>,
}

impl UnwindSafe for Cond {}
impl RefUnwindSafe for Cond {}

impl Cond {
    /// A cond without waiters.
    #[doc(alias = "NewCond")]
    #[cfg_attr(gochan_loom, const_fn::const_fn(cfg(not(gochan_loom))))]
    #[must_use]
    pub const fn new() -> Cond {
        Cond { count: AtomicUsize::new(0), waiters: SpinLock::new(Queue::new()) }
    }

    /// Unlocks, waits for a [`signal`](Cond::signal) or [`broadcast`](Cond::broadcast), and locks again.
    ///
    /// Parks the calling goroutine, or blocks the calling thread outside of goroutines.
    #[doc(alias = "Wait")]
    #[track_caller]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn wait<G: LockGuard>(&self, guard: G) -> G {
        self.wait_as(WaitReason::Cond, guard, Location::caller())
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn wait_as<G: LockGuard>(&self, reason: WaitReason, guard: G, place: SourceLocation) -> G {
        if points::are_due() {
            self.explore_wait(&guard);
        }
        let waiter = Waiter::new(());
        let parker = self.queue(&waiter);
        // While it waits it has nothing locked, and may unwind.
        let mut guard = ManuallyDrop::new(guard);
        guard.unlock();
        parker.park_or_end(reason, place, || self.withdraw(&waiter));
        guard.lock(place);
        let guard = ManuallyDrop::into_inner(guard);
        points::after_unpolled("Cond::wait", Some(place));
        guard
    }

    /// Waits while `condition` returns true for the value. It is called with the lock held: once at first, and after
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
    pub fn wait_while<G: LockGuard + DerefMut>(
        &self,
        guard: G,
        condition: impl FnMut(&mut G::Target) -> bool,
    ) -> G {
        self.wait_while_as(WaitReason::Cond, guard, condition)
    }

    /// Like [`wait_while`](Cond::wait_while), with another wait reason in dumps.
    #[track_caller]
    pub(super) fn wait_while_as<G: LockGuard + DerefMut>(
        &self,
        reason: WaitReason,
        mut guard: G,
        mut condition: impl FnMut(&mut G::Target) -> bool,
    ) -> G {
        while condition(&mut *guard) {
            guard = self.wait_as(reason, guard, Location::caller());
        }
        guard
    }

    /// Like [`wait`](Cond::wait), but for at most `limit`. The flag is true if the time ran out and this call consumed
    /// no signal; a signal sent at the same moment goes to another waiter.
    #[track_caller]
    pub fn wait_timeout<G: LockGuard>(&self, guard: G, limit: Duration) -> (G, bool) {
        // gochan-lint: allow(cond_wait_without_loop) the loop is the caller's
        let Some(limit) = Limit::after(limit) else { return (self.wait(guard), false) };
        let (guard, signalled) = self.wait_within(guard, &limit, "Cond::wait_timeout", Location::caller());
        (guard, !signalled)
    }

    /// Like [`wait`](Cond::wait), but only until `ctx` ends. Locks again in either case.
    ///
    /// The result is the error of `ctx`, if it has ended before the call or before this call consumed a signal; a signal
    /// sent at the same moment goes to another waiter. Go programs call `Broadcast` in a `context.AfterFunc` instead.
    ///
    /// ```
    /// use gochan::prelude::*;
    /// use gochan::sync::{Cond, Mutex};
    /// use std::time::Duration;
    ///
    /// let (queue, filled) = (Mutex::new(Vec::<i32>::new()), Cond::new());
    /// let (ctx, _cancel) = background().with_timeout(Duration::from_millis(1));
    /// let mut values = queue.lock();
    /// let mut waited = Ok(());
    /// while values.is_empty() && waited.is_ok() {
    ///     (values, waited) = filled.wait_ctx(&ctx, values);
    /// }
    /// assert_eq!(waited.unwrap_err().to_string(), "context deadline exceeded");
    /// ```
    #[track_caller]
    pub fn wait_ctx<G: LockGuard>(&self, ctx: &Context, guard: G) -> (G, Result<(), ContextError>) {
        const WHAT: &str = "Cond::wait_ctx";
        match Limit::end_of(ctx, WHAT, Location::caller()) {
            Err(error) => (guard, Err(error)),
            // gochan-lint: allow(cond_wait_without_loop) the loop is the caller's
            Ok(None) => (self.wait(guard), Ok(())),
            Ok(Some(limit)) => {
                let (guard, signalled) = self.wait_within(guard, &limit, WHAT, Location::caller());
                (guard, if signalled { Ok(()) } else { Err(limit.error()) })
            }
        }
    }

    /// The flag is false if `limit` has passed.
    fn wait_within<G: LockGuard>(
        &self,
        guard: G,
        limit: &Limit,
        what: &'static str,
        place: SourceLocation,
    ) -> (G, bool) {
        if points::are_due() {
            self.explore_wait(&guard);
        }
        let waiter = Waiter::new(());
        let parker = self.queue(&waiter);
        let mut guard = ManuallyDrop::new(guard);
        guard.unlock();
        // SAFETY: the closure does nothing but what it does under the lock of the queue.
        let signalled = unsafe { limit.park(&parker, WaitReason::Cond, place, || self.withdraw(&waiter)) };
        guard.lock(place);
        let guard = ManuallyDrop::into_inner(guard);
        points::after_unpolled(what, Some(place));
        (guard, signalled)
    }

    /// In an exploration: what a wait touches now, and when it is over.
    #[cold]
    fn explore_wait<G: LockGuard>(&self, guard: &G) {
        let lock = Touch { object: guard.object(), access: Access::Write };
        points::before_fine(|| [Touch::write(self), lock], "Cond::wait");
        points::announce_after_wait(lock);
    }

    /// Called before the mutex is unlocked: a goroutine that then changes the value finds the waiter.
    #[inline(never)]
    fn queue(&self, waiter: &Waiter<()>) -> Parker {
        let parker = Parker::current();
        let owner = parker.owner();
        let mut waiters = self.waiters.lock();
        // SAFETY: the caller parks until the owner is woken, or removes the waiter.
        unsafe { waiters.push(waiter, owner) };
        self.count(&waiters, 1);
        parker
    }

    /// Takes `waiter` off the queue. False: it has been taken off.
    fn withdraw(&self, waiter: &Waiter<()>) -> bool {
        let mut waiters = self.waiters.lock();
        // SAFETY: it was pushed on this queue, if ever on one.
        let was_queued = unsafe { waiters.remove(waiter) };
        if was_queued {
            self.count(&waiters, -1);
        }
        was_queued
    }

    /// Notes that the length of `waiters` has changed by `change`; it is locked, so plain arithmetic suffices.
    fn count(&self, _waiters: &Queue<()>, change: isize) {
        self.count.store(self.count.load(Relaxed).wrapping_add_signed(change), Relaxed);
    }

    /// Wakes the longest waiter, if there is one. The caller may hold the mutex, but need not. Never blocks.
    #[doc(alias = "Signal")]
    #[track_caller]
    pub fn signal(&self) {
        points::around(
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

    /// Wakes all waiters. The caller may hold the mutex, but need not. Never blocks.
    #[doc(alias = "Broadcast")]
    #[track_caller]
    pub fn broadcast(&self) {
        points::around(
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

    /// [`signal`](Cond::signal) under its name in the standard library.
    #[track_caller]
    pub fn notify_one(&self) {
        self.signal();
    }

    /// [`broadcast`](Cond::broadcast) under its name in the standard library.
    #[track_caller]
    pub fn notify_all(&self) {
        self.broadcast();
    }

    /// A goroutine that has changed the value after a waiter's unlock has locked the mutex since, and so sees the
    /// count.
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
