//! Stacks for coroutines: guarded slots carved from a few large mappings.
//!
//! A goroutine owns a stack only from its first instruction to its last, so stacks are counted by what has
//! *started*, not by what was spawned, and the next goroutine starts on the stack the last one left warm.
//!
//! * [`region`] talks to the kernel: reserve a region, guard its slots, give memory back.
//! * [`pool`] hands slots out and takes them back; one pool per stack size, one per process for the default.
//! * [`switch`] tells AddressSanitizer of switches between them.
//! * [`overflow`] turns a touched guard into a report that names the goroutine.
//! * [`walk`] tells which functions have frames on one.
//!
//! A slot is `[guard][usable pages]`. Rust probes each page of a frame, so for Rust one guard page would do; C does
//! not, and the guard has to be as large as the frames that it is to stop. See [`GUARD`].

pub(crate) mod overflow;
pub(crate) mod pool;
pub(crate) mod region;
pub(crate) mod switch;
pub(crate) mod walk;

/// The granularity of guards and stack sizes.
pub(crate) const PAGE: usize = 4096;

/// The smallest stack `Builder::stack_size` may ask for.
pub(crate) const MIN_STACK: usize = 16 * 1024;

/// The stack of a goroutine when nobody says otherwise.
pub(crate) const DEFAULT_STACK: usize = 256 * 1024;

/// The bytes below a stack that fault: 64 KiB, so that only an unprobed frame larger than that can step over them, and
/// three pages more. These make the stride of the default size 83 pages. It has to be odd: the translation caches of the
/// CPU are indexed by page number, and so neighbouring stacks are in different sets. And it must not be a multiple of
/// three: control blocks are at one of twelve places in their page, chosen by page number, and so neighbours use all of
/// them.
pub(crate) const GUARD: usize = 64 * 1024 + 3 * PAGE;

/// Stacks of up to this size are whole pages, those of larger ones come in [`STEPS`] per doubling.
const EXACT: usize = 64 * 1024;
const STEPS: usize = 4;

/// An exclusively owned stack: `limit..floor` faults, `floor..top` is memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slot {
    /// The highest address, exclusive; stacks grow down from it.
    pub(crate) top: usize,
    /// Bytes from the guard's first byte to `top`.
    pub(crate) stride: usize,
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
        self.limit() + GUARD
    }

    /// The bytes of memory.
    #[inline]
    pub(crate) fn usable(self) -> usize {
        self.stride - GUARD
    }
}

/// Rounds a requested stack size up to a size that slots have. There are about a hundred of them up to 1 TiB, which
/// bounds the number of pools: each has regions and free slots of its own.
pub(crate) fn usable_size(requested: usize) -> usize {
    let bytes = requested.max(MIN_STACK);
    if bytes <= EXACT {
        return bytes.next_multiple_of(PAGE);
    }
    let below = 1 << (bytes - 1).ilog2();
    bytes.next_multiple_of(below / STEPS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn sizes_are_rounded_up_to_few_classes() {
        let mut classes = BTreeSet::new();
        let requested = (0..40).flat_map(|bits| {
            let power = 1_usize << bits;
            (0..64).flat_map(move |part| [power + power * part / 64, power + power * part / 64 + 1])
        });
        for bytes in requested.chain([1 << 40]) {
            let size = usable_size(bytes);
            assert!(
                size >= bytes && size >= MIN_STACK && size.is_multiple_of(PAGE),
                "{bytes} becomes {size}"
            );
            assert!(size - bytes < (bytes / STEPS).max(MIN_STACK), "{bytes} becomes {size}");
            assert_eq!(usable_size(size), size);
            classes.insert(size);
        }
        assert!(classes.len() < 128, "{} classes", classes.len());
        assert_eq!(usable_size(DEFAULT_STACK), DEFAULT_STACK);
    }

    #[test]
    fn neighbours_of_the_default_size_differ_in_set_and_place() {
        let pages = (DEFAULT_STACK + GUARD) / PAGE;
        assert!(!pages.is_multiple_of(2) && !pages.is_multiple_of(3), "{pages} pages");
    }
}
