//! Stacks for coroutines: guarded slots carved from a few large mappings.
//!
//! A goroutine owns a stack only from its first instruction to its last, so stacks are counted by what has
//! *started*, not by what was spawned, and the next goroutine starts on the stack the last one left warm.
//!
//! * [`region`] talks to the kernel: reserve a region, guard its slots, give memory back.
//! * [`pool`] hands slots out and takes them back; one pool per stack size, one per process for the default.
//! * [`switch`] tells AddressSanitizer of switches between them.
//! * [`overflow`] turns a touched guard page into a report that names the goroutine.
//!
//! A slot is `[guard page][usable pages]` and the stride is therefore odd in pages for the default size: the
//! translation caches of the CPU, indexed by page number, see neighbouring stacks in different sets.

pub(crate) mod overflow;
pub(crate) mod pool;
pub(crate) mod region;
pub(crate) mod switch;

/// The granularity of guards and stack sizes.
pub(crate) const PAGE: usize = 4096;

/// The smallest stack `Builder::stack_size` may ask for.
pub(crate) const MIN_STACK: usize = 16 * 1024;

/// The stack of a goroutine when nobody says otherwise.
pub(crate) const DEFAULT_STACK: usize = 256 * 1024;

/// An exclusively owned stack: `limit..limit + PAGE` faults, `limit + PAGE..top` is memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slot {
    /// The highest address, exclusive; stacks grow down from it.
    pub(crate) top: usize,
    /// Bytes from the guard page's first byte to `top`.
    pub(crate) stride: usize,
}

impl Slot {
    /// The lowest address of the slot, where its guard page starts.
    pub(crate) fn limit(self) -> usize {
        self.top - self.stride
    }
}

/// Rounds a requested stack size to what a slot can offer.
pub(crate) fn usable_size(requested: usize) -> usize {
    requested.max(MIN_STACK).next_multiple_of(PAGE)
}
