//! A weighted semaphore.

use super::queue::{Queue, Waiter};
use crate::base::location::SourceLocation;
use crate::base::spin::SpinLock;
use crate::base::touch::Touch;
use crate::chan::{Chan, Sender};
use crate::context::{Context, ContextError};
use crate::points;
use crate::sched::park::{Owner, Parker, WaitReason};
use crate::select::Select;
use std::cell::Cell;
use std::fmt;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};

/// A weighted semaphore: Go's `semaphore.Weighted`.
///
/// It has a size, parts of which are taken by [`acquire`](Semaphore::acquire) and given back by
/// [`release`](Semaphore::release). Waiting requests are served strictly in order of arrival: a large request that
/// cannot be met yet holds up small ones behind it, so that it is met in the end. A `release` happens before the
/// `acquire` that it lets through.
///
/// A [`permit`](Semaphore::permit) releases its part when it is dropped.
///
/// ```
/// use gochan::prelude::*;
/// use gochan::sync::Semaphore;
/// use std::sync::Arc;
///
/// // At most three at a time.
/// let (places, wg) = (Arc::new(Semaphore::new(3)), WaitGroup::new());
/// for number in 0..10 {
///     places.acquire(&background(), 1).unwrap();
///     let places = places.clone();
///     wg.go(move || {
///         defer!(places.release(1));
///         println!("{number}");
///     });
/// }
/// wg.wait();
/// ```
#[doc(alias = "semaphore.Weighted")]
pub struct Semaphore {
    size: usize,
    state: SpinLock<SemaphoreState>,
}

struct SemaphoreState {
    used: usize,
    waiting: Queue<Request>,
}

struct Request {
    weight: usize,
    /// For a request that also waits for the end of its context. Others are woken through their owner.
    selecting: Option<Selecting>,
    granted: Cell<bool>,
}

struct Selecting {
    ctx: Context,
    grant: Sender<()>,
}

impl Request {
    fn new(weight: usize, selecting: Option<Selecting>) -> Request {
        Request { weight, selecting, granted: Cell::new(false) }
    }

    /// True if the request must not be granted any more, because its context has ended.
    fn has_ended(&self) -> bool {
        self.selecting.as_ref().is_some_and(|selecting| selecting.ctx.ended().is_some())
    }
}

/// How to wake the waiter of a granted request.
enum Granted {
    Parked(Owner),
    Selecting(Sender<()>),
}

impl UnwindSafe for Semaphore {}
impl RefUnwindSafe for Semaphore {}

impl Semaphore {
    /// A semaphore of the given size.
    #[doc(alias = "NewWeighted")]
    #[cfg_attr(gochan_loom, const_fn::const_fn(cfg(not(gochan_loom))))]
    #[must_use]
    pub const fn new(size: usize) -> Semaphore {
        Semaphore { size, state: SpinLock::new(SemaphoreState { used: 0, waiting: Queue::new() }) }
    }

    /// Takes `weight` of the semaphore. Waits until that much is free and all earlier requests have been served, or
    /// `ctx` ends; waiting parks the goroutine, or blocks the thread outside of goroutines.
    ///
    /// More than the whole semaphore is never free: such a call waits for the end of `ctx`.
    ///
    /// # Errors
    /// The error of `ctx`, if it has ended. Then nothing is taken, even if enough was free or is released at the same
    /// moment.
    ///
    /// # Panics
    /// If `weight` is more than the whole semaphore and `ctx` never ends.
    ///
    /// ```
    /// use gochan::prelude::*;
    /// use gochan::context::ContextError;
    /// use gochan::sync::Semaphore;
    ///
    /// let semaphore = Semaphore::new(2);
    /// let (ctx, cancel) = background().with_cancel();
    /// assert_eq!(semaphore.acquire(&ctx, 2), Ok(()));
    /// cancel.cancel();
    /// assert_eq!(semaphore.acquire(&ctx, 1), Err(ContextError::Canceled));
    /// ```
    #[doc(alias = "Acquire")]
    #[track_caller]
    pub fn acquire(&self, ctx: &Context, weight: usize) -> Result<(), ContextError> {
        if points::around(|| Touch::EVERYTHING, "Semaphore::acquire", || self.take_for(ctx, weight))? {
            return Ok(());
        }
        if ctx.done().is_nil() {
            assert!(
                weight <= self.size,
                "sync: Semaphore::acquire of {weight} from a semaphore of {} would wait forever",
                self.size
            );
            self.wait(weight, Location::caller());
            return Ok(());
        }
        self.wait_or_end(ctx, weight)
    }

    /// Takes `weight` of the semaphore if that needs no waiting; true if so. Never blocks.
    #[doc(alias = "TryAcquire")]
    #[track_caller]
    pub fn try_acquire(&self, weight: usize) -> bool {
        points::around(|| Touch::EVERYTHING, "Semaphore::try_acquire", || self.take(weight))
    }

