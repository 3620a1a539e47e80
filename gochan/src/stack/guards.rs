//! What faults below a stack: a guard of its own, or one that it borrows while a goroutine runs on it.
//!
//! A guard is installed with `MADV_GUARD_INSTALL` where the kernel has it (Linux 6.13): markers in the page table, eight
//! bytes a page, and no mapping of their own, so a million guarded stacks stay one mapping. Elsewhere `mprotect` does it,
//! which splits the mapping around it: two mappings for each stack, of which a Linux process has `vm.max_map_count`, 65,530
//! by default.
//!
//! So where the kernel has no markers, as many stacks have guards of their own as half of the mappings suffice for, which
//! is 16,382, or as the kernel gives. The others borrow one. A stack can overflow only while its goroutine runs, and at any
//! time a worker runs one goroutine: [`lend`] is called before each turn. It moves the guard that has been lent for longest
//! to the slot, unless that has one still. What it costs, two system calls, is paid by turns on stacks that are many and
//! have not run for long.
//!
//! A guard is taken away only from a slot that no worker has as its last one and that is not held ([`hold`]), so that no
//! goroutine runs without one.

use super::system::{self, Access};
use super::{Slot, guard, lock, page};
use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicU8, Ordering::Relaxed};
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

/// What the kernel is advised to do.
type Advice = std::ffi::c_int;
const MADV_GUARD_INSTALL: Advice = 102;
const MADV_POPULATE_WRITE: Advice = 23;
/// The slots of one system call.
const BATCH: usize = 64;

/// How guards are installed on this kernel, which the first attempt finds out.
static WAY: AtomicU8 = AtomicU8::new(BATCHED);
const BATCHED: u8 = 0;
const SINGLE: u8 = 1;
const PROTECT: u8 = 2;

/// The guards by `mprotect` that slots may still have for good.
static LEFT: LazyLock<AtomicIsize> = LazyLock::new(|| AtomicIsize::new((mappings() / 4).cast_signed()));
/// The most that are lent at once, with those of running goroutines if these are more.
static MOST_LENT: LazyLock<usize> = LazyLock::new(|| (mappings() / 32).clamp(16, 4096));

/// Some slot borrows its guard.
static ARE_LENT: AtomicBool = AtomicBool::new(false);
static LOANS: LazyLock<Mutex<Loans>> = LazyLock::new(Mutex::default);

/// The mappings that the process may have.
fn mappings() -> usize {
    const USUAL: usize = 65_530;
    if cfg!(not(target_os = "linux")) {
        return usize::MAX;
    }
    let text = std::fs::read_to_string("/proc/sys/vm/max_map_count").ok();
    text.and_then(|text| text.trim().parse().ok()).unwrap_or(USUAL)
}

/// Makes sure of the guard of every slot, or has the slot borrow one; with `populate`, commits each top page in the same
/// sweep, which costs half of what a fault would cost later.
pub(super) fn prepare(slots: &mut [Slot], populate: bool) {
    for batch in slots.chunks_mut(BATCH) {
        guard_batch(batch);
        if populate {
            // An optimisation only: without it, the first use faults the pages in.
            let _ = advise_all(batch, |slot| slot.top - page(), page(), MADV_POPULATE_WRITE);
        }
    }
}

fn guard_batch(batch: &mut [Slot]) {
    if WAY.load(Relaxed) == BATCHED {
        match advise_all(batch, Slot::limit, guard(), MADV_GUARD_INSTALL) {
            Ok(()) => return,
            Err(error) if passes(&error) => {}
            Err(_) => WAY.store(SINGLE, Relaxed),
        }
    }
    for slot in batch {
        if !guard_one(*slot) {
            slot.borrows_guard = true;
            ARE_LENT.store(true, Relaxed);
        }
    }
}

fn guard_one(slot: Slot) -> bool {
    if WAY.load(Relaxed) != PROTECT {
        match mark(slot) {
            Ok(()) => return true,
            Err(error) if passes(&error) => {}
            Err(_) => WAY.store(PROTECT, Relaxed),
        }
    }
    if LEFT.fetch_sub(1, Relaxed) > 0 && protect(slot.limit(), Access::NONE).is_ok() {
        return true;
    }
    LEFT.fetch_add(1, Relaxed);
    false
}

