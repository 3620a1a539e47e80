//! Reserving, opening and returning stack memory. With [`guards`](super::guards), the only place that asks the kernel for
//! stacks.
//!
//! A region is reserved without access, so that nothing is charged for it, not even under `vm.overcommit_memory=2`, and
//! opened as its slots are handed out.

use super::system::{self, Access};
use super::{Slot, page};
use std::io;
use std::ops::Range;

/// A mapping of `slots` stacks of one stride. Never moved; unmapped only by [`Region::unmap`].
#[derive(Debug)]
pub(crate) struct Region {
    start: usize,
    stride: usize,
    slots: usize,
}

impl Region {
    /// Reserves address space for `slots` stacks; no memory is committed or charged.
    pub(crate) fn reserve(slots: usize, stride: usize) -> io::Result<Region> {
        debug_assert!(stride.is_multiple_of(page()));
        let bytes = slots.checked_mul(stride).ok_or(io::ErrorKind::OutOfMemory)?;
        let start = system::reserve(bytes)?;
        #[cfg(target_os = "linux")]
        // A huge page under a stack would commit 2 MiB for a goroutine that needs 4 KiB.
        // SAFETY: advice on the mapping just made.
        unsafe {
            libc::madvise(start as *mut libc::c_void, bytes, libc::MADV_NOHUGEPAGE);
        }
        Ok(Region { start, stride, slots })
    }

    pub(crate) fn range(&self) -> Range<usize> {
        self.start..self.start + self.stride * self.slots
    }

    pub(crate) fn slots(&self) -> usize {
        self.slots
    }

    /// The slot at `index`, which must be below [`Region::slots`].
    pub(crate) fn slot(&self, index: usize) -> Slot {
        debug_assert!(index < self.slots);
        Slot { top: self.start + (index + 1) * self.stride, stride: self.stride, borrows_guard: false }
    }

    /// Makes these slots memory, still without guards.
    pub(crate) fn open(&self, slots: Range<usize>) -> io::Result<()> {
        let range = self.start + slots.start * self.stride..self.start + slots.end * self.stride;
        // SAFETY: the slots have not been handed out.
        unsafe { system::protect(range.clone(), Access::ALL)? };
        if slots.start == 0 {
            // Mappings that a guard has split become one again without it, if they were split after the first use.
            // SAFETY: as above, and this is memory now.
            unsafe { ((range.start + self.stride - 1) as *mut u8).write_volatile(0) };
        }
        Ok(())
    }

    /// Gives the whole mapping back.
    ///
    /// # Safety
    /// No slot of the region is in use or will be handed out again.
    pub(crate) unsafe fn unmap(self) {
        // SAFETY: by the caller's promise nothing lives in the mapping.
        unsafe { system::unmap(self.range()) };
    }
}

/// Returns the memory of neighbouring slots to the kernel. Guards stay. A dump may read a status there at the same time: the
/// contents are as before or zero, and either is the status of no goroutine. On Linux they are zero afterwards.
///
/// # Errors
/// If the slots may be no memory any more.
///
/// # Safety
/// The slots are free, and each is the next one in memory.
pub(crate) unsafe fn release(slots: &[Slot]) -> io::Result<()> {
    let (Some(first), Some(last)) = (slots.first(), slots.last()) else { return Ok(()) };
    // SAFETY: by the caller's promise no live data is in the range. Guard markers and protections survive.
    if unsafe { system::release(first.limit()..last.top) }.is_ok() {
        return Ok(());
    }
    // Refused, as by a strict filter of system calls.
    slots.iter().try_for_each(|slot| {
        // SAFETY: as above.
        unsafe { system::map_anew(slot.floor()..slot.top) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::{MIN_STACK, guard, usable_size};

    #[test]
    fn memory_that_is_mapped_anew_is_empty() {
        let region = Region::reserve(2, usable_size(MIN_STACK) + guard()).unwrap();
        region.open(0..2).unwrap();
        let slot = region.slot(1);
        let last = (slot.top - 8) as *mut u64;
        // SAFETY: the slot is this test's.
        let read = unsafe {
            last.write(7);
            system::map_anew(slot.floor()..slot.top).unwrap();
            last.read()
        };
        assert_eq!(read, 0);
        // SAFETY: the slots are not used any more.
        unsafe { region.unmap() };
    }

    /// The flags of the mapping that holds an address, as `/proc` shows them.
    #[cfg(target_os = "linux")]
    fn flags(address: usize) -> String {
        let text = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let mut is_here = false;
        for line in text.lines() {
            let range = line.split_once(' ').and_then(|(range, _)| range.split_once('-'));
            let ends = range.map(|(a, b)| (usize::from_str_radix(a, 16), usize::from_str_radix(b, 16)));
            if let Some((Ok(start), Ok(end))) = ends {
                is_here = (start..end).contains(&address);
            } else if is_here && let Some(flags) = line.strip_prefix("VmFlags:") {
                return flags.to_owned();
            }
        }
        panic!("no mapping at {address:#x}")
    }

    /// Under `vm.overcommit_memory=2`, what may be written to is charged.
    #[test]
    #[cfg(target_os = "linux")]
    fn a_slot_is_not_charged_before_it_is_opened() {
        let region = Region::reserve(64, usable_size(MIN_STACK) + guard()).unwrap();
        region.open(0..8).unwrap();
        let may_write =
            |index: usize| flags(region.slot(index).top - 1).split_whitespace().any(|flag| flag == "wr");
        assert!(may_write(0) && may_write(7) && !may_write(8) && !may_write(63));
        // SAFETY: the slots are not used.
        unsafe { region.unmap() };
    }
}
