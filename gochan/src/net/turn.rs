//! Whose turn it is in one direction of a descriptor: operations of one direction come one after the other, in the
//! order in which they have begun to wait for it. So a direction has one waiter, and what one operation leaves in the
//! descriptor is the next one's.

use crate::base::list::{Linked, Links, List};
use crate::base::location::SourceLocation;
use crate::base::spin::SpinLock;
use crate::sched::park::{Owner, Parker, WaitReason};
use std::cell::Cell;

/// See the module documentation.
pub(super) struct Turn(SpinLock<State>);

struct State {
    taken: bool,
    waiting: List<Waiting>,
}

// SAFETY: the pointers are to waiters whose frames wait until they are taken off; owners are `Send`.
unsafe impl Send for State {}

struct Waiting {
    links: Links<Waiting>,
    owner: Cell<Option<Owner>>,
}

// SAFETY: it has one such field.
unsafe impl Linked for Waiting {
    unsafe fn links(waiting: *const Self) -> *const Links<Self> {
        // SAFETY: the caller's promise.
        unsafe { &raw const (*waiting).links }
    }
}

/// The turn, until it is dropped.
pub(super) struct Taken<'a>(&'a Turn);

impl Turn {
    pub(super) fn new() -> Turn {
        Turn(SpinLock::new(State { taken: false, waiting: List::new() }))
    }

    /// Waits for the operations before this one.
    #[inline]
    pub(super) fn take(&self, reason: WaitReason, place: SourceLocation) -> Taken<'_> {
        let mut state = self.0.lock();
        if state.taken {
            drop(state);
            self.wait(reason, place);
        } else {
            state.taken = true;
        }
        Taken(self)
    }

    #[cold]
    fn wait(&self, reason: WaitReason, place: SourceLocation) {
        let parker = Parker::current();
        let waiting = Waiting { links: Links::new(), owner: Cell::new(Some(parker.owner())) };
        let mut state = self.0.lock();
        if !state.taken {
            state.taken = true;
            return;
        }
        // SAFETY: it is on no list, and this frame stays until the wake, before which it is taken off.
        unsafe { state.waiting.push_last((&raw const waiting).cast_mut()) };
        drop(state);
        parker.park(reason, place);
    }
}

impl Drop for Taken<'_> {
    #[inline]
    fn drop(&mut self) {
        let mut state = self.0.0.lock();
        // SAFETY: what was on the list is valid until its owner is woken.
        let next = unsafe { state.waiting.pop_first().as_ref() };
        let Some(next) = next else {
            state.taken = false;
            return;
        };
        let owner = next.owner.take();
        drop(state);
        // The turn is handed over.
        owner.expect("a waiter is woken once").wake();
    }
}
