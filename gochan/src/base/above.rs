//! Calls from the lower floors to the floors above them.
//!
//! A floor names only those below it. Where the scheduler must call upwards, such as to start the monitor, the call is a
//! method of a trait that is declared here and implemented above, for [`Above`]. The compiler resolves it, so it costs what
//! a direct call costs.

use super::placement::Placement;
use std::panic::Location;

/// Implements the traits of this module.
pub(crate) struct Above;

/// The modules that look in from the side. Implemented in `diag`.
pub(crate) trait Watch {
    /// The settings are known, and the first worker is about to be created.
    fn workers_will_start();

    /// Workers have been created, and none of them runs: the process's, or those of a test.
    fn workers_made();

    /// The process's workers have been started.
    fn workers_started();

    /// A goroutine of `Backend::Threads` is about to start.
    fn threads_start();

    /// The main goroutine has called `goexit`: the program ends when all other goroutines wait.
    fn main_has_left() -> !;
}

/// Locks and their holders. Implemented in `knots`.
pub(crate) trait Held {
    /// Goroutine `id` has ended and left a lock locked.
    fn ended_holding(id: u64);
}

/// Calls of `blocking`. Implemented in `spawn`.
pub(crate) trait Calls {
    /// The goroutine that waits for the call that this thread makes.
    fn caller_id() -> Option<u64>;

    /// The number of calls accepted and not finished.
    fn pending_calls() -> usize;

    /// Makes the threads that wait for a call end now. True if there were any.
    fn end_idle_callers() -> bool;
}

/// Spawning. Implemented in `spawn`.
pub(crate) trait Launch {
    /// Spawns a goroutine that nothing joins.
    fn launch<F: FnOnce() + Send + 'static>(placement: Placement, site: &'static Location<'static>, f: F);
}

/// The state of all goroutines as text. Implemented in `diag`.
pub(crate) trait Dump {
    fn dump() -> String;
}
