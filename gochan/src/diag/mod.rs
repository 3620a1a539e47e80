//! Seeing inside of a running program from the side: profiles and leaks of goroutines.
//!
//! Everything here reads what the scheduler keeps anyway, the [`Status`](crate::sched::status::Status) of each goroutine,
//! while the goroutines go on. Nothing is stopped, and no goroutine does anything for it. The scheduler knows of this
//! folder only that the [`leaks`] are to be watched from the beginning, if the settings say so.

mod json;
pub(crate) mod leaks;
mod place;
#[cfg(feature = "pprof")]
mod pprof;
pub(crate) mod profile;
mod tally;
