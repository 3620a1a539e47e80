//! Which goroutine a worker runs, for the worker itself and for threads that look at it.

use super::goroutine::Goroutine;
use crate::base::status::Status;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering::Relaxed};

/// Written by the worker's own thread only.
#[derive(Debug)]
pub(crate) struct Running(AtomicPtr<Goroutine>);

impl Running {
    pub(crate) const fn new() -> Running {
        Running(AtomicPtr::new(ptr::null_mut()))
    }

    /// The goroutine in its turn. Called on the worker's own thread.
    #[inline]
    pub(crate) fn get(&self) -> Option<&'static Goroutine> {
        // SAFETY: null, or set from a `&'static` to a goroutine that does not end while it is set.
        unsafe { self.0.load(Relaxed).as_ref() }
    }

    #[inline]
    pub(crate) fn set(&self, goroutine: Option<&'static Goroutine>) {
        self.0.store(
            goroutine.map_or(ptr::null_mut(), |goroutine| ptr::from_ref(goroutine).cast_mut()),
            Relaxed,
        );
    }

    /// The address of its block, or zero.
    #[allow(dead_code, reason = "for the stacks of busy goroutines, which not all platforms show")]
    pub(crate) fn address(&self) -> usize {
        self.0.load(Relaxed).addr()
    }

    /// The status of the goroutine that ran a moment ago, for the monitor. Its slot may have another goroutine now, or none.
    ///
    /// # Safety
    /// No stack is unmapped while the reference is used.
    pub(crate) unsafe fn peek<'a>(&self) -> Option<&'a Status> {
        let block = self.0.load(Relaxed);
        // SAFETY: a goroutine's block was here at some time, and by the caller's promise the memory is still mapped.
        (!block.is_null()).then(|| unsafe { &*Goroutine::status_of(block) })
    }
}
