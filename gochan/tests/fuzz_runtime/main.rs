//! A fuzzer of the runtime: random programs over the whole safe surface, with values, wakers, keys and closures that
//! panic or use the runtime again wherever it calls them.
//!
//! A run is a sequence of rounds. Each draws its rules and a crowd of goroutines and threads from a seed; these do
//! random operations on shared channels, futures, locks, contexts and timers. What must hold is counted and checked:
//! every value is dropped once, received once for each time it was sent, and in the order of its sender where that is
//! promised; a stopped function does not run; a lock excludes. The rounds run in child processes, so that a crash is
//! reported with the seed of its round.
//!
//! | variable | meaning |
//! |---|---|
//! | `GOCHAN_FUZZ_SECONDS` | how long to go on, 2 if not set |
//! | `GOCHAN_FUZZ_SEED` | the seed of the first round; without `GOCHAN_FUZZ_SECONDS`, that round again and again |
//! | `GOCHAN_FUZZ_REPEAT` | as `GOCHAN_FUZZ_SECONDS`, with the round of `GOCHAN_FUZZ_SEED` again and again |
//! | `GOCHAN_FUZZ_ONLY` | the subjects to draw operations from, such as `channels,select` |
//! | `GOCHAN_FUZZ_RULES` | the rules of every round, instead of drawn ones: of `strict,exact,panics,reenters,goexit` |
//!
//! The backend and the number of workers change from child to child, unless `GOCHAN_BACKEND` and `GOCHAN_MAXPROCS`
//! say what they are. `cargo xtask fuzz-runtime` runs it for longer, also under AddressSanitizer.
#![deny(unsafe_code, reason = "what safe code does is the point")]

mod channels;
mod context;
mod futures;
mod goroutines;
mod keyed;
mod lanes;
mod mischief;
mod process;
mod round;
mod select;
mod shelf;
mod sync;
mod timers;
mod values;
mod verdict;
mod wakers;
mod world;

#[test]
fn random_programs_break_nothing() {
    process::run();
}
