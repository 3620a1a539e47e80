//! Ways to put goroutines together that come up again and again.
//!
//! Each takes channels and returns channels, so they combine. Each takes a [`Context`] first and stops
//! when it ends; a context that never ends, [`background`](crate::context::background)`()`, is fine where the inputs close.
//!
//! **Nothing is left behind.** Every goroutine that these functions start ends, and closes what it sends to, when its
//! inputs are closed and drained, when the context ends, or when it finds that nobody can receive any more. The last
//! is seen when there is a value to pass on; and whoever ends so receives no more, which lets those before it end in
//! the same way. So it is enough to close the source, to end the context, or to drop the last output.
//!
//! Outputs are unbuffered: a value that was received has been asked for.
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
mod worker_pool;

pub use broadcast::broadcast;
pub use generate::generate;
pub use merge::merge;
pub use or_done::or_done;
pub use pipeline::{Pipeline, pipeline};
pub use tee::tee;
pub use worker_pool::worker_pool;

use crate::Context;
use crate::chan::{Receiver, Sender};

/// The next value; none if there will be none, or `ctx` has ended.
#[track_caller]
fn next<T>(ctx: &Context, input: &Receiver<T>) -> Option<T> {
    // A context that has ended counts for more than a value that waits, or has come since the look at the context.
    crate::select! {
        biased;
        <-ctx.done() => None,
        Some(value) = <-input else { None } => ctx.err().is_none().then_some(value),
    }
}

/// False if nobody can receive the value any more, or `ctx` has ended first.
#[track_caller]
fn pass<T>(ctx: &Context, output: &Sender<T>, value: T) -> bool {
    crate::select! {
        biased;
        <-ctx.done() => false,
        sent = output <- value => sent.is_ok(),
    }
}
