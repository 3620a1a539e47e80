//! The regions that hold stacks: a table that a signal handler can read at any moment.
//!
//! It grows by chunks, which are never freed, so there is always room. Each entry has a version, odd while the entry is
//! being written. An entry changes only while no goroutine is on a stack of its region, so the handler skips an entry
//! that changes: the fault is not there.

use crate::stack::{GUARD, Slot};
use std::ops::Range;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering::*, fence};
use std::sync::{Mutex, PoisonError};

const CHUNK: usize = 256;

struct Chunk {
    regions: [Watched; CHUNK],
    next: AtomicPtr<Chunk>,
}

/// Free while `end` is zero.
struct Watched {
    version: AtomicUsize,
    start: AtomicUsize,
    end: AtomicUsize,
    stride: AtomicUsize,
}

static FIRST: Chunk = Chunk::new();
/// Held by the thread that writes.
static WRITER: Mutex<()> = Mutex::new(());

/// Makes faults in the guards of `range` known to the handler.
pub(in crate::stack) fn watch(range: Range<usize>, stride: usize) {
    let _only_writer = WRITER.lock().unwrap_or_else(PoisonError::into_inner);
    let mut last = &FIRST;
    for chunk in chunks() {
        if let Some(free) = chunk.regions.iter().find(|region| region.end.load(Relaxed) == 0) {
            return free.write(range, stride);
        }
        last = chunk;
    }
    let more = Box::leak(Box::new(Chunk::new()));
    more.regions[0].write(range, stride);
    // Release: pairs with the Acquire in `chunks`.
    last.next.store(more, Release);
}

/// To be called before the memory is unmapped.
pub(in crate::stack) fn unwatch(range: Range<usize>) {
    let _only_writer = WRITER.lock().unwrap_or_else(PoisonError::into_inner);
    let mut regions = chunks().flat_map(|chunk| &chunk.regions);
    if let Some(region) = regions.find(|region| region.start.load(Relaxed) == range.start) {
        region.write(0..0, 0);
    }
}

/// The slot whose guard holds `address`. Async-signal-safe.
pub(super) fn guarded_slot(address: usize) -> Option<Slot> {
    slot_of(address).filter(|slot| address < slot.limit() + GUARD)
}

/// The slot that holds `address`. Async-signal-safe.
pub(crate) fn slot_of(address: usize) -> Option<Slot> {
    let regions = chunks().flat_map(|chunk| &chunk.regions);
    let (range, stride) = regions.filter_map(Watched::read).find(|(range, _)| range.contains(&address))?;
    let index = (address - range.start) / stride;
    Some(Slot { top: range.start + (index + 1) * stride, stride })
}

fn chunks() -> impl Iterator<Item = &'static Chunk> {
    std::iter::successors(Some(&FIRST), |chunk| {
        // SAFETY: null or a chunk that is never freed. Acquire: pairs with the Release in `watch`.
        unsafe { chunk.next.load(Acquire).as_ref() }
    })
}

impl Chunk {
    const fn new() -> Chunk {
        Chunk { regions: [const { Watched::new() }; CHUNK], next: AtomicPtr::new(ptr::null_mut()) }
    }
}

impl Watched {
    const fn new() -> Watched {
        Watched {
            version: AtomicUsize::new(0),
            start: AtomicUsize::new(0),
            end: AtomicUsize::new(0),
            stride: AtomicUsize::new(0),
        }
    }

    /// Only one thread writes at a time.
    fn write(&self, range: Range<usize>, stride: usize) {
        let version = self.version.load(Relaxed);
        self.version.store(version + 1, Relaxed);
        // Release: a reader that sees one of the stores below sees the odd version, by its fence.
        fence(Release);
        self.start.store(range.start, Relaxed);
        self.end.store(range.end, Relaxed);
        self.stride.store(stride, Relaxed);
        // Release: pairs with the Acquire in `read`.
        self.version.store(version + 2, Release);
    }

    fn read(&self) -> Option<(Range<usize>, usize)> {
        let version = self.version.load(Acquire);
        let range = self.start.load(Relaxed)..self.end.load(Relaxed);
        let stride = self.stride.load(Relaxed);
        // Acquire: pairs with the fence in `write`.
        fence(Acquire);
        let whole = version.is_multiple_of(2) && self.version.load(Relaxed) == version;
        (whole && !range.is_empty()).then_some((range, stride))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::{MIN_STACK, PAGE};

    /// No address of this process has these bits.
    const NOWHERE: usize = 1 << 60;
    const STRIDE: usize = MIN_STACK + GUARD;

    #[test]
    fn any_address_in_a_guard_leads_to_its_slot() {
        let range = NOWHERE..NOWHERE + 5 * STRIDE;
        watch(range.clone(), STRIDE);
        for address in range.clone().step_by(PAGE / 2) {
            let limit = address - (address - NOWHERE) % STRIDE;
            let expected = (address - limit < GUARD).then_some(Slot { top: limit + STRIDE, stride: STRIDE });
            assert_eq!(guarded_slot(address), expected, "{address:#x}");
        }
        assert_eq!((guarded_slot(range.start - 1), guarded_slot(range.end)), (None, None));
        unwatch(range);
        assert_eq!(guarded_slot(NOWHERE), None);
    }

    #[test]
    fn the_table_has_room_for_any_number_of_regions() {
        let regions = || (0..3 * CHUNK).map(|index| 2 * NOWHERE + 2 * index * STRIDE);
        for _ in 0..4 {
            for start in regions() {
                watch(start..start + STRIDE, STRIDE);
            }
            for start in regions() {
                assert_eq!(guarded_slot(start), Some(Slot { top: start + STRIDE, stride: STRIDE }));
                assert_eq!(guarded_slot(start + STRIDE), None);
            }
            for start in regions() {
                unwatch(start..start + STRIDE);
                assert_eq!(guarded_slot(start), None);
            }
        }
        // Free entries are used again. The other tests of this process use some, too.
        assert!((3..=5).contains(&chunks().count()), "{} chunks", chunks().count());
    }
}
