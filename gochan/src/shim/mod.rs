//! The synchronisation primitives that model-checked code uses: the standard library's, or those of a model checker.
//!
//! * `--cfg gochan_model`: `shuttle`'s, which turn every operation into a scheduling point. Memory is sequentially
//!   consistent there; in return whole scenarios of channels, locks and contexts run.
//! * `--cfg gochan_loom`: `loom`'s, whose memory is as weak as the orderings allow, and whose cells check that each
//!   access is ordered after the last one. For the parts that rely on less than sequential consistency, in the modules
//!   named `model_loom`.

#[cfg(gochan_loom)]
mod loom;

#[cfg(not(any(gochan_model, gochan_loom)))]
pub(crate) use std::{
    hint::spin_loop,
    sync::{Mutex, MutexGuard, atomic},
    thread::{Thread, current, park, yield_now},
};

#[cfg(gochan_model)]
pub(crate) use shuttle::{
    hint::spin_loop,
    sync::{Mutex, MutexGuard, atomic},
    thread::{Thread, current, park, yield_now},
};

#[cfg(gochan_loom)]
pub(crate) use {
    self::loom::{
        Bench, WORKER, atomic, of_thread as thread_local,
        parking::{Thread, current, park},
    },
    ::loom::{
        cell::Cell,
        hint::spin_loop,
        sync::{Mutex, MutexGuard},
        thread::yield_now,
    },
};

#[cfg(all(test, gochan_loom))]
pub(crate) use self::loom::check;

#[cfg(not(gochan_loom))]
pub(crate) use std::cell::Cell;
#[cfg(not(any(gochan_loom, gochan_model)))]
pub(crate) use std::thread_local;

/// For words in statics: std's in a loom build, because loom's can only be created in a model.
pub(crate) mod static_atomic {
    #[cfg(not(gochan_loom))]
    pub(crate) use super::atomic::*;
    #[cfg(gochan_loom)]
    pub(crate) use std::sync::atomic::*;
}

/// `std`'s cell, with accesses that loom can check.
#[derive(Debug, Default)]
#[repr(transparent)]
pub(crate) struct UnsafeCell<T: ?Sized>(
    #[cfg(not(gochan_loom))] std::cell::UnsafeCell<T>,
    #[cfg(gochan_loom)] ::loom::cell::UnsafeCell<T>,
);

impl<T> UnsafeCell<T> {
    #[cfg_attr(gochan_loom, const_fn::const_fn(cfg(not(gochan_loom))))]
    #[inline(always)]
    pub(crate) const fn new(value: T) -> UnsafeCell<T> {
        #[cfg(not(gochan_loom))]
        return UnsafeCell(std::cell::UnsafeCell::new(value));
        #[cfg(gochan_loom)]
        return UnsafeCell(::loom::cell::UnsafeCell::new(value));
    }

    /// A read of the value. A reference made from the pointer may outlive `access`, but is not checked any further.
    #[inline(always)]
    pub(crate) fn with<R>(&self, access: impl FnOnce(*const T) -> R) -> R {
        #[cfg(not(gochan_loom))]
        return access(self.0.get());
        #[cfg(gochan_loom)]
        return self.0.with(access);
    }

    /// Like `with`, for a write.
    #[inline(always)]
    pub(crate) fn with_mut<R>(&self, access: impl FnOnce(*mut T) -> R) -> R {
        #[cfg(not(gochan_loom))]
        return access(self.0.get());
        #[cfg(gochan_loom)]
        return self.0.with_mut(access);
    }
}

/// Represents the memory that it is part of: loom reports if one thread uses the memory while another frees it, or if
/// it is never freed.
#[derive(Debug)]
pub(crate) struct Memory(#[cfg(gochan_loom)] UnsafeCell<Option<::loom::alloc::Track<()>>>);

impl Memory {
    #[inline(always)]
    pub(crate) fn new() -> Memory {
        Memory(
            #[cfg(gochan_loom)]
            UnsafeCell::new(Some(::loom::alloc::Track::new(()))),
        )
    }

    #[inline(always)]
    pub(crate) fn is_used(&self) {
        #[cfg(gochan_loom)]
        self.0.with(|_| ());
    }

    #[inline(always)]
    pub(crate) fn ends(&self) {
        // SAFETY: loom has checked that it is not used meanwhile.
        #[cfg(gochan_loom)]
        self.0.with_mut(|allocation| drop(unsafe { (*allocation).take() }.expect("freed twice")));
    }
}

// SAFETY: accesses are checked as they are made.
#[cfg(gochan_loom)]
unsafe impl Sync for Memory {}
