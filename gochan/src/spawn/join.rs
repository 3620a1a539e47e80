//! Waiting for the end of a goroutine.

use super::shared_end::{EndSlot, Watcher};
use crate::base::callback::drop_quietly;
use crate::base::clock;
use crate::base::touch::{Access, Touch};
use crate::knots::{self, Held, Party};
use crate::points;
use crate::sched::fresh::{FreshRef, Goexit};
use crate::sched::park::{Owner, Parker, WaitReason};
use std::fmt;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::panic::Location;
use std::ptr;
use std::time::Duration;

/// The right to wait for a goroutine's end and take its result. Dropping it detaches the goroutine, which runs on.
///
/// ```
/// let answer = gochan::go!(|a: i32, b: i32| { a * b }(6, 7));
/// assert_eq!(answer.join().unwrap(), 42);
/// ```
pub struct JoinHandle<T> {
    fresh: FreshRef,
    /// Reports the end of the goroutine to `select!` arms as well, once one has been asked for.
    end: EndSlot,
    result: PhantomData<T>,
}

// SAFETY: the handle gives its holder the `T`, hence the bound; the goroutine's state is synchronised.
unsafe impl<T: Send> Send for JoinHandle<T> {}
// SAFETY: through `&JoinHandle` only atomics are read.
unsafe impl<T: Send> Sync for JoinHandle<T> {}
impl<T> Unpin for JoinHandle<T> {}
impl<T> std::panic::UnwindSafe for JoinHandle<T> {}
impl<T> std::panic::RefUnwindSafe for JoinHandle<T> {}

impl<T> JoinHandle<T> {
    pub(crate) fn of(fresh: FreshRef) -> JoinHandle<T> {
        JoinHandle { fresh, end: EndSlot::empty(), result: PhantomData }
    }

    /// Waits for the goroutine to end.
    ///
    /// What the goroutine did happens before this returns. Blocks the calling goroutine, or outside of one the calling
    /// thread. Returns at once if the goroutine has ended already.
    ///
    /// # Errors
    /// The payload of the panic that ended the goroutine, or a [`Goexit`] if it called
    /// [`runtime::goexit`](crate::runtime::goexit).
    ///
    /// # Panics
    /// If a goroutine joins itself, which would wait forever.
    ///
    /// ```
    /// let sum = gochan::go!({ (1..=4).sum::<i32>() });
    /// assert_eq!(sum.join().unwrap(), 10);
    ///
    /// let failed = gochan::go!({ panic!("no luck") });
    /// assert_eq!(failed.join().unwrap_err().downcast_ref(), Some(&"no luck"));
    /// ```
    #[track_caller]
    pub fn join(self) -> std::thread::Result<T> {
        self.assert_is_another();
        points::before(|| self.end(Access::Await), "JoinHandle::join", Some(Location::caller()));
        if !self.has_ended() {
            let parker = Parker::current();
            match self.register(parker.owner()) {
                Ok(()) => {
                    let fresh = self.fresh;
                    // The owner is that of a goroutine: no waker is dropped with it.
                    let withdraw = || fresh.unregister().is_some();
                    knots::park(
                        &parker,
                        WaitReason::Join,
                        Location::caller(),
                        &|| depends_on(fresh),
                        withdraw,
                    );
                }
                Err(owner) => drop(owner),
            }
        }
        points::after("JoinHandle::join", Some(Location::caller()));
        self.take_result()
    }

    /// Like [`join`](JoinHandle::join), but waits for at most `limit`. Gives the handle back if the goroutine has not
    /// ended by then; it runs on.
    ///
    /// # Errors
    /// The handle, after `limit`. The inner result is that of `join`.
    ///
    /// # Panics
    /// If a goroutine joins itself.
    ///
    /// ```
    /// use gochan::prelude::*;
    /// use std::time::Duration;
    ///
    /// let gate = chan!(());
    /// let waiting = go!([gate] { recv!(gate); 7 });
    /// let waiting = waiting.join_timeout(Duration::from_millis(1)).expect_err("the gate is closed");
    /// close!(gate);
    /// assert_eq!(waiting.join_timeout(Duration::from_secs(60)).expect("it is open").unwrap(), 7);
    /// ```
    #[doc(alias = "time.After")]
    #[track_caller]
    pub fn join_timeout(self, limit: Duration) -> Result<std::thread::Result<T>, JoinHandle<T>> {
        const WHAT: &str = "JoinHandle::join_timeout";
        let Some(deadline) = clock::deadline(limit) else { return Ok(self.join()) };
        self.assert_is_another();
        let place = Location::caller();
        points::before(|| self.end(Access::Read), WHAT, Some(place));
        let mut has_ended = self.has_ended();
        if !has_ended && !limit.is_zero() {
            let parker = Parker::current();
            has_ended = true;
            match self.register(parker.owner()) {
                Ok(()) => parker.park_until(deadline, WaitReason::Join, place, &mut || {
                    has_ended = self.unregister().is_none();
                    !has_ended
                }),
                Err(owner) => drop(owner),
            }
        }
        points::after(WHAT, Some(place));
        if has_ended { Ok(self.take_result()) } else { Err(self) }
    }

