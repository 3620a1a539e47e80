//! Random numbers for fair choices: fast, different on each thread, and uniform enough to be fair.

#[cfg(not(gochan_model))]
use crate::own_tls::of_worker;
#[cfg(not(gochan_model))]
use std::cell::Cell;

#[cfg(not(gochan_model))]
crate::shim::thread_local! {
    static STATE: Cell<u64> = const { Cell::new(0) };
}

/// The next random number of this thread.
#[cfg(not(gochan_model))]
#[inline]
pub(crate) fn next() -> u64 {
    STATE.with(|state| {
        let state = of_worker(state);
        let mut word = state.get();
        if word == 0 {
            word = seed();
        }
        // Marsaglia's xorshift64: nonzero input gives nonzero output.
        word ^= word << 13;
        word ^= word >> 7;
        word ^= word << 17;
        state.set(word);
        word
    })
}

/// Seeds the numbers of this thread, to make them repeatable.
#[cfg(not(gochan_model))]
pub(crate) fn restart(seed: u64) {
    STATE.with(|state| of_worker(state).set(seed.wrapping_mul(GOLDEN) | 1));
}

#[cfg(gochan_model)]
pub(crate) fn restart(_: u64) {}

#[cfg(not(any(gochan_model, gochan_loom)))]
#[cold]
fn seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(std::thread::current().id()) | 1
}

/// Under loom every run of a model makes the same choices.
#[cfg(gochan_loom)]
fn seed() -> u64 {
    1
}

/// In a model the schedule chooses the number, so that it can be replayed.
#[cfg(gochan_model)]
pub(crate) fn next() -> u64 {
    shuttle::rand::Rng::r#gen(&mut shuttle::rand::thread_rng())
}

/// A number below `bound`, which is not zero, from the high half of a random number.
#[inline]
pub(crate) fn below(word: u64, bound: u32) -> u32 {
    (((word >> 32) * u64::from(bound)) >> 32) as u32
}

/// 2 to the power of 64, divided by the golden ratio, and odd: multiples of it are spread evenly.
pub(crate) const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// Mixes the bits of a word: the last step of SplitMix64.
pub(crate) fn mix(mut word: u64) -> u64 {
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// Numbers that a seed determines, by SplitMix64: any seed is as good as any other.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mix(self.0)
    }

    /// A number below `bound`, which is not zero.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (((self.next() >> 32) * bound as u64) >> 32) as usize
    }
}
