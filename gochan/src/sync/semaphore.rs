//! A supply that is shared out in portions.

use super::queue::{Queue, Waiter};
use crate::chan::lock::SpinLock;
use crate::chan::{Chan, Sender};
use crate::context::{Context, ContextError};
use crate::sched::bubble::{between_points, has_points, point_at, point_before_at, touch};
use crate::sched::park::{Owner, Parker, WaitReason};
use crate::sched::touch::Touch;
use crate::select::Select;
use std::cell::Cell;
use std::fmt;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};

/// A weighted semaphore: Go's `semaphore.Weighted`.
///
/// It has a size, of which everybody [`acquire`](Semaphore::acquire)s a part and [`release`](Semaphore::release)s it
/// later. Those who wait are served strictly in order of arrival: a large request that cannot be met yet holds up
/// small ones behind it, so that it is met in the end.
///
/// [`permit`](Semaphore::permit) does the release by itself.
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
    state: SpinLock<State>,
}

struct State {
    used: usize,
    waiting: Queue<Request>,
}

struct Request {
    weight: usize,
    /// Of one that waits for its context at the same time. The others are woken by their owner.
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

    /// True if it is not to be granted any more: who waits is on the way to give up.
    fn has_ended(&self) -> bool {
        self.selecting.as_ref().is_some_and(|selecting| selecting.ctx.ended().is_some())
    }
}

/// Who has been granted its request and is to be told.
enum Granted {
    Parked(Owner),
    Selecting(Sender<()>),
}

impl UnwindSafe for Semaphore {}
impl RefUnwindSafe for Semaphore {}

impl Semaphore {
    /// A semaphore with `size` to share out.
    #[doc(alias = "NewWeighted")]
    #[cfg_attr(gochan_loom, const_fn::const_fn(cfg(not(gochan_loom))))]
    pub const fn new(size: usize) -> Semaphore {
        Semaphore { size, state: SpinLock::new(State { used: 0, waiting: Queue::new() }) }
    }

    /// Takes `weight` of the semaphore, waiting until that much is free and everybody who came before has been
    /// served, or `ctx` ends.
    ///
    /// More than the whole semaphore is never free: that waits for the end of `ctx`.
    ///
    /// # Errors
    /// That of `ctx`, if it has ended. Nothing is taken then, even if enough was free or is released at the same moment.
    ///
    /// # Panics
    /// If `weight` is more than the whole semaphore, and `ctx` has no end.
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
        if between_points("Semaphore::acquire", || self.take_for(ctx, weight))? {
            return Ok(());
        }
        if ctx.done().is_nil() {
            assert!(
                weight <= self.size,
                "sync: Semaphore::acquire of {weight} from a semaphore of {} would wait for ever",
                self.size
            );
            self.wait(weight, Location::caller());
            return Ok(());
        }
        self.wait_or_end(ctx, weight)
    }

    /// Takes `weight` of the semaphore if that needs no waiting.
    #[doc(alias = "TryAcquire")]
    #[track_caller]
    pub fn try_acquire(&self, weight: usize) -> bool {
        between_points("Semaphore::try_acquire", || self.take(weight))
    }

    /// As [`acquire`](Semaphore::acquire), for a permit that releases when it is dropped.
    ///
    /// # Errors
    /// As for `acquire`.
    ///
    /// # Panics
    /// As for `acquire`.
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

    /// Gives `weight` back.
    ///
    /// # Panics
    /// `semaphore: released more than held`, if that much has not been acquired. Nothing is given back then.
    #[doc(alias = "Release")]
    #[track_caller]
    pub fn release(&self, weight: usize) {
        self.give_back(weight, "Semaphore::release", Some(Location::caller()));
    }

    #[track_caller]
    fn give_back(&self, weight: usize, what: &'static str, place: Option<&'static Location<'static>>) {
        point_before_at(what, place);
        let held = self.put_back(weight);
        assert!(held, "semaphore: released more than held");
        self.serve();
        point_at(what, place);
    }

    fn take(&self, weight: usize) -> bool {
        self.state.lock().take(self.size, weight)
    }

    /// As `take`. The context is looked at under the lock: if it has ended, then before what is free now was taken.
    fn take_for(&self, ctx: &Context, weight: usize) -> Result<bool, ContextError> {
        let mut state = self.state.lock();
        match ctx.ended() {
            Some(error) => Err(error),
            None => Ok(state.take(self.size, weight)),
        }
    }

    /// False, and nothing is done, if that much is not out.
    fn put_back(&self, weight: usize) -> bool {
        let mut state = self.state.lock();
        let left = state.used.checked_sub(weight);
        state.used = left.unwrap_or(state.used);
        left.is_some()
    }

    fn wait(&self, weight: usize, place: &'static Location<'static>) {
        let waiter = Waiter::new(Request::new(weight, None));
        let parker = Parker::current();
        // SAFETY: the waiter's frame parks until the owner is woken.
        unsafe { self.state.lock().waiting.push(&waiter, parker.owner()) };
        // What was released since the look in `take` has found nobody.
        self.serve();
        parker.park(WaitReason::Semaphore, place);
    }

    #[track_caller]
    fn wait_or_end(&self, ctx: &Context, weight: usize) -> Result<(), ContextError> {
        if weight > self.size {
            // In the queue it would hold up everybody.
            ctx.done().recv();
            return ctx.check();
        }
        let (grant, granted) = Chan::with_capacity(1).split();
        let waiter = Waiter::new(Request::new(weight, Some(Selecting { ctx: ctx.clone(), grant })));
        // SAFETY: it is taken off below, if it has not been.
        unsafe { self.state.lock().waiting.push(&waiter, None) };
        self.serve();
        let mut select = Select::new();
        select.recv(&granted);
        select.recv(ctx.done());
        // Which one it was does not matter: the end counts if it has come by now, as in Go.
        _ = select.wait();
        if has_points() {
            touch(Touch::EVERYTHING);
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
                if granted {
                    self.put_back(weight);
                }
                // It is for others now; perhaps this request was what held up the next ones.
                self.serve();
                Err(error)
            }
        }
    }

    /// Grants the first requests, as far as there is enough.
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

impl State {
    fn take(&mut self, size: usize, weight: usize) -> bool {
        self.skip_ended();
        let free = self.waiting.is_empty() && weight <= size - self.used;
        if free {
            self.used += weight;
        }
        free
    }

    /// Takes requests whose context has ended off the front.
    fn skip_ended(&mut self) {
        while self.waiting.first().is_some_and(|first| first.data.has_ended()) {
            _ = self.waiting.pop();
        }
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