    #[track_caller]
    fn assert_is_another(&self) {
        assert!(
            crate::sched::here::current_id() != Some(self.id()),
            "goroutine {} joins itself and would wait forever; let another goroutine join it, or return",
            self.id()
        );
    }

    /// The result of a goroutine that has ended.
    pub(super) fn take_result(self) -> std::thread::Result<T> {
        debug_assert!(self.has_ended());
        let handle = ManuallyDrop::new(self);
        // SAFETY: the handle is not used again.
        drop(unsafe { ptr::read(&handle.end) });
        // SAFETY: the goroutine has ended; the handle was its only other owner and is forgotten.
        unsafe {
            let result = handle.fresh.take::<T>();
            handle.fresh.free();
            result
        }
    }

    /// True once the goroutine has ended, by returning, by a panic or by `goexit`. Never blocks.
    #[track_caller]
    pub fn is_finished(&self) -> bool {
        points::around(|| self.end(Access::Read), "JoinHandle::is_finished", || self.fresh.is_done())
    }

    pub(super) fn end(&self, access: Access) -> Touch {
        Touch::end_of(self.id(), access)
    }

    /// True once the result may be taken.
    pub(crate) fn has_ended(&self) -> bool {
        match self.end.get() {
            None => self.fresh.is_done(),
            Some(end) => end.has_come(),
        }
    }

    /// Leaves `owner` to be woken at the end, or gives it back if that has come. Only one waits at a time.
    pub(super) fn register(&self, owner: Owner) -> Result<(), Owner> {
        match self.end.get() {
            None => self.fresh.register(owner),
            Some(end) => end.register(owner),
        }
    }

    /// Takes back the owner that `register` has left. None if the goroutine has ended: then the owner is being woken.
    pub(super) fn unregister(&self) -> Option<Owner> {
        match self.end.get() {
            None => self.fresh.unregister(),
            Some(end) => end.unregister(),
        }
    }

    /// What watches the end: made by `make` for the first call.
    pub(crate) fn watcher<W: Watcher>(&self, make: impl FnOnce() -> W) -> &dyn Watcher {
        self.end.get_or_make(self.fresh, make).watcher()
    }

    /// The goroutine's id, unique in the process.
    pub fn id(&self) -> u64 {
        self.fresh.id()
    }
}

impl<T> JoinHandle<T> {
    /// The slow path of `drop`: others may know the end.
    #[cold]
    #[inline(never)]
    fn leave_shared_end(&self) {
        /// # Safety
        /// `fresh` is the only reference to a goroutine with a result of type `T`.
        unsafe fn detach<T>(fresh: FreshRef) {
            drop(JoinHandle::<T>::of(fresh));
        }
        if let Some(end) = self.end.get()
            // SAFETY: this handle is gone then.
            && unsafe { end.leave(self.fresh, detach::<T>) }
        {
            return;
        }
        if self.fresh.detach() {
            // SAFETY: as in `drop`.
            unsafe { self.drop_result() };
        }
    }

    /// # Safety
    /// The goroutine has ended, and this handle, which is its last owner, is being dropped.
    #[inline(never)]
    unsafe fn drop_result(&self) {
        // SAFETY: the caller's promise.
        unsafe {
            let result = self.fresh.take::<T>();
            if let Err(payload) = &result
                && !payload.is::<Goexit>()
            {
                crate::base::report::panicked_detached(
                    self.id(),
                    self.fresh.header().origin.site(),
                    &**payload,
                );
            }
            self.fresh.free();
            drop_quietly(result);
        }
    }
}

impl<T> Drop for JoinHandle<T> {
    #[inline]
    fn drop(&mut self) {
        if std::mem::needs_drop::<T>() && points::are_due() {
            // Its result is dropped here, or at its end.
            points::touch(self.end(Access::Write));
        }
        if self.end.get().is_some() {
            self.leave_shared_end();
        } else if self.fresh.detach() {
            // SAFETY: the goroutine has ended and this handle is its last owner.
            unsafe { self.drop_result() };
        }
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").field("id", &self.id()).field("finished", &self.has_ended()).finish()
    }
}

/// What a join waits for.
fn depends_on(fresh: FreshRef) -> Vec<Held> {
    if fresh.is_done() { Vec::new() } else { vec![Held::by(Party::goroutine(fresh.id()))] }
}
