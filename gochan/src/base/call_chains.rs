//! Chains of calls on the stacks of a worker's goroutines that have been looked at.
//!
//! A chain is recognised without a walk. The record of one has the position and the value of each return address, and it is
//! the same chain if the depth is the same and all of these words are. For the depth gives the position of the innermost
//! return address. A return address tells which function was interrupted and where, and by that how large its frame is, so
//! that it gives the position of the next one.
//!
//! The size of a frame varies only if the function aligns it to more than the stack is aligned to. Then words of an earlier
//! chain might be left at their old positions in frames that do not write there. A decision on which memory safety depends
//! walks the stack.

use crate::stack::walk::Frame;
use std::cell::{Cell, RefCell};
use std::ops::Range;

/// The chains of one worker.
#[derive(Default)]
pub(crate) struct CallChains {
    sets: RefCell<Vec<Set>>,
    /// The memory of the next record.
    spare: Cell<Vec<(usize, usize)>>,
}

/// Chains of one key and depth, most of the time: those of a loop over several operations.
#[derive(Debug)]
struct Set {
    chains: [CallChain; 8],
    /// The one to be replaced next.
    oldest: usize,
}

const SETS: usize = 16;
/// More frames than most chains have.
const DEPTH: usize = 64;

/// A chain that is being recorded, or has been.
#[derive(Debug)]
pub(crate) struct CallChain {
    /// Says what was looked for, and whereabouts.
    key: usize,
    /// The distance from the end of the stack to the local at which the record begins.
    depth: usize,
    /// The distance of each return address from the end of the stack, and its value.
    returns: Vec<(usize, usize)>,
    is_whole: bool,
}

impl CallChain {
    /// The next frame, outwards.
    pub(crate) fn push(&mut self, frame: Frame, stack: &Range<usize>) {
        const WORD: usize = size_of::<usize>();
        let returns_to = frame.address.wrapping_add(1);
        let below = self.returns.last().map_or(self.depth, |&(distance, _)| distance);
        if !self.is_whole || !stack.contains(&frame.top) || !frame.top.is_multiple_of(WORD) {
            self.is_whole = false;
            return;
        }
        // In the frame of the function that was called, and at its end on most processors.
        let mut distances = (stack.end - frame.top + WORD..=below).step_by(WORD);
        // SAFETY: the words are in frames of functions that have not returned, on the stack of the caller.
        let holds = |distance: &usize| unsafe { word(stack.end - distance) } == returns_to;
        match distances.find(holds) {
            Some(distance) => self.returns.push((distance, returns_to)),
            None => self.is_whole = false,
        }
    }
}

/// # Safety
/// The address is that of a word on the stack of the caller, in use.
#[cfg(not(gochan_asan))]
unsafe fn word(address: usize) -> usize {
    // SAFETY: as promised. Volatile, since it may be any function's memory.
    unsafe { (address as *const usize).read_volatile() }
}

/// As above. AddressSanitizer would report words between the locals of a function.
///
/// # Safety
/// As above.
#[cfg(gochan_asan)]
unsafe fn word(address: usize) -> usize {
    let word;
    // SAFETY: as promised.
    unsafe {
        #[cfg(target_arch = "x86_64")]
        std::arch::asm!("mov {}, [{}]", out(reg) word, in(reg) address, options(nostack, readonly, preserves_flags));
        #[cfg(target_arch = "aarch64")]
        std::arch::asm!("ldr {}, [{}]", out(reg) word, in(reg) address, options(nostack, readonly, preserves_flags));
    }
    word
}

impl CallChains {
    /// With its memory, if it is to be used at every switch: these then allocate nothing.
    pub(crate) fn new(is_used: bool) -> CallChains {
        let chains = CallChains::default();
        chains.prepare(is_used);
        chains
    }

    /// As [`new`](CallChains::new), after [`forget`](CallChains::forget).
    pub(crate) fn prepare(&self, is_used: bool) {
        if is_used {
            self.sets.replace(CallChains::sets());
            self.spare.set(Vec::with_capacity(DEPTH));
        }
    }

