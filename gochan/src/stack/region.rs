//! Reserving, guarding and returning stack memory. The only place that asks the kernel for stacks.
//!
//! Guards are installed with `MADV_GUARD_INSTALL` where the kernel has it (Linux 6.13): a marker in the page
//! table, not a mapping of its own, so a million guarded stacks stay one mapping. Elsewhere `mprotect` does it,
//! at one mapping per stack and so within `vm.max_map_count`.

use super::{PAGE, Slot};
use std::io;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

const MADV_GUARD_INSTALL: libc::c_int = 102;
const MADV_POPULATE_WRITE: libc::c_int = 23;

/// How guards are installed on this kernel; found out by the first attempt.
static GUARD: AtomicU8 = AtomicU8::new(GUARD_BATCHED);
const GUARD_BATCHED: u8 = 0;
const GUARD_SINGLE: u8 = 1;
const GUARD_PROTECT: u8 = 2;

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

/// Installs the guard page of every slot; with `populate`, commits each top page in the same sweep, which costs
/// half of what a fault would cost later.
pub(crate) fn prepare(slots: &[Slot], populate: bool) -> io::Result<()> {
    for batch in slots.chunks(BATCH) {
        guard_batch(batch)?;
        if populate {
            // Only a saving: a kernel without it faults the pages in on first use.
            let _ = advise_all(batch, |slot| slot.top - PAGE, MADV_POPULATE_WRITE);
        }
    }
    Ok(())
}

const BATCH: usize = 64;

fn guard_batch(batch: &[Slot]) -> io::Result<()> {
    if GUARD.load(Relaxed) == GUARD_BATCHED {
        if advise_all(batch, Slot::limit, MADV_GUARD_INSTALL).is_ok() {
            return Ok(());
        }
        GUARD.store(GUARD_SINGLE, Relaxed);
    }
    batch.iter().try_for_each(|slot| guard_one(*slot))
}

fn guard_one(slot: Slot) -> io::Result<()> {
    let page = slot.limit() as *mut libc::c_void;
    if GUARD.load(Relaxed) == GUARD_SINGLE {
        // SAFETY: the page is the guard page of a slot that no goroutine runs on yet.
        if cfg!(target_os = "linux") && unsafe { libc::madvise(page, PAGE, MADV_GUARD_INSTALL) } == 0 {
            return Ok(());
        }
        GUARD.store(GUARD_PROTECT, Relaxed);
    }
    // SAFETY: as above.
    if unsafe { libc::mprotect(page, PAGE, libc::PROT_NONE) } == 0 {
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

/// One system call for the page at `address(slot)` of every slot of the batch.
#[cfg(target_os = "linux")]
fn advise_all(batch: &[Slot], address: impl Fn(Slot) -> usize, advice: libc::c_int) -> io::Result<()> {
    let mut pages = [libc::iovec { iov_base: std::ptr::null_mut(), iov_len: PAGE }; BATCH];
    for (page, slot) in pages.iter_mut().zip(batch) {
        page.iov_base = address(*slot) as *mut libc::c_void;
    }
    let Some(process) = own_process() else { return Err(io::ErrorKind::Unsupported.into()) };
    // SAFETY: every page belongs to a slot that no goroutine runs on yet.
    let done =
        unsafe { libc::syscall(libc::SYS_process_madvise, process, pages.as_ptr(), batch.len(), advice, 0) };
    if done == (batch.len() * PAGE) as libc::c_long { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(not(target_os = "linux"))]
fn advise_all(_: &[Slot], _: impl Fn(Slot) -> usize, _: libc::c_int) -> io::Result<()> {
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

/// Returns the memory of `start..end` to the kernel; guards stay, contents read as zero afterwards.
///
/// # Safety
/// The range covers whole free slots only.
pub(crate) unsafe fn release(start: usize, end: usize) {
    // SAFETY: by the caller's promise no live data is in the range. Guard markers and protections survive.
    unsafe { libc::madvise(start as *mut libc::c_void, end - start, libc::MADV_DONTNEED) };
}
