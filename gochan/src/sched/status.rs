//! What can be seen of a goroutine from outside while it lives: who it is, where it was spawned, what it waits for.

use super::park::WaitReason;
use std::panic::Location;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU8, AtomicU64, Ordering::Relaxed};

/// Written by the goroutine itself, read by dumps at any moment: each field is right, the set may be a step apart.
#[derive(Debug)]
pub(crate) struct Status {
    id: AtomicU64,
    site: AtomicPtr<Location<'static>>,
    place: AtomicPtr<Location<'static>>,
    /// Zero while running or ready, else a [`WaitReason`] plus one.
    waiting: AtomicU8,
}

fn pointer(location: &'static Location<'static>) -> *mut Location<'static> {
    ptr::from_ref(location).cast_mut()
}

impl Status {
    #[inline]
    pub(super) fn new(id: u64, site: &'static Location<'static>) -> Status {
        Status {
            id: AtomicU64::new(id),
            site: AtomicPtr::new(pointer(site)),
            place: AtomicPtr::new(ptr::null_mut()),
            waiting: AtomicU8::new(0),
        }
    }

    #[inline]
    pub(super) fn become_goroutine(&self, id: u64, site: &'static Location<'static>) {
        self.site.store(pointer(site), Relaxed);
        self.id.store(id, Relaxed);
    }

    #[inline]
    pub(super) fn clear(&self) {
        self.id.store(0, Relaxed);
    }

    #[inline]
    pub(super) fn begin_wait(&self, reason: WaitReason, place: &'static Location<'static>) {
        self.place.store(pointer(place), Relaxed);
        self.waiting.store(reason as u8 + 1, Relaxed);
    }

    #[inline]
    pub(super) fn end_wait(&self) {
        self.waiting.store(0, Relaxed);
    }

    /// Zero if nobody is here.
    pub(crate) fn id(&self) -> u64 {
        self.id.load(Relaxed)
    }

    pub(crate) fn site(&self) -> Option<&'static Location<'static>> {
        // SAFETY: null or made from a `&'static Location`.
        unsafe { self.site.load(Relaxed).as_ref() }
    }

    pub(crate) fn wait(&self) -> Option<(WaitReason, Option<&'static Location<'static>>)> {
        let reason = WaitReason::from_code(self.waiting.load(Relaxed).checked_sub(1)?)?;
        // SAFETY: null or made from a `&'static Location`.
        Some((reason, unsafe { self.place.load(Relaxed).as_ref() }))
    }
}
