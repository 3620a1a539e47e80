//! The regions that hold stacks: a table that a signal handler can read at any moment.
//!
//! It grows by chunks, which are never freed, so there is always room. Each entry has a version, odd while the entry is
//! being written. An entry changes only while no goroutine is on a stack of its region, so the handler skips an entry
//! that is changing: the fault is not in it.

use crate::stack::Slot;
use crate::stack::lock;
use std::ops::Range;
use std::ptr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering::*, fence};

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
    has_segments: AtomicBool,
}

static FIRST: Chunk = Chunk::new();
/// There have been regions of segments.
static HAS_SEGMENTS: AtomicBool = AtomicBool::new(false);
/// Held by the thread that writes.
static WRITER: Mutex<()> = Mutex::new(());

/// Makes faults in the guards of `range` known to the handler.
pub(in crate::stack) fn watch(range: Range<usize>, stride: usize, has_segments: bool) {
    let _only_writer = lock(&WRITER);
    if has_segments {
        HAS_SEGMENTS.store(true, Relaxed);
    }
    let mut last = &FIRST;
    for chunk in chunks() {
        if let Some(free) = chunk.regions.iter().find(|region| region.end.load(Relaxed) == 0) {
            return free.write(range, stride, has_segments);
        }
        last = chunk;
    }
    let more = Box::leak(Box::new(Chunk::new()));
    more.regions[0].write(range, stride, has_segments);
    // Release: pairs with the Acquire in `chunks`.
    last.next.store(more, Release);
}

/// To be called before the memory is unmapped.
pub(in crate::stack) fn unwatch(range: Range<usize>) {
    let _only_writer = lock(&WRITER);
    let mut regions = chunks().flat_map(|chunk| &chunk.regions);
    if let Some(region) = regions.find(|region| region.start.load(Relaxed) == range.start) {
        region.write(0..0, 0, false);
    }
}

/// The slot whose guard holds `address`, and whether it is a segment. Async-signal-safe.
pub(super) fn guarded_slot(address: usize) -> Option<(Slot, bool)> {
    find(address).filter(|(slot, _)| address < slot.floor())
}

/// The slot for a goroutine that holds `address`. Async-signal-safe.
#[allow(dead_code, reason = "for the stacks of busy goroutines, which not all platforms show")]
pub(crate) fn slot_of(address: usize) -> Option<Slot> {
    find(address).filter(|(_, is_segment)| !is_segment).map(|(slot, _)| slot)
}

/// The slot of a segment that holds `address`. Async-signal-safe.
pub(crate) fn segment_of(address: usize) -> Option<Slot> {
    if !HAS_SEGMENTS.load(Relaxed) {
        return None;
    }
    find(address).filter(|(_, is_segment)| *is_segment).map(|(slot, _)| slot)
}

/// The slot that holds `address`, and whether it is a segment. Without deep calls: the stack of a signal handler is small.
fn find(address: usize) -> Option<(Slot, bool)> {
    let mut next = Some(&FIRST);
    while let Some(chunk) = next {
        // What is not in use is behind what is, but for regions that have been unmapped.
        for region in &chunk.regions {
            if region.version.load(Relaxed) == 0 {
                return None;
            }
            if let Some((range, stride, has_segments)) = region.read()
                && range.contains(&address)
            {
                let index = (address - range.start) / stride;
                let top = range.start + (index + 1) * stride;
                return Some((Slot { top, stride, borrows_guard: false }, has_segments));
            }
        }
        // SAFETY: as in `chunks`.
        next = unsafe { chunk.next.load(Acquire).as_ref() };
    }
    None
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
            has_segments: AtomicBool::new(false),
        }
    }

    /// Only one thread writes at a time.
    fn write(&self, range: Range<usize>, stride: usize, has_segments: bool) {
        let version = self.version.load(Relaxed);
        self.version.store(version + 1, Relaxed);
        // Release: a reader that sees one of the stores below sees the odd version, by its fence.
        fence(Release);
        self.start.store(range.start, Relaxed);
        self.end.store(range.end, Relaxed);
        self.stride.store(stride, Relaxed);
        self.has_segments.store(has_segments, Relaxed);
        // Release: pairs with the Acquire in `read`.
        self.version.store(version + 2, Release);
    }

    fn read(&self) -> Option<(Range<usize>, usize, bool)> {
        let version = self.version.load(Acquire);
        let range = self.start.load(Relaxed)..self.end.load(Relaxed);
        let stride = self.stride.load(Relaxed);
        let has_segments = self.has_segments.load(Relaxed);
        // Acquire: pairs with the fence in `write`.
        fence(Acquire);
        let whole = version.is_multiple_of(2) && self.version.load(Relaxed) == version;
        (whole && !range.is_empty()).then_some((range, stride, has_segments))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::{MIN_STACK, guard, page};

    /// No address of this process has these bits.
    const NOWHERE: usize = 1 << 60;

    fn stride() -> usize {
        MIN_STACK.max(page()) + guard()
    }

    fn slot(top: usize) -> Slot {
        Slot { top, stride: stride(), borrows_guard: false }
    }

    #[test]
    fn any_address_in_a_guard_leads_to_its_slot() {
        let range = NOWHERE..NOWHERE + 5 * stride();
        watch(range.clone(), stride(), false);
        for address in range.clone().step_by(page() / 2) {
            let limit = address - (address - NOWHERE) % stride();
            let expected = (address - limit < guard()).then(|| (slot(limit + stride()), false));
            assert_eq!(guarded_slot(address), expected, "{address:#x}");
        }
        assert_eq!((guarded_slot(range.start - 1), guarded_slot(range.end)), (None, None));
        unwatch(range);
        assert_eq!(guarded_slot(NOWHERE), None);
    }

    #[test]
    fn segments_are_told_from_stacks_of_goroutines() {
        let range = 4 * NOWHERE..4 * NOWHERE + stride();
        watch(range.clone(), stride(), true);
        let expected = slot(range.end);
        assert_eq!(segment_of(range.start), Some(expected));
        assert_eq!(guarded_slot(range.start), Some((expected, true)));
        assert_eq!(slot_of(range.start), None);
        unwatch(range);
    }

    #[test]
    fn the_table_has_room_for_any_number_of_regions() {
        let regions = || (0..3 * CHUNK).map(|index| 2 * NOWHERE + 2 * index * stride());
        for _ in 0..4 {
            for start in regions() {
                watch(start..start + stride(), stride(), false);
            }
            for start in regions() {
                assert_eq!(guarded_slot(start), Some((slot(start + stride()), false)));
                assert_eq!(guarded_slot(start + stride()), None);
            }
            for start in regions() {
                unwatch(start..start + stride());
                assert_eq!(guarded_slot(start), None);
            }
        }
        // Free entries are used again. Other tests of this process use some as well.
        assert!((3..=5).contains(&chunks().count()), "{} chunks", chunks().count());
    }
}
