//! Asking a thread that waits for its stack.

use super::frames::{Frames, Walked};
use super::order::Answer;
use crate::stack::walk;
use corosensei::on_stack;
use corosensei::stack::DefaultStack;
use std::sync::atomic::{AtomicBool, Ordering::*};
use std::sync::mpsc::Sender;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, Thread};

/// Of a thread that waits now and then.
#[derive(Debug, Default)]
pub(in crate::sched) struct Bell {
    /// Known once it has waited.
    thread: OnceLock<Thread>,
    has_rung: AtomicBool,
    callers: Mutex<Vec<Caller>>,
}

#[derive(Debug)]
pub(super) struct Caller {
    /// Tells those apart who ask at the same time.
    pub(super) asker: u64,
    pub(super) number: usize,
    /// The goroutine that is to answer, if it is one.
    pub(super) id: u64,
    pub(super) answers: Sender<Answer>,
}

impl Bell {
    /// Called by the thread that is about to wait.
    pub(in crate::sched) fn is_here(&self) {
        self.thread.get_or_init(thread::current);
    }

    /// Has the thread tell its stack, if it waits. To be hushed when the caller waits no longer.
    pub(super) fn ring(&self, caller: Caller) {
        let Some(thread) = self.thread.get() else { return };
        self.callers().push(caller);
        self.has_rung.store(true, Release);
        thread.unpark();
    }

    pub(super) fn hush(&self, asker: u64) {
        self.callers().retain(|caller| caller.asker != asker);
    }

    /// Called by the thread of goroutine `id`, which waits and has been unparked without having been woken.
    #[inline]
    pub(in crate::sched) fn answer(&self, id: u64) {
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
        if !callers.iter().any(|caller| caller.id == id) {
            return;
        }
        let Some(walked) = walk_own_stack() else { return };
        for caller in callers.into_iter().filter(|caller| caller.id == id) {
            // It may have given up.
            let _ = caller.answers.send((caller.number, Ok(walked.clone())));
        }
    }

    fn callers(&self) -> MutexGuard<'_, Vec<Caller>> {
        self.callers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The stack of the calling thread, which may be nearly full: the walk is on another one. None: there is no memory.
pub(super) fn walk_own_stack() -> Option<Walked> {
    const ROOM: usize = 64 * 1024;
    let stack = DefaultStack::new(ROOM).ok()?;
    Some(on_stack(stack, || {
        let mut frames = Frames::new();
        walk::frames(0..usize::MAX, |address| frames.push(address));
        frames.walked()
    }))
}
