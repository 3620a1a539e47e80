//! What other threads ask of a thread while it waits.

use super::lock::lock;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering::*};
use std::sync::{Mutex, MutexGuard, OnceLock};
use std::thread::{self, Thread};

/// Errands of a thread that waits now and then: it is unparked, runs them, and waits on.
#[derive(Debug, Default)]
pub(crate) struct Doorbell {
    /// Set once the thread has waited.
    thread: OnceLock<Thread>,
    has_rung: AtomicBool,
    callers: Mutex<Vec<Caller>>,
}

/// An errand of a thread.
pub(crate) struct Caller {
    /// Distinguishes threads that ask at the same time.
    pub(crate) asker: u64,
    /// The goroutine that is to run it; zero for a thread that runs none.
    pub(crate) id: u64,
    pub(crate) run: Box<dyn FnOnce() + Send>,
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").field("asker", &self.asker).field("id", &self.id).finish_non_exhaustive()
    }
}

impl Doorbell {
    /// Called by the thread that is about to wait.
    pub(crate) fn is_here(&self) {
        self.thread.get_or_init(thread::current);
    }

    /// Has the thread run the errand, if it waits. The caller calls `hush` when it waits no longer for the answer.
    pub(crate) fn ring(&self, caller: Caller) {
        let Some(thread) = self.thread.get() else { return };
        self.callers().push(caller);
        self.has_rung.store(true, Release);
        thread.unpark();
    }

    pub(crate) fn hush(&self, asker: u64) {
        self.callers().retain(|caller| caller.asker != asker);
    }

    /// Called by the thread of goroutine `id`, which waits and has been unparked without having been woken.
    #[inline]
    pub(crate) fn answer(&self, id: u64) {
        if self.has_rung.load(Relaxed) {
            self.answer_all(id);
        }
    }

    #[cold]
    #[inline(never)]
    fn answer_all(&self, id: u64) {
        // Acquire: pairs with the Release in `ring`.
        self.has_rung.swap(false, Acquire);
        let callers = std::mem::take(&mut *self.callers());
        callers.into_iter().filter(|caller| caller.id == id).for_each(|caller| (caller.run)());
    }

    fn callers(&self) -> MutexGuard<'_, Vec<Caller>> {
        lock(&self.callers)
    }
}