    fn sets() -> Vec<Set> {
        let chain = || CallChain { key: 0, depth: 0, returns: Vec::with_capacity(DEPTH), is_whole: false };
        (0..SETS).map(|_| Set { chains: [(); 8].map(|()| chain()), oldest: 0 }).collect()
    }

    /// A record that is to be filled with the frames above the local at `mark`.
    pub(crate) fn begin(&self, key: usize, mark: usize, stack: &Range<usize>) -> CallChain {
        let depth = stack.end.wrapping_sub(mark);
        let mut returns = self.spare.take();
        returns.clear();
        CallChain { key, depth, returns, is_whole: stack.contains(&mark) }
    }

    /// True if the chain above the local at `mark` has been remembered with this key.
    pub(crate) fn know(&self, key: usize, mark: usize, stack: &Range<usize>) -> bool {
        let depth = stack.end.wrapping_sub(mark);
        let chains = self.sets.borrow();
        let Some(set) = chains.get(place(key, depth)) else { return false };
        // SAFETY: the distances are less than the depth: the words are between the local and the end of the stack.
        let holds = |&(distance, value): &(usize, usize)| unsafe { word(stack.end - distance) } == value;
        stack.contains(&mark)
            && set.chains.iter().any(|chain| {
                chain.is_whole && chain.key == key && chain.depth == depth && chain.returns.iter().all(holds)
            })
    }

    pub(crate) fn remember(&self, mut chain: CallChain) {
        if !chain.is_whole || chain.returns.is_empty() {
            return;
        }
        let mut chains = self.sets.borrow_mut();
        if chains.is_empty() {
            *chains = CallChains::sets();
        }
        let set = &mut chains[place(chain.key, chain.depth)];
        std::mem::swap(&mut set.chains[set.oldest], &mut chain);
        set.oldest = (set.oldest + 1) % set.chains.len();
        self.spare.set(chain.returns);
    }

    /// Gives the memory back: the worker runs nothing any more.
    pub(crate) fn forget(&self) {
        self.sets.take();
        self.spare.take();
    }
}

fn place(key: usize, depth: usize) -> usize {
    const ODD: usize = super::random::GOLDEN as usize;
    ((key.wrapping_mul(ODD) ^ depth).wrapping_mul(ODD) >> (usize::BITS - 8)) % SETS
}

// Only without optimisation does each of the calls have a frame of its own.
#[cfg(all(
    test,
    debug_assertions,
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
mod tests {
    use super::*;
    use crate::stack::walk;
    use std::hint::black_box;

    const STACK: Range<usize> = 0..usize::MAX / 2;

    /// Whether the chain that leads here was known; it is afterwards.
    #[inline(never)]
    fn is_known(chains: &CallChains) -> bool {
        let mark = 0_u8;
        let mark = (&raw const mark).addr();
        if chains.know(1, mark, &STACK) {
            return true;
        }
        let mut chain = chains.begin(1, mark, &STACK);
        walk::frames_above(mark, STACK, |frame| {
            chain.push(frame, &STACK);
            true
        });
        assert!(chain.is_whole && chain.returns.len() > 3, "{chain:?}");
        chains.remember(chain);
        false
    }

    #[inline(never)]
    fn one(chains: &CallChains) -> bool {
        black_box(is_known(black_box(chains)))
    }

    #[inline(never)]
    fn other(chains: &CallChains) -> bool {
        black_box(is_known(black_box(chains)))
    }

    #[test]
    fn chains_of_equal_depth_from_one_place_are_told_apart() {
        let chains = CallChains::default();
        let calls: [fn(&CallChains) -> bool; 2] = [one, other];
        let known = [0, 0, 1, 1, 0].map(|which| calls[black_box(which)](&chains));
        assert_eq!(known, [false, true, false, true, true]);
    }
}
