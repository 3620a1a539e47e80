//! Resuming a goroutine that is switched out for something else than a turn: a visit. And the stack that it was resumed
//! from.

use super::Goroutine;
use crate::base::coroutine::CoroutineResult;
use crate::own_tls;
use std::ptr;

impl Goroutine {
    /// Has the goroutine, which is switched out, call the [`Visitor`](super::super::errands::Visitor), and nothing else.
    /// Called on its worker's thread, by the worker or by another goroutine.
    #[cold]
    pub(crate) fn resume_for_visit(&self) {
        debug_assert!(Goroutine::current().is_none_or(|running| !ptr::eq(running, self)));
        self.stack_top.set(ptr::null());
        // SAFETY: only the worker's thread comes here, and never from inside the coroutine itself.
        let coroutine = unsafe { (*self.coroutine.get()).assume_init_mut() };
        let result = own_tls::in_place(|| coroutine.resume(()));
        debug_assert!(matches!(result, CoroutineResult::Yield(())));
    }

    /// The goroutine has been resumed only for a visit. True: it has a turn, and its wait is called off.
    #[cold]
    #[inline(never)]
    pub(super) fn be_visited(&self) -> bool {
        while self.stack_top.get().is_null() {
            if !self.worker.visitor.call(self) {
                return true;
            }
            self.switch();
        }
        false
    }

    /// In its next turn the goroutine, which is parked, leaves its wait without a wake, if the wait allows that.
    pub(crate) fn call_off(&self) {
        self.stack_top.set(ptr::null());
    }

    /// Calls `f` on the stack from which the goroutine, which is running, has been resumed. That stack has room.
    pub(crate) fn on_parent_stack<R: Send>(&self, f: impl FnOnce() -> R + Send) -> R {
        // SAFETY: as in `switch`.
        own_tls::in_place(|| unsafe { (*self.yielder.get()).on_parent_stack(f) })
    }
}
