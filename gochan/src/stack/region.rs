//! Reserving, guarding and returning stack memory. The only place that asks the kernel for stacks.
//!
//! Guards are installed with `MADV_GUARD_INSTALL` where the kernel has it (Linux 6.13): markers in the page table, eight
//! bytes a page, and not a mapping of their own, so a million guarded stacks stay one mapping. Elsewhere `mprotect` does
//! it, at one mapping per stack and so within `vm.max_map_count`.

use super::{GUARD, PAGE, Slot};
use std::io;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

const MADV_GUARD_INSTALL: libc::c_int = 102;
const MADV_POPULATE_WRITE: libc::c_int = 23;

/// How guards are installed on this kernel; found out by the first attempt.
static WAY: AtomicU8 = AtomicU8::new(BATCHED);
const BATCHED: u8 = 0;
const SINGLE: u8 = 1;
const PROTECT: u8 = 2;

/// A mapping of `slots` stacks of one stride. Never moved; unmapped only by [`Region::unmap`].
#[derive(Debug)]
pub(crate) struct Region {
    start: usize,
    stride: usize,
    slots: usize,
}

impl Region {
    /// Reserves address space for `slots` stacks; no memory is committed.
    pub(crate) fn reserve(slots: usize, stride: usize) -> io::Result<Region> {
        let bytes = slots.checked_mul(stride).ok_or(io::ErrorKind::OutOfMemory)?;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        // SAFETY: an anonymous mapping at an address of the kernel's choice touches no existing memory.
        let start = unsafe {
            libc::mmap(std::ptr::null_mut(), bytes, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0)
        };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        #[cfg(target_os = "linux")]
        // A huge page under a stack would commit 2 MiB for a goroutine that needs 4 KiB.
        // SAFETY: advice on the mapping just made.
        unsafe {
            libc::madvise(start, bytes, libc::MADV_NOHUGEPAGE);
        }
        Ok(Region { start: start as usize, stride, slots })
    }

    pub(crate) fn range(&self) -> std::ops::Range<usize> {
        self.start..self.start + self.stride * self.slots
    }

    pub(crate) fn slots(&self) -> usize {
        self.slots
    }

    /// The slot at `index`, which must be below [`Region::slots`].
    pub(crate) fn slot(&self, index: usize) -> Slot {
        debug_assert!(index < self.slots);
        Slot { top: self.start + (index + 1) * self.stride, stride: self.stride }
    }

    /// Gives the whole mapping back.
    ///
    /// # Safety
    /// No slot of the region is in use or will be handed out again.
    pub(crate) unsafe fn unmap(self) {
        // SAFETY: by the caller's promise nothing lives in the mapping.
        unsafe { libc::munmap(self.start as *mut libc::c_void, self.stride * self.slots) };
    }
}

/// Installs the guard of every slot; with `populate`, commits each top page in the same sweep, which costs
/// half of what a fault would cost later.
pub(crate) fn prepare(slots: &[Slot], populate: bool) -> io::Result<()> {
    for batch in slots.chunks(BATCH) {
        guard_batch(batch)?;
        if populate {
            // Only a saving: a kernel without it faults the pages in on first use.
            let _ = advise_all(batch, |slot| slot.top - PAGE, PAGE, MADV_POPULATE_WRITE);
        }
    }
    Ok(())
}

const BATCH: usize = 64;

fn guard_batch(batch: &[Slot]) -> io::Result<()> {
    if WAY.load(Relaxed) == BATCHED {
        if advise_all(batch, Slot::limit, GUARD, MADV_GUARD_INSTALL).is_ok() {
            return Ok(());
        }
        WAY.store(SINGLE, Relaxed);
    }
    batch.iter().try_for_each(|slot| guard_one(*slot))
}

fn guard_one(slot: Slot) -> io::Result<()> {
    if WAY.load(Relaxed) == SINGLE {
        let guard = slot.limit() as *mut libc::c_void;
        // SAFETY: the guard of a slot that no goroutine runs on yet.
        if cfg!(target_os = "linux") && unsafe { libc::madvise(guard, GUARD, MADV_GUARD_INSTALL) } == 0 {
            return Ok(());
        }
        WAY.store(PROTECT, Relaxed);
    }
    protect(slot)
}

