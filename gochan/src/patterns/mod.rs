//! Common ways to combine goroutines.
//!
//! Each function but [`watch()`], a value with observers, takes channels and returns channels, so they compose. Each takes a [`Context`] first and stops when it
//! ends; a context that never ends, [`background`](crate::context::background)`()`, suffices where the inputs close.
//!
//! ***No goroutine leaks.** Every goroutine that these functions start ends, and closes its output, when its inputs are
//! closed and drained, when the context ends, or when it finds that its output has no receivers left. It notices the
//! last when it has a value to send; it then drops its input, so the stage before it ends in the same way. So it is
//! enough to close the source, to end the context, or to drop the last output.
//!
//! Outputs are unbuffered: each goroutine holds at most one value that has not been received.
//!
//! ```
//! use gochan::prelude::*;
//! use gochan::patterns::{generate, merge, pipeline, worker_pool};
//!
//! let ctx = background();
//! let squares = worker_pool(&ctx, 4, generate(&ctx, 1..=10_u64), |n| n * n);
//! let cubes = pipeline(&ctx, generate(&ctx, 1..=10_u64)).then(|n| n * n * n).output();
//! assert_eq!(merge(&ctx, [squares, cubes]).iter().sum::<u64>(), 385 + 3025);
//! ```

mod broadcast;
mod generate;
mod merge;
mod or_done;
mod pipeline;
mod tee;
mod watch;
mod worker_pool;

pub use broadcast::broadcast;
pub use generate::generate;
pub use merge::merge;
pub use or_done::or_done;
pub use pipeline::{Pipeline, pipeline};
pub use tee::tee;
pub use watch::{Observer, Publisher, watch};
pub use worker_pool::worker_pool;

use crate::Context;
use crate::chan::{Receiver, Sender};

/// The next value; `None` if there is none left or `ctx` has ended.
#[track_caller]
fn next<T>(ctx: &Context, input: &Receiver<T>) -> Option<T> {
    // The end of the context takes priority over a value, even one that arrives after `done` was checked.
    crate::select! {
        biased;
        <-ctx.done() => None,
        Some(value) = <-input else { None } => ctx.err().is_none().then_some(value),
    }
}

/// Sends `value`. False if there are no receivers left, or `ctx` has ended first.
#[track_caller]
fn pass<T>(ctx: &Context, output: &Sender<T>, value: T) -> bool {
    crate::select! {
        biased;
        <-ctx.done() => false,
        sent = output <- value => sent.is_ok(),
    }
}
