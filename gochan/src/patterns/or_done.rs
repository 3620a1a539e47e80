use super::{next, pass};
use crate::Context;
use crate::chan::{Chan, Receiver};

/// The values from `input`, until it closes or `ctx` ends: makes a plain loop over a channel cancellable. One
/// goroutine; this call never blocks.
///
/// ```
/// use gochan::prelude::*;
/// use gochan::patterns::or_done;
///
/// let numbers = chan!(u32); // never closed
/// let (ctx, cancel) = background().with_cancel();
/// go!([numbers] { send!(numbers <- 1); cancel.cancel() });
/// for number in or_done(&ctx, numbers.receiver()) {
///     assert_eq!(number, 1);
/// }
/// ```
#[track_caller]
#[must_use]
pub fn or_done<T: Send + 'static>(ctx: &Context, input: Receiver<T>) -> Receiver<T> {
    let (output, receiver) = Chan::new().split();
    let ctx = ctx.clone();
    crate::spawn::start::go(
        move || while next(&ctx, &input).is_some_and(|value| pass(&ctx, &output, value)) {},
    );
    receiver
}