fn protect(slot: Slot) -> io::Result<()> {
    let guard = slot.limit() as *mut libc::c_void;
    // SAFETY: the guard of a slot that no goroutine runs on yet.
    if unsafe { libc::mprotect(guard, GUARD, libc::PROT_NONE) } == 0 {
        return Ok(());
    }
    let error = io::Error::last_os_error();
    Err(io::Error::new(
        error.kind(),
        format!(
            "cannot guard another goroutine stack: {error}; this kernel needs one mapping per stack, so raise \
             vm.max_map_count or run on Linux 6.13 or newer"
        ),
    ))
}

/// One system call for the `bytes` at `address(slot)` of every slot of the batch.
#[cfg(target_os = "linux")]
fn advise_all(
    batch: &[Slot],
    address: impl Fn(Slot) -> usize,
    bytes: usize,
    advice: libc::c_int,
) -> io::Result<()> {
    let mut ranges = [libc::iovec { iov_base: std::ptr::null_mut(), iov_len: bytes }; BATCH];
    for (range, slot) in ranges.iter_mut().zip(batch) {
        range.iov_base = address(*slot) as *mut libc::c_void;
    }
    let Some(process) = own_process() else { return Err(io::ErrorKind::Unsupported.into()) };
    // SAFETY: every range belongs to a slot that no goroutine runs on yet.
    let done =
        unsafe { libc::syscall(libc::SYS_process_madvise, process, ranges.as_ptr(), batch.len(), advice, 0) };
    if done == (batch.len() * bytes) as libc::c_long { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(not(target_os = "linux"))]
fn advise_all(_: &[Slot], _: impl Fn(Slot) -> usize, _: usize, _: libc::c_int) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// A descriptor of this process for `process_madvise`, opened once.
#[cfg(target_os = "linux")]
fn own_process() -> Option<libc::c_int> {
    static PROCESS: std::sync::OnceLock<Option<libc::c_int>> = std::sync::OnceLock::new();
    *PROCESS.get_or_init(|| {
        // SAFETY: a plain system call; the descriptor is close-on-exec by definition.
        let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, libc::getpid(), 0) };
        (fd >= 0).then_some(fd as libc::c_int)
    })
}

/// Returns the memory of `start..end` to the kernel; guards stay, contents read as zero afterwards. A dump may read a
/// status there at the same time: zero is the status of no goroutine.
///
/// # Safety
/// The range covers whole free slots only.
pub(crate) unsafe fn release(start: usize, end: usize) {
    // SAFETY: by the caller's promise no live data is in the range. Guard markers and protections survive.
    unsafe { libc::madvise(start as *mut libc::c_void, end - start, libc::MADV_DONTNEED) };
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the byte at `address` can be read, as the kernel sees it.
    fn is_readable(pipe: &io::PipeWriter, address: usize) -> bool {
        use std::os::fd::AsRawFd;
        // SAFETY: the kernel checks the address, and tells by EFAULT if there is no memory.
        let written = unsafe { libc::write(pipe.as_raw_fd(), address as *const libc::c_void, 1) };
        if written == 1 {
            return true;
        }
        assert_eq!(io::Error::last_os_error().raw_os_error(), Some(libc::EFAULT));
        false
    }

    fn check(slots: &[Slot]) {
        // A pipe has room for as many bytes as two slots of the smallest size have pages.
        let (_reader, writer) = io::pipe().unwrap();
        for slot in slots {
            for address in (slot.limit()..slot.top).step_by(PAGE) {
                let ends = [address, address + PAGE - 1].map(|address| is_readable(&writer, address));
                assert_eq!(ends, [address >= slot.floor(); 2], "{:#x} of {slot:x?}", address - slot.limit());
            }
        }
    }

    #[test]
    fn a_guard_is_no_memory_and_the_rest_of_a_slot_is() {
        type Way = fn(&[Slot]) -> io::Result<()>;
        let ways: [Way; 2] =
            [|slots| prepare(slots, true), |slots| slots.iter().try_for_each(|slot| protect(*slot))];
        for guard in ways {
            let region = Region::reserve(4, crate::stack::MIN_STACK + GUARD).unwrap();
            // The last one gets no guard, and no guard of another slot may reach into it.
            let slots: Vec<_> = (0..3).map(|index| region.slot(index)).collect();
            guard(&slots).unwrap();
            check(&slots);
            let (_reader, writer) = io::pipe().unwrap();
            assert!(is_readable(&writer, region.slot(3).limit()));
            // SAFETY: no goroutine uses the slots.
            unsafe { release(slots[0].limit(), slots[2].top) };
            check(&slots);
            // SAFETY: as above; they are not handed out.
            unsafe { region.unmap() };
        }
    }
}
