//! The end of a goroutine that more than one waits for.
//!
//! A goroutine wakes one owner at its end. Once a handle has been asked for a channel of the end
//! ([`JoinHandle::finished`](super::join::JoinHandle::finished)), that owner leads to a [`SharedEnd`], which closes the
//! channel and wakes the joiner, if there is one. From then on the end has come when the `SharedEnd` has been woken, and
//! not when the result is there: until then the goroutine uses what the handle would free. A handle that is dropped
//! before that leaves the goroutine to the `SharedEnd`.

use crate::base::callback::Callbacks;
use crate::base::lock::regardless;
use crate::sched::fresh::FreshRef;
use crate::sched::park::Owner;
use crate::sched::runtime;
use crate::shim::atomic::{AtomicPtr, Ordering::*};
use crate::shim::{Mutex, MutexGuard};
use std::any::Any;
use std::ptr;
use std::sync::Arc;
use std::task::{Wake, Waker};

/// An observer of the end, beside the joiner. It runs none of the user's code.
pub(crate) trait Watcher: Any + Send + Sync {
    fn ended(&self);
}

/// The end, as all that wait for it see it.
pub(super) struct SharedEnd<W: ?Sized = dyn Watcher> {
    state: Mutex<State>,
    watcher: W,
}

struct State {
    has_come: bool,
    joiner: Option<Owner>,
    left: Option<Left>,
}

/// A goroutine whose handle is gone.
struct Left {
    fresh: FreshRef,
    /// Ends it as the drop of its handle does.
    detach: unsafe fn(FreshRef),
}

impl SharedEnd {
    fn state(&self) -> MutexGuard<'_, State> {
        regardless(self.state.lock())
    }

    pub(super) fn watcher(&self) -> &dyn Watcher {
        &self.watcher
    }

    /// The goroutine uses nothing of the handle's any more.
    pub(super) fn has_come(&self) -> bool {
        self.state().has_come
    }

    /// Leaves the joiner to be woken at the end, or gives it back if that has come.
    pub(super) fn register(&self, owner: Owner) -> Result<(), Owner> {
        let mut state = self.state();
        if state.has_come {
            return Err(owner);
        }
        state.joiner = Some(owner);
        Ok(())
    }

    /// Takes the joiner back. None if the end has come: then it is being woken.
    pub(super) fn unregister(&self) -> Option<Owner> {
        self.state().joiner.take()
    }

    /// Leaves the goroutine to its end, where `detach` is called. False if the end has come.
    ///
    /// # Safety
    /// `detach` may be called with `fresh` when the end has come, on another thread.
    pub(super) unsafe fn leave(&self, fresh: FreshRef, detach: unsafe fn(FreshRef)) -> bool {
        let mut state = self.state();
        if !state.has_come {
            state.left = Some(Left { fresh, detach });
        }
        !state.has_come
    }
}

impl<W: Watcher> Wake for SharedEnd<W> {
    fn wake(self: Arc<Self>) {
        let (joiner, left) = {
            let mut state = regardless(self.state.lock());
            state.has_come = true;
            (state.joiner.take(), state.left.take())
        };
        let mut callbacks = Callbacks::new();
        if let Some(Left { fresh, detach }) = left {
            // A goroutine counts as running while the destructor of its result runs.
            runtime::uncount_finished();
            // SAFETY: the promise of `leave`; the end has come.
            callbacks.run(|| unsafe { detach(fresh) });
            runtime::count_finished();
        }
        callbacks.run(|| self.watcher.ended());
        if let Some(joiner) = joiner {
            callbacks.run(|| joiner.wake());
        }
        callbacks.finish();
    }
}

/// The place of a [`SharedEnd`] in a handle.
pub(super) struct EndSlot(AtomicPtr<Arc<SharedEnd>>);

impl EndSlot {
    #[inline]
    pub(super) fn empty() -> EndSlot {
        EndSlot(AtomicPtr::new(ptr::null_mut()))
    }

    #[inline]
    pub(super) fn get(&self) -> Option<&Arc<SharedEnd>> {
        // SAFETY: null, or published by `get_or_make` and freed by `drop` only. Acquire pairs with the Release there.
        unsafe { self.0.load(Acquire).as_ref() }
    }

    /// The end of `fresh`, with what `watcher` makes if this is the first call.
    pub(super) fn get_or_make<W: Watcher>(
        &self,
        fresh: FreshRef,
        watcher: impl FnOnce() -> W,
    ) -> &Arc<SharedEnd> {
        if let Some(end) = self.get() {
            return end;
        }
        let state = Mutex::new(State { has_come: false, joiner: None, left: None });
        let end = Arc::new(SharedEnd { state, watcher: watcher() });
        let owner = Owner::task(&Waker::from(end.clone()));
        let boxed = Box::into_raw(Box::new(end as Arc<SharedEnd>));
        match self.0.compare_exchange(ptr::null_mut(), boxed, AcqRel, Acquire) {
            // The handle is borrowed: nothing joins or drops it before the owner is registered.
            Ok(_) => {
                if let Err(owner) = fresh.register(owner) {
                    owner.wake();
                }
            }
            Err(_) => {
                // SAFETY: just made, and not published.
                drop(unsafe { Box::from_raw(boxed) });
                drop(owner);
            }
        }
        self.get().expect("it was just set")
    }
}

impl Drop for EndSlot {
    #[inline]
    fn drop(&mut self) {
        let end = self.0.load(Relaxed);
        if !end.is_null() {
            // SAFETY: made by `get_or_make`; the slot is no longer shared.
            drop(unsafe { Box::from_raw(end) });
        }
    }
}
