//! Stacks for coroutines: guarded slots carved from a few large mappings.
//!
//! A goroutine owns a stack only from its first instruction to its last. So there are as many stacks as *started*
//! goroutines, and the next one starts on the stack that the last one has left warm.
//!
//! * [`region`] talks to the kernel: reserve a region, open its slots, give memory back.
//! * [`guards`] installs what faults below a slot, for good or for the turns of its goroutine only.
//! * [`pool`] hands slots out and takes them back; one pool per stack size, one per process for the default.
//! * [`overflow`] turns a touched guard into a report that names the goroutine.
//! * [`walk`] finds the functions with frames on a stack.
//!
//! A slot is `[guard][usable pages]`. Rust probes each page of a frame, so one guard page would be enough for Rust. C does
//! not, so the guard has to be as large as the frames that it is to stop. See [`guard()`].
//!
//! All sizes and addresses are multiples of the page size of the running kernel, which is asked for once ([`page()`]).

pub(crate) mod guards;
pub(crate) mod overflow;
pub(crate) mod pool;
pub(crate) mod region;
mod system;
pub(crate) mod walk;

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The smallest stack `Builder::stack_size` may ask for.
pub(crate) const MIN_STACK: usize = 16 * 1024;

/// The default stack size of a goroutine.
pub(crate) const DEFAULT_STACK: usize = 256 * 1024;

/// The least bytes below a stack that fault, so that only an unprobed frame larger than that can step over them.
const LEAST_GUARD: usize = 64 * 1024;

/// Stacks of up to this size are whole pages, those of larger ones come in [`STEPS`] per doubling.
const EXACT: usize = 64 * 1024;
const STEPS: usize = 4;

/// What follows from the page size of the running kernel. Zero until it is asked for.
static PAGE: AtomicUsize = AtomicUsize::new(0);
static GUARD: AtomicUsize = AtomicUsize::new(0);

/// The page size of the running kernel, the granularity of guards and stack sizes: 4, 16 or 64 KiB.
#[inline]
pub(crate) fn page() -> usize {
    match PAGE.load(Relaxed) {
        0 => ask_for_page(),
        page => page,
    }
}

#[cold]
fn ask_for_page() -> usize {
    let page = system::page_size();
    assert!(page.is_power_of_two(), "the system has pages of {page} bytes");
    GUARD.store(guard_for(page), Relaxed);
    PAGE.store(page, Relaxed);
    page
}

/// The bytes below a stack that fault.
#[inline]
pub(crate) fn guard() -> usize {
    match GUARD.load(Relaxed) {
        0 => guard_for(ask_for_page()),
        guard => guard,
    }
}

/// [`LEAST_GUARD`] and as many pages more as make the stride of the default size a number of pages that is odd and no
/// multiple of three. Odd: the translation caches of the CPU are indexed by page number, and so neighbouring stacks are in
/// different sets. No multiple of three: control blocks are at one of twelve places in their page, chosen by page number,
/// and so neighbours use all of them.
const fn guard_for(page: usize) -> usize {
    let pages = DEFAULT_STACK.div_ceil(page) + LEAST_GUARD.div_ceil(page);
    // The next number that leaves 1 or 5 when divided by six.
    let more = match pages % 6 {
        0 | 4 => 1,
        2 => 3,
        3 => 2,
        _ => 0,
    };
    (LEAST_GUARD.div_ceil(page) + more) * page
}

/// An exclusively owned stack: `limit..floor` faults, `floor..top` is memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slot {
    /// The highest address, exclusive; stacks grow down from it.
    pub(crate) top: usize,
    /// Bytes from the guard's first byte to `top`.
    pub(crate) stride: usize,
    /// Its guard faults only while a goroutine runs on it: see [`guards`]. Known of slots that come from a pool.
    pub(crate) borrows_guard: bool,
}

impl Slot {
    /// The lowest address of the slot, where its guard starts.
    #[inline]
    pub(crate) fn limit(self) -> usize {
        self.top - self.stride
    }

    /// The lowest address that is memory.
    #[inline]
    pub(crate) fn floor(self) -> usize {
        self.limit() + guard()
    }

    /// The bytes of memory.
    #[inline]
    pub(crate) fn usable(self) -> usize {
        self.stride - guard()
    }
}

/// Rounds a requested stack size up to a size that slots have. There are about a hundred of them up to 1 TiB, which
/// bounds the number of pools: each has regions and free slots of its own.
pub(crate) fn usable_size(requested: usize) -> usize {
    usable_size_for(requested, page())
}

fn usable_size_for(requested: usize, page: usize) -> usize {
    let bytes = requested.max(MIN_STACK);
    if bytes <= EXACT {
        return bytes.next_multiple_of(page);
    }
    let below: usize = 1 << (bytes - 1).ilog2();
    bytes.next_multiple_of((below / STEPS).max(page))
}

/// Locks `mutex`, poisoned or not, as `base::lock` does on the floor above.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const PAGES: [usize; 3] = [4 << 10, 16 << 10, 64 << 10];

    #[test]
    fn sizes_are_rounded_up_to_few_classes() {
        for page in PAGES {
            let mut classes = BTreeSet::new();
            let requested = (0..40).flat_map(|bits| {
                let power = 1_usize << bits;
                (0..64).flat_map(move |part| [power + power * part / 64, power + power * part / 64 + 1])
            });
            for bytes in requested.chain([1 << 40]) {
                let size = usable_size_for(bytes, page);
                assert!(
                    size >= bytes && size >= MIN_STACK && size.is_multiple_of(page),
                    "{bytes} becomes {size}"
                );
                assert!(size - bytes < (bytes / STEPS).max(MIN_STACK).max(page), "{bytes} becomes {size}");
                assert_eq!(usable_size_for(size, page), size);
                classes.insert(size);
            }
            assert!(classes.len() < 128, "{} classes", classes.len());
            assert_eq!(usable_size_for(DEFAULT_STACK, page), DEFAULT_STACK);
        }
    }

    #[test]
    fn neighbours_of_the_default_size_differ_in_set_and_place() {
        for page in PAGES {
            let guard = guard_for(page);
            assert!(guard >= LEAST_GUARD && guard.is_multiple_of(page), "{guard} bytes");
            let pages = (DEFAULT_STACK + guard) / page;
            assert!(!pages.is_multiple_of(2) && !pages.is_multiple_of(3), "{pages} pages of {page}");
        }
    }

    #[test]
    fn the_page_size_is_that_of_the_system() {
        assert!(PAGES.contains(&page()), "{} bytes", page());
        assert_eq!((guard() % page(), usable_size(1) % page()), (0, 0));
    }
}
