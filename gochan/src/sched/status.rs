//! What can be seen of a goroutine from outside while it lives: who it is, where it was spawned, what it waits for.

use super::clock;
use super::park::WaitReason;
use std::panic::Location;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Instant;

/// Written by the goroutine itself, read by dumps at any moment: each field is right, the set may be a step apart.
#[derive(Debug)]
pub(crate) struct Status {
    id: AtomicU64,
    site: AtomicPtr<Location<'static>>,
    place: AtomicPtr<Location<'static>>,
    /// When the wait began, by the coarse clock.
    since: AtomicU32,
    /// Zero while running or ready, else a [`WaitReason`] plus one.
    waiting: AtomicU8,
}

/// A wait as seen from outside.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wait {
    pub(crate) reason: WaitReason,
    pub(crate) place: Option<&'static Location<'static>>,
    pub(crate) since: Instant,
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
            since: AtomicU32::new(0),
            waiting: AtomicU8::new(0),
        }
    }

    /// Of a thread that runs no goroutine.
    pub(super) fn of_thread() -> Status {
        Status::new(0, Location::caller())
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
        self.since.store(clock::coarse(), Relaxed);
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

    pub(crate) fn wait(&self) -> Option<Wait> {
        let reason = WaitReason::from_code(self.waiting.load(Relaxed).checked_sub(1)?)?;
        // SAFETY: null or made from a `&'static Location`.
        let place = unsafe { self.place.load(Relaxed).as_ref() };
        Some(Wait { reason, place, since: clock::coarse_instant(self.since.load(Relaxed)) })
    }
}
