//! The addresses on one stack.

/// This many of the innermost functions are kept, and as many of the outermost.
const KEPT: usize = 64;
/// A walk ends after this many frames: a longer one would hold up the worker for more than a millisecond.
const WALKED: usize = 2000;

/// A stack that is being walked. Not on the heap.
pub(crate) struct Frames {
    count: usize,
    innermost: [usize; KEPT],
    /// The last ones, in a ring.
    outermost: [usize; KEPT],
}

/// A stack that has been walked: one address in each function, the innermost first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Walked {
    pub(crate) addresses: Box<[usize]>,
    /// The number of functions left out in the middle, after the `KEPT` innermost.
    pub(crate) left_out: usize,
    /// There are more functions.
    pub(crate) is_cut: bool,
}

impl Frames {
    pub(crate) const fn new() -> Frames {
        Frames { count: 0, innermost: [0; KEPT], outermost: [0; KEPT] }
    }

    /// True if it accepts another one.
    pub(crate) fn push(&mut self, address: usize) -> bool {
        match self.count.checked_sub(KEPT) {
            None => self.innermost[self.count] = address,
            Some(more) => self.outermost[more % KEPT] = address,
        }
        self.count += 1;
        self.count < WALKED
    }

    pub(crate) fn walked(&self) -> Walked {
        let mut addresses = self.innermost[..self.count.min(KEPT)].to_vec();
        let more = self.count.saturating_sub(KEPT);
        let oldest = more.saturating_sub(KEPT);
        addresses.extend((oldest..more).map(|index| self.outermost[index % KEPT]));
        Walked { addresses: addresses.into(), left_out: oldest, is_cut: self.count >= WALKED }
    }
}

impl Walked {
    /// The addresses before and after those left out.
    pub(crate) fn parts(&self) -> (&[usize], &[usize]) {
        self.addresses.split_at(self.addresses.len().min(KEPT))
    }
}

#[cfg(test)]
mod tests {
    use crate::diag::stacks::frames::*;

    fn walk(depth: usize) -> Walked {
        let mut frames = Frames::new();
        let mut address = 0;
        while address < depth && frames.push(address) {
            address += 1;
        }
        frames.walked()
    }

    #[test]
    fn a_shallow_stack_is_kept_whole() {
        for depth in [0, 1, KEPT, KEPT + 1, 2 * KEPT] {
            let walked = walk(depth);
            assert_eq!(*walked.addresses, *(0..depth).collect::<Vec<_>>());
            assert_eq!((walked.left_out, walked.is_cut), (0, false));
        }
    }

    #[test]
    fn a_deep_stack_keeps_its_ends() {
        for depth in [2 * KEPT + 1, 1000] {
            let walked = walk(depth);
            let (innermost, outermost) = walked.parts();
            assert_eq!(*innermost, *(0..KEPT).collect::<Vec<_>>());
            assert_eq!(*outermost, *(depth - KEPT..depth).collect::<Vec<_>>());
            assert_eq!((walked.left_out, walked.is_cut), (depth - 2 * KEPT, false));
        }
        assert!(walk(10_000).is_cut);
    }
}
