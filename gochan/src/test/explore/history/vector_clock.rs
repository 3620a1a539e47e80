//! Vector clocks.

/// For each goroutine, by number, how many of its steps come before. The number 0 is the clock.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::test::explore) struct VectorClock(Vec<u32>);

impl VectorClock {
    pub(in crate::test::explore) fn of(&self, goroutine: usize) -> u32 {
        self.0.get(goroutine).copied().unwrap_or(0)
    }

    pub(super) fn set(&mut self, goroutine: usize, steps: u32) {
        if self.0.len() <= goroutine {
            self.0.resize(goroutine + 1, 0);
        }
        self.0[goroutine] = steps;
    }

    /// The components in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> {
        self.0.iter().copied()
    }

    /// Takes the maximum of each component.
    pub(super) fn join(&mut self, other: &VectorClock) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        self.0.iter_mut().zip(&other.0).for_each(|(mine, other)| *mine = (*mine).max(*other));
    }
}

/// One vector clock over steps, and one over the steps that interleavings distinguish: see
/// [`Goroutine::continues`](super::Goroutine::continues).
#[derive(Debug, Clone, Default)]
pub(super) struct Clocks {
    pub(super) steps: VectorClock,
    pub(super) events: VectorClock,
}

impl Clocks {
    pub(super) fn join(&mut self, other: &Clocks) {
        self.steps.join(&other.steps);
        self.events.join(&other.events);
    }
}
