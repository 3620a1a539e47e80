//! Waits for something else, such as a lock, that the end of a context ends.
//!
//! The waiter is in the queue of what it waits for. The end of the context withdraws it from there, as a deadline does,
//! and wakes it. A waiter that has been taken off the queue before is being woken already. So exactly one wake comes, as
//! `sched/park` demands.

use super::call::{Act, Call};
use super::node::Counted;
use super::tree::CancelScope;
use super::{Context, ContextError};
use crate::base::location::SourceLocation;
use crate::base::spin::SpinLock;
use crate::base::touch::Touch;
use crate::points;
use crate::sched::park::{Owner, Parker, WaitReason};
use std::sync::Arc;

/// What ends the waits of one operation, until it is dropped.
pub(crate) struct EndOfWait {
    wait: EndedBy,
    call: Call,
    scope: Counted<CancelScope>,
}

/// The context's end of the same.
#[derive(Clone)]
pub(super) struct EndedBy(Arc<SpinLock<Wait>>);

enum Wait {
    None,
    Parked(Parked),
    /// The context has ended.
    Ended,
}

struct Parked {
    owner: Owner,
    /// Withdraws the waiter from its queue; false if it was taken off before. Lives until the wait is over.
    withdraw: *mut (dyn FnMut() -> bool + 'static),
}

// SAFETY: the closure is called under the lock, by one thread; `park` demands that any thread may call it.
unsafe impl Send for Parked {}

impl EndOfWait {
    /// For an operation at `place` that is to end with `ctx`; None if that never ends.
    ///
    /// # Errors
    /// The error of `ctx`, if it has ended.
    pub(crate) fn with(ctx: &Context, place: SourceLocation) -> Result<Option<EndOfWait>, ContextError> {
        let Some(scope) = ctx.scope() else { return Ok(None) };
        if let Some(error) = scope.error() {
            return Err(error);
        }
        let wait = EndedBy(Arc::new(SpinLock::new(Wait::None)));
        let call = Call::new(place, Act::End(wait.clone()));
        if let Err(late) = scope.add_call(call.clone()) {
            late.start();
        }
        Ok(Some(EndOfWait { wait, call, scope }))
    }

    pub(crate) fn has_come(&self) -> bool {
        matches!(*self.wait.0.lock(), Wait::Ended)
    }

    /// The error of the context, which has ended.
    pub(crate) fn error(&self) -> ContextError {
        loop {
            // The calls are made after the end.
            if let Some(error) = self.scope.error() {
                return error;
            }
            std::hint::spin_loop();
        }
    }

    /// Sleeps until the owner is woken, or until the context has ended and `withdraw` has returned true, as
    /// [`Parker::park_until`] does with a deadline.
    ///
    /// # Safety
    /// Any thread may call `withdraw` until this returns. It takes no longer than a spin lock may be held, and wakes
    /// nothing.
    pub(crate) unsafe fn park(
        &self,
        parker: &Parker,
        reason: WaitReason,
        place: SourceLocation,
        withdraw: &mut dyn FnMut() -> bool,
    ) {
        if points::are_due() {
            points::announce_after_wait(Touch::EVERYTHING);
        }
        let pointer: *mut (dyn FnMut() -> bool + '_) = withdraw;
        // SAFETY: only the lifetime is changed. The pointer is taken out below, before the borrow ends.
        let pointer = unsafe {
            std::mem::transmute::<*mut (dyn FnMut() -> bool + '_), *mut (dyn FnMut() -> bool + 'static)>(
                pointer,
            )
        };
        let mut wait = self.wait.0.lock();
        if let Wait::Ended = *wait {
            drop(wait);
            // SAFETY: no other thread has the pointer.
            if unsafe { (*pointer)() } {
                return;
            }
            return parker.park(reason, place);
        }
        *wait = Wait::Parked(Parked { owner: parker.owner(), withdraw: pointer });
        drop(wait);
        parker.park(reason, place);
        let mut wait = self.wait.0.lock();
        if let Wait::Parked(_) = *wait {
            *wait = Wait::None;
        }
    }
}

impl EndedBy {
    /// The context has ended.
    pub(super) fn end(self) {
        let mut wait = self.0.lock();
        let parked = std::mem::replace(&mut *wait, Wait::Ended);
        let owner = match parked {
            // SAFETY: the waiter takes the pointer out, under the lock, before the closure ends.
            Wait::Parked(Parked { owner, withdraw }) => unsafe { (*withdraw)() }.then_some(owner),
            Wait::None | Wait::Ended => None,
        };
        drop(wait);
        if let Some(owner) = owner {
            owner.wake();
        }
    }
}

impl Drop for EndOfWait {
    fn drop(&mut self) {
        self.scope.remove_call(&self.call);
    }
}
