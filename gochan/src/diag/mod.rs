//! Inspection of a running program from the side: profiles and leaks of goroutines.
//!
//! Everything here reads data that the scheduler keeps anyway, the [`Status`](crate::base::status::Status) of each
//! goroutine, while the goroutines go on. Nothing is stopped, and no goroutine does extra work. The scheduler's only
//! knowledge of this folder is that [`leaks`] are detected from the start, if the settings say so.

#[cfg(target_os = "linux")]
mod asleep;
pub(crate) mod deadlock;
pub(crate) mod dump;
mod finding;
mod json;
pub(crate) mod leaks;
mod location_key;
pub(crate) mod metrics;
pub(crate) mod monitor;
mod overflow;
#[cfg(feature = "pprof")]
mod pprof;
pub(crate) mod profile;
pub(crate) mod stacks;
mod tally;
pub(crate) mod trace;
