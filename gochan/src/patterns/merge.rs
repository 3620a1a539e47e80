use super::{next, pass};
use crate::Context;
use crate::chan::{Chan, Receiver};

/// One channel of the values from all `inputs`: fan-in. It closes when all inputs have closed.
///
/// The values of one input stay in order; those of different inputs are in no particular order. One goroutine for each
/// input; this call never blocks.
///
/// ```
/// use gochan::patterns::{generate, merge};
///
/// let ctx = gochan::context::background();
/// let mut all: Vec<u32> = merge(&ctx, [generate(&ctx, 0..3), generate(&ctx, 3..6)]).iter().collect();
/// all.sort();
/// assert_eq!(all, [0, 1, 2, 3, 4, 5]);
/// ```
#[doc(alias = "fan_in")]
#[track_caller]
pub fn merge<T: Send + 'static>(ctx: &Context, inputs: impl IntoIterator<Item = Receiver<T>>) -> Receiver<T> {
    let (output, receiver) = Chan::new().split();
    for input in inputs {
        let (ctx, output) = (ctx.clone(), output.clone());
        crate::spawn::start::go(
            move || while next(&ctx, &input).is_some_and(|value| pass(&ctx, &output, value)) {},
        );
    }
    receiver
}
