//! The part of a goroutine that is visible from outside while it lives: its id, its spawn location, and what it waits
//! for.

use super::reason::WaitReason;
use crate::base::clock;
use std::panic::Location;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU8, AtomicU32, AtomicU64, Ordering::*, fence};
use std::time::Instant;

/// Written by the goroutine's worker, and read by dumps at any moment, even while the stack has no goroutine. So all
/// fields are atomic, zeroed memory is the status of no goroutine, and only the methods below write here. Then a
/// reference to the status is valid wherever a slot has room for a block.
///
/// [`look`](Status::look) returns the values of one goroutine. Each part of its wait is correct; the parts may be one
/// step apart.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Status {
    /// Zero: no goroutine.
    id: AtomicU64,
    site: AtomicPtr<Location<'static>>,
    place: AtomicPtr<Location<'static>>,
    /// When the wait began, on the coarse clock.
    since: AtomicU32,
    /// The number of its worker.
    home: AtomicU32,
    /// Zero while running or ready, else a [`WaitReason`] plus one.
    waiting: AtomicU8,
    /// What the wait is for, if that is a descriptor: its number and one.
    descriptor: AtomicU32,
}

/// A goroutine as seen from outside.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) id: u64,
    pub(crate) site: Option<&'static Location<'static>>,
    pub(crate) wait: Option<Wait>,
}

/// A wait as seen from outside.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wait {
    pub(crate) reason: WaitReason,
    pub(crate) place: Option<&'static Location<'static>>,
    pub(crate) since: Instant,
    pub(crate) descriptor: Option<i32>,
}

fn pointer(location: &'static Location<'static>) -> *mut Location<'static> {
    ptr::from_ref(location).cast_mut()
}

impl Status {
    #[inline]
    pub(crate) fn new(id: u64, site: &'static Location<'static>) -> Status {
        Status {
            id: AtomicU64::new(id),
            site: AtomicPtr::new(pointer(site)),
            place: AtomicPtr::new(ptr::null_mut()),
            since: AtomicU32::new(0),
            home: AtomicU32::new(0),
            waiting: AtomicU8::new(0),
            descriptor: AtomicU32::new(0),
        }
    }

    /// The status of a thread that runs no goroutine.
    pub(crate) fn of_thread() -> Status {
        Status::new(0, Location::caller())
    }

    /// Makes this the status of a goroutine of worker number `home` that does not wait.
    #[inline]
    pub(crate) fn begin(&self, id: u64, site: &'static Location<'static>, home: u32) {
        self.clear();
        // Release: pairs with the fence in `look_home`.
        fence(Release);
        self.home.store(home, Relaxed);
        self.become_goroutine(id, site);
    }

    /// Makes this the status of another goroutine of the same worker that does not wait.
    #[inline]
    pub(crate) fn become_goroutine(&self, id: u64, site: &'static Location<'static>) {
        self.clear();
        // Release: pairs with the fence in `look`. A reader that sees one of the stores below sees that the id changed.
        fence(Release);
        self.site.store(pointer(site), Relaxed);
        self.waiting.store(0, Relaxed);
        // Release: pairs with the Acquire in `look`.
        self.id.store(id, Release);
    }

    /// Makes this the status of no goroutine.
    #[inline]
    pub(crate) fn clear(&self) {
        self.id.store(0, Relaxed);
    }

    #[inline]
    pub(crate) fn begin_wait(&self, reason: WaitReason, place: &'static Location<'static>) {
        self.place.store(pointer(place), Relaxed);
        self.since.store(clock::coarse(), Relaxed);
        self.waiting.store(reason as u8 + 1, Relaxed);
    }

    #[inline]
    pub(crate) fn end_wait(&self) {
        self.waiting.store(0, Relaxed);
    }

    /// The waits from now on are for this descriptor; `None`: for none.
    pub(crate) fn wait_for(&self, descriptor: Option<i32>) {
        self.descriptor.store(descriptor.map_or(0, |number| number as u32 + 1), Relaxed);
    }

    /// The goroutine with its location and its wait. `None` if there is no goroutine, or if it began or ended during
    /// the call.
    pub(crate) fn look(&self) -> Option<Seen> {
        // Acquire: pairs with the Release in `become_goroutine`, and sees what is stored before it.
        let id = self.id.load(Acquire);
        let seen = Seen { id, site: self.site(), wait: self.wait() };
        // Acquire: pairs with the fence in `become_goroutine`. If the id is the same, no value that was read is the
        // next goroutine's.
        fence(Acquire);
        (id != 0 && self.id.load(Relaxed) == id).then_some(seen)
    }

    /// The number of the worker of goroutine `id`, if this is its status and the goroutine is not a thread.
    ///
    /// On that worker's own thread, the goroutine has then begun and not ended, and it does neither before the thread
    /// itself does so: ids are used once, and the thread sees its own writes.
    pub(crate) fn look_home(&self, id: u64) -> Option<u32> {
        // Acquire: pairs with the Release in `become_goroutine`.
        if self.id.load(Acquire) != id {
            return None;
        }
        let home = self.home.load(Relaxed);
        // Acquire: pairs with the fence in `begin`. If the id is the same, the home is not another goroutine's.
        fence(Acquire);
        (self.id.load(Relaxed) == id).then_some(home)
    }

    /// Zero if this is the status of no goroutine.
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
        let since = clock::coarse_instant(self.since.load(Relaxed));
        let descriptor = self.descriptor.load(Relaxed).checked_sub(1).map(|number| number as i32);
        Some(Wait { reason, place, since, descriptor })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicBool;

    #[test]
    fn zeroed_memory_is_the_status_of_no_goroutine() {
        // SAFETY: all fields are integers, or pointers that may be null; that this stays so is what the test is about.
        let status: Status = unsafe { std::mem::zeroed() };
        assert!(status.look().is_none());
        assert_eq!((status.id(), status.site(), status.wait().is_none()), (0, None, true));
    }

    #[test]
    fn the_home_is_told_of_the_goroutine_that_is_asked_for_alone() {
        let status = Status::new(0, Location::caller());
        assert_eq!(status.look_home(7), None);
        status.begin(7, Location::caller(), 3);
        assert_eq!((status.look_home(7), status.look_home(8)), (Some(3), None));
        status.become_goroutine(8, Location::caller());
        assert_eq!((status.look_home(7), status.look_home(8)), (None, Some(3)));
        status.clear();
        assert_eq!(status.look_home(8), None);
    }

    #[test]
    fn what_is_seen_is_of_one_goroutine() {
        let sites = [Location::caller(), Location::caller()];
        let status = Status::new(0, sites[0]);
        let (seen, ended) = (AtomicU64::new(0), AtomicBool::new(false));
        let mut mixed = Vec::new();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut id = 0;
                while seen.load(Relaxed) < 10_000 {
                    id += 1;
                    status.become_goroutine(id, sites[(id % 2) as usize]);
                    if id % 3 == 0 {
                        status.begin_wait(WaitReason::Recv, sites[(id % 2) as usize]);
                        status.end_wait();
                    }
                }
                ended.store(true, Relaxed);
            });
            while !ended.load(Relaxed) {
                if let Some(one) = status.look() {
                    seen.fetch_add(1, Relaxed);
                    let whole = one.site == Some(sites[(one.id % 2) as usize]);
                    if !whole || one.wait.is_some() && one.id % 3 != 0 {
                        mixed.push(one);
                    }
                }
            }
        });
        assert!(mixed.is_empty(), "{mixed:?}");
    }
}
