use super::pass;
use crate::Context;
use crate::chan::{Chan, Receiver};

/// A channel of the items of `values`, in order; a source for the other patterns.
///
/// The iterator runs in a new goroutine, at the pace of the receiver. This call never blocks.
///
/// ```
/// let words = gochan::patterns::generate(&gochan::context::background(), ["share", "by", "communicating"]);
/// assert_eq!(words.iter().collect::<Vec<_>>().join(" "), "share by communicating");
/// ```
#[track_caller]
pub fn generate<I>(ctx: &Context, values: I) -> Receiver<I::Item>
where
    I: IntoIterator,
    I::IntoIter: Send + 'static,
    I::Item: Send + 'static,
{
    let (output, receiver) = Chan::new().split();
    let (ctx, mut values) = (ctx.clone(), values.into_iter());
    crate::spawn::start::go(move || {
        while ctx.err().is_none() && values.next().is_some_and(|value| pass(&ctx, &output, value)) {}
    });
    receiver
}
