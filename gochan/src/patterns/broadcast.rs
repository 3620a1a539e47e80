use super::next;
use crate::chan::{Chan, Receiver, Sender};
use crate::{Context, Select};

/// Returns `outputs` channels, each of which gets every value from `input`, in order.
///
/// A value is sent to all outputs before the next one is received, so the slowest receiver sets the pace. An output
/// whose receiver has been dropped is skipped. One goroutine; this call never blocks.
///
/// ```
/// use gochan::patterns::{broadcast, generate};
///
/// let ctx = gochan::context::background();
/// let sums: Vec<_> = broadcast(&ctx, generate(&ctx, 1..=4_u32), 3)
///     .into_iter()
///     .map(|numbers| gochan::go!({ numbers.iter().sum::<u32>() }))
///     .collect();
/// assert!(sums.into_iter().all(|sum| sum.join().unwrap() == 10));
/// ```
#[doc(alias = "fan_out")]
#[track_caller]
#[must_use]
pub fn broadcast<T: Clone + Send + 'static>(
    ctx: &Context,
    input: Receiver<T>,
    outputs: usize,
) -> Vec<Receiver<T>> {
    let (senders, receivers): (Vec<_>, Vec<_>) = (0..outputs).map(|_| Chan::new().split()).unzip();
    let ctx = ctx.clone();
    crate::spawn::start::go(move || serve(&ctx, &input, &senders));
    receivers
}

fn serve<T: Clone + Send>(ctx: &Context, input: &Receiver<T>, outputs: &[Sender<T>]) {
    if outputs.is_empty() {
        return;
    }
    let Some(first) = next(ctx, input) else { return };
    // The end of the context takes priority over an output that is ready.
    let mut select = Select::new().biased();
    let done = select.recv(ctx.done()).index();
    let arms: Vec<_> = outputs.iter().map(|output| select.send(output, first.clone())).collect();
    let mut open: Vec<_> = (0..arms.len()).collect();
    loop {
        // Outputs are served in the order in which they become ready.
        for _ in 0..open.len() {
            let ready = select.wait();
            let index = ready.index();
            if index == done {
                return;
            }
            let output = index - 1 - done;
            if ready.send(arms[output]).is_err() {
                select.remove(index);
                open.retain(|&other| other != output);
            }
        }
        if open.is_empty() {
            return;
        }
        let Some(value) = next(ctx, input) else { return };
        open.iter().for_each(|&output| select.refill(arms[output], value.clone()));
    }
}