    /// Like [`acquire`](Semaphore::acquire), but returns a permit that releases when it is dropped.
    ///
    /// # Errors
    /// Like `acquire`.
    ///
    /// # Panics
    /// Like `acquire`.
    ///
    /// ```
    /// use gochan::prelude::*;
    ///
    /// let semaphore = gochan::sync::Semaphore::new(5);
    /// let permit = semaphore.permit(&background(), 4).unwrap();
    /// assert!(!semaphore.try_acquire(2));
    /// drop(permit);
    /// assert!(semaphore.try_acquire(2));
    /// ```
    #[track_caller]
    pub fn permit(&self, ctx: &Context, weight: usize) -> Result<Permit<'_>, ContextError> {
        self.acquire(ctx, weight)?;
        Ok(Permit { semaphore: self, weight })
    }

    /// Gives `weight` back. Never blocks.
    ///
    /// # Panics
    /// `semaphore: released more than held`, if less has been acquired. Then nothing is given back.
    #[doc(alias = "Release")]
    #[track_caller]
    pub fn release(&self, weight: usize) {
        self.give_back(weight, "Semaphore::release", Some(Location::caller()));
    }

    #[track_caller]
    fn give_back(&self, weight: usize, what: &'static str, place: Option<SourceLocation>) {
        points::before(|| Touch::EVERYTHING, what, place);
        let held = self.put_back(weight);
        assert!(held, "semaphore: released more than held");
        self.serve();
        points::after(what, place);
    }

    fn take(&self, weight: usize) -> bool {
        self.state.lock().take(self.size, weight)
    }

    /// Like `take`, if `ctx` has not ended. Checking under the lock orders the end of the context before the
    /// acquisition.
    fn take_for(&self, ctx: &Context, weight: usize) -> Result<bool, ContextError> {
        let mut state = self.state.lock();
        match ctx.ended() {
            Some(error) => Err(error),
            None => Ok(state.take(self.size, weight)),
        }
    }

    /// False, without effect, if less than `weight` is in use.
    fn put_back(&self, weight: usize) -> bool {
        let mut state = self.state.lock();
        let left = state.used.checked_sub(weight);
        state.used = left.unwrap_or(state.used);
        left.is_some()
    }

    fn wait(&self, weight: usize, place: SourceLocation) {
        let waiter = Waiter::new(Request::new(weight, None));
        let parker = Parker::current();
        // SAFETY: the waiter's frame parks until the owner is woken.
        unsafe { self.state.lock().waiting.push(&waiter, parker.owner()) };
        // A release since the check in `take` has found no waiter.
        self.serve();
        parker.park_or_end(WaitReason::Semaphore, place, || {
            // SAFETY: it was pushed on this queue.
            let was_queued = unsafe { self.state.lock().waiting.remove(&waiter) };
            if was_queued {
                self.serve();
            }
            was_queued
        });
    }

    #[track_caller]
    fn wait_or_end(&self, ctx: &Context, weight: usize) -> Result<(), ContextError> {
        if weight > self.size {
            // In the queue, it would hold up all others.
            ctx.done().recv();
            return ctx.check();
        }
        let (grant, granted) = Chan::with_capacity(1).split();
        let waiter = Waiter::new(Request::new(weight, Some(Selecting { ctx: ctx.clone(), grant })));
        // SAFETY: it is removed below, unless it has been popped.
        unsafe { self.state.lock().waiting.push(&waiter, None) };
        self.serve();
        let mut select = Select::new();
        select.recv(&granted);
        select.recv(ctx.done());
        let requested = Requested { semaphore: self, waiter: &waiter, weight };
        // It does not matter which one it was: the end of the context wins if it has come by now, as in Go.
        _ = select.wait();
        std::mem::forget(requested);
        if points::are_due() {
            points::touch(Touch::EVERYTHING);
        }
        // SAFETY: it was pushed on this queue.
        let _ = unsafe { self.state.lock().waiting.remove(&waiter) };
        let granted = waiter.data.granted.get();
        match ctx.ended() {
            None => {
                debug_assert!(granted);
                Ok(())
            }
            Some(error) => {
                self.take_back(&waiter, weight);
                Err(error)
            }
        }
    }

    /// Takes back a request, or what it was granted.
    #[cold]
    fn take_back(&self, waiter: &Waiter<Request>, weight: usize) {
        // SAFETY: it was pushed on this queue.
        let _ = unsafe { self.state.lock().waiting.remove(waiter) };
        if waiter.data.granted.get() {
            self.put_back(weight);
        }
        // What was granted is for others now, and this request may have held up later ones.
        self.serve();
    }

    /// Grants the first requests, as long as enough is free.
    fn serve(&self) {
        while let Some(granted) = self.grant_first() {
            match granted {
                Granted::Parked(owner) => owner.wake(),
                Granted::Selecting(sender) => drop(sender.try_send(())),
            }
        }
    }

    fn grant_first(&self) -> Option<Granted> {
        let mut state = self.state.lock();
        state.skip_ended();
        let weight = state.waiting.first()?.data.weight;
        if weight > self.size - state.used {
            return None;
        }
        state.used += weight;
        let first = state.waiting.pop()?;
        first.data.granted.set(true);
        Some(match &first.data.selecting {
            Some(selecting) => Granted::Selecting(selecting.grant.clone()),
            None => Granted::Parked(first.take_owner()),
        })
    }
}

impl SemaphoreState {
    fn take(&mut self, size: usize, weight: usize) -> bool {
        self.skip_ended();
        let free = self.waiting.is_empty() && weight <= size - self.used;
        if free {
            self.used += weight;
        }
        free
    }

    /// Removes requests whose context has ended from the front.
    fn skip_ended(&mut self) {
        while self.waiting.first().is_some_and(|first| first.data.has_ended()) {
            _ = self.waiting.pop();
        }
    }
}

/// A request that is queued by the frame of a wait. It is taken back if that unwinds.
struct Requested<'a> {
    semaphore: &'a Semaphore,
    waiter: &'a Waiter<Request>,
    weight: usize,
}

impl Drop for Requested<'_> {
    fn drop(&mut self) {
        self.semaphore.take_back(self.waiter, self.weight);
    }
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let used = self.state.lock().used;
        f.debug_struct("Semaphore").field("size", &self.size).field("used", &used).finish()
    }
}

/// A part of a [`Semaphore`], until dropped.
#[must_use = "the semaphore is released when the permit is dropped"]
#[derive(Debug)]
pub struct Permit<'a> {
    semaphore: &'a Semaphore,
    weight: usize,
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.semaphore.give_back(self.weight, "drop of Permit", None);
    }
}
