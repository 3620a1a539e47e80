//! Numbers for fair choices: fast, different on each thread, good enough to be fair.

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
        let mut word = state.get();
        if word == 0 {
            word = seed();
        }
        // Marsaglia's xorshift64: never zero if it was not.
        word ^= word << 13;
        word ^= word >> 7;
        word ^= word << 17;
        state.set(word);
        word
    })
}

/// Makes the numbers of this thread repeatable.
#[cfg(not(gochan_model))]
pub(crate) fn restart(seed: u64) {
    STATE.with(|state| state.set(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1));
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

/// In the model, chosen by the schedule, so that it can be replayed.
#[cfg(gochan_model)]
pub(crate) fn next() -> u64 {
    shuttle::rand::Rng::r#gen(&mut shuttle::rand::thread_rng())
}

/// A number below `bound`, which is not zero, taken from the high half of a random number.
#[inline]
pub(crate) fn below(word: u64, bound: u32) -> u32 {
    (((word >> 32) * u64::from(bound)) >> 32) as u32
}
