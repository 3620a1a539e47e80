use super::broadcast;
use crate::Context;
use crate::chan::Receiver;

/// Two channels, each of which gets every value from `input`, in order: [`broadcast`](fn@broadcast) to two.
///
/// ```
/// use gochan::patterns::{generate, tee};
///
/// let ctx = gochan::context::background();
/// let (left, right) = tee(&ctx, generate(&ctx, 1..=3));
/// let sum = gochan::go!({ left.iter().sum::<i32>() });
/// assert_eq!(right.iter().product::<i32>(), 6);
/// assert_eq!(sum.join().unwrap(), 6);
/// ```
#[track_caller]
#[must_use]
pub fn tee<T: Clone + Send + 'static>(ctx: &Context, input: Receiver<T>) -> (Receiver<T>, Receiver<T>) {
    let mut outputs = broadcast(ctx, input, 2).into_iter();
    match (outputs.next(), outputs.next()) {
        (Some(left), Some(right)) => (left, right),
        _ => unreachable!("two were asked for"),
    }
}