/// Installs markers in the page table.
#[cfg(target_os = "linux")]
fn mark(slot: Slot) -> io::Result<()> {
    // SAFETY: the guard of a slot that no goroutine runs on yet.
    match unsafe { libc::madvise(slot.limit() as *mut libc::c_void, guard(), MADV_GUARD_INSTALL) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(not(target_os = "linux"))]
fn mark(_: Slot) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// True if the kernel knows the call and may grant it another time.
fn passes(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::OutOfMemory | io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}

/// The slots of the range are unmapped. `own` of them had guards for good.
pub(super) fn forget(range: Range<usize>, own: usize) {
    if WAY.load(Relaxed) == PROTECT {
        LEFT.fetch_add(own.cast_signed(), Relaxed);
    }
    if are_lent() {
        lock(&LOANS).forget(range);
    }
}

/// True if some slot borrows its guard, so that [`lend`] is to be called before each turn.
#[inline]
pub(crate) fn are_lent() -> bool {
    ARE_LENT.load(Relaxed)
}

/// Makes sure that `slot` has a guard until the worker of that number runs a goroutine on another slot.
#[cold]
#[inline(never)]
pub(crate) fn lend(slot: Slot, worker: usize) {
    if slot.borrows_guard {
        insist(|loans| {
            loans.last.insert(worker, slot.limit());
            loans.lend(slot.limit(), *MOST_LENT)
        });
    }
}

/// Makes sure that `slot` has a guard until [`release_hold`].
pub(crate) fn hold(slot: Slot) {
    if slot.borrows_guard {
        insist(|loans| {
            loans.held.insert(slot.limit());
            loans.lend(slot.limit(), *MOST_LENT)
        });
    }
}

pub(crate) fn release_hold(slot: Slot) {
    if slot.borrows_guard {
        lock(&LOANS).held.remove(&slot.limit());
    }
}

/// Until the kernel has a mapping for it: other threads may have taken the one that has just become free.
fn insist(mut attempt: impl FnMut(&mut Loans) -> io::Result<()>) {
    while attempt(&mut lock(&LOANS)).is_err() {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// As a set without a random state, which would be a thread-local.
type Hash = BuildHasherDefault<DefaultHasher>;

/// Slots by their lowest address.
#[derive(Debug, Default)]
struct Loans {
    /// Those that have a borrowed guard, the one that has had it for longest first.
    lent: VecDeque<usize>,
    is_lent: HashSet<usize, Hash>,
    /// The last slot of each worker that borrows.
    last: HashMap<usize, usize, Hash>,
    held: HashSet<usize, Hash>,
}

impl Loans {
    /// Gives the slot a guard unless it has one. At most `most` are lent, but for those that are in use.
    fn lend(&mut self, limit: usize, most: usize) -> io::Result<()> {
        if self.is_lent.contains(&limit) {
            return Ok(());
        }
        while self.lent.len() >= most && self.take_one_back()? {}
        while let Err(error) = protect(limit, Access::NONE) {
            if !self.take_one_back()? {
                return Err(error);
            }
        }
        self.lent.push_back(limit);
        self.is_lent.insert(limit);
        Ok(())
    }

    /// False if all are in use.
    fn take_one_back(&mut self) -> io::Result<bool> {
        let is_used =
            |limit: &usize| self.held.contains(limit) || self.last.values().any(|last| last == limit);
        let Some(index) = self.lent.iter().position(|limit| !is_used(limit)) else { return Ok(false) };
        let limit = self.lent[index];
        protect(limit, Access::ALL)?;
        self.lent.remove(index);
        self.is_lent.remove(&limit);
        Ok(true)
    }

    fn forget(&mut self, range: Range<usize>) {
        self.lent.retain(|limit| !range.contains(limit));
        self.is_lent.retain(|limit| !range.contains(limit));
        self.last.retain(|_, limit| !range.contains(limit));
    }
}

fn protect(limit: usize, access: Access) -> io::Result<()> {
    // SAFETY: the guard of a slot that no goroutine runs on; nothing is ever kept there.
    unsafe { system::protect(limit..limit + guard(), access) }
}

/// One system call for the `bytes` at `address(slot)` of every slot of the batch.
#[cfg(target_os = "linux")]
fn advise_all(
    batch: &[Slot],
    address: impl Fn(Slot) -> usize,
    bytes: usize,
    advice: Advice,
) -> io::Result<()> {
    let mut ranges = [libc::iovec { iov_base: std::ptr::null_mut(), iov_len: bytes }; BATCH];
    for (range, slot) in ranges.iter_mut().zip(batch) {
        range.iov_base = address(*slot) as *mut libc::c_void;
    }
    let Some(process) = own_process() else { return Err(io::ErrorKind::Unsupported.into()) };
    // SAFETY: every range belongs to a slot that no goroutine runs on yet.
    let done =
        unsafe { libc::syscall(libc::SYS_process_madvise, process, ranges.as_ptr(), batch.len(), advice, 0) };
    match usize::try_from(done) {
        Ok(done) if done == batch.len() * bytes => Ok(()),
        // Some of it: the rest is tried one by one.
        Ok(_) => Err(io::ErrorKind::WouldBlock.into()),
        Err(_) => Err(io::Error::last_os_error()),
    }
}

#[cfg(not(target_os = "linux"))]
fn advise_all(_: &[Slot], _: impl Fn(Slot) -> usize, _: usize, _: Advice) -> io::Result<()> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::region::{Region, release};
    use crate::stack::{MIN_STACK, usable_size};

    /// True if the kernel can read the byte at `address`.
    fn is_readable(pipe: &io::PipeWriter, address: usize) -> bool {
        use std::os::fd::AsRawFd;
        // SAFETY: the kernel checks the address, and reports EFAULT if there is no memory.
        let written = unsafe { libc::write(pipe.as_raw_fd(), address as *const libc::c_void, 1) };
        if written == 1 {
            return true;
        }
        assert_eq!(io::Error::last_os_error().raw_os_error(), Some(libc::EFAULT));
        false
    }

    fn check(slots: &[Slot]) {
        for slot in slots {
            // A pipe has room for a byte of each page of the smallest size.
            let (_reader, writer) = io::pipe().unwrap();
            for address in (slot.limit()..slot.top).step_by(page()) {
                let ends = [address, address + page() - 1].map(|address| is_readable(&writer, address));
                assert_eq!(ends, [address >= slot.floor(); 2], "{:#x} of {slot:x?}", address - slot.limit());
            }
        }
    }

    fn region(slots: usize) -> Region {
        let region = Region::reserve(slots, usable_size(MIN_STACK) + guard()).unwrap();
        region.open(0..slots).unwrap();
        region
    }

    #[test]
    fn a_guard_is_no_memory_and_the_rest_of_a_slot_is() {
        type Way = fn(&mut [Slot]);
        let ways: [Way; 2] = [
            |slots| prepare(slots, true),
            |slots| slots.iter().for_each(|slot| protect(slot.limit(), Access::NONE).unwrap()),
        ];
        for way in ways {
            let region = region(4);
            // The last one gets no guard, and no guard of another slot may reach into it.
            let mut slots: Vec<_> = (0..3).map(|index| region.slot(index)).collect();
            way(&mut slots);
            check(&slots);
            let (_reader, writer) = io::pipe().unwrap();
            assert!(is_readable(&writer, region.slot(3).limit()));
            // SAFETY: no goroutine uses the slots.
            unsafe { release(&slots).unwrap() };
            check(&slots);
            // SAFETY: as above; they are not handed out.
            unsafe { region.unmap() };
        }
    }

    #[test]
    fn a_guard_is_lent_to_what_runs_and_taken_from_what_does_not() {
        const MOST: usize = 3;
        let region = region(8);
        let slots: Vec<_> = (0..8).map(|index| region.slot(index)).collect();
        let (_reader, writer) = io::pipe().unwrap();
        let has_guard = |slot: Slot| !is_readable(&writer, slot.limit());
        let mut loans = Loans::default();
        let mut run = |worker: usize, index: usize| {
            loans.last.insert(worker, slots[index].limit());
            loans.lend(slots[index].limit(), MOST).unwrap();
        };
        run(0, 0);
        for index in 1..8 {
            run(1, index);
            // What the other worker runs keeps its guard, however long ago it began.
            assert!(has_guard(slots[0]) && has_guard(slots[index]));
            let guarded = slots.iter().filter(|slot| has_guard(**slot)).count();
            assert_eq!(guarded, (index + 1).min(MOST));
        }
        // It gets another one for its next turn.
        run(0, 1);
        check(&[slots[1], slots[7]]);
        loans.forget(region.range());
        assert!(loans.lent.is_empty() && loans.is_lent.is_empty());
        // SAFETY: no goroutine uses the slots.
        unsafe { region.unmap() };
    }

    #[test]
    fn more_run_at_once_than_guards_are_to_be_lent() {
        let region = region(4);
        let mut loans = Loans::default();
        for worker in 0..4 {
            let slot = region.slot(worker);
            loans.last.insert(worker, slot.limit());
            loans.lend(slot.limit(), 1).unwrap();
        }
        check(&[region.slot(0), region.slot(1), region.slot(2), region.slot(3)]);
        // SAFETY: no goroutine uses the slots.
        unsafe { region.unmap() };
    }
}
