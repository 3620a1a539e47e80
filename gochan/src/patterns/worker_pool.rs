use super::next;
use crate::Context;
use crate::chan::{Chan, Receiver};
use std::sync::Arc;

/// Runs `workers` goroutines that call `work` for each value from `jobs`. The returned channel yields the results, in
/// no particular order. This call never blocks.
///
/// The channel closes when all jobs are done. When `ctx` ends, running jobs finish, and their results are dropped
/// unless a receiver is waiting. A panic in `work` is reported and ends that worker. When the last worker is gone, the
/// results channel closes, and sending a job fails.
///
/// # Panics
/// If `workers` is zero.
///
/// ```
/// use gochan::patterns::{generate, worker_pool};
///
/// let ctx = gochan::context::background();
/// let lengths = worker_pool(&ctx, 2, generate(&ctx, ["a", "bb", "ccc"]), str::len);
/// assert_eq!(lengths.iter().sum::<usize>(), 6);
/// ```
#[track_caller]
pub fn worker_pool<J, R, F>(ctx: &Context, workers: usize, jobs: Receiver<J>, work: F) -> Receiver<R>
where
    J: Send + 'static,
    R: Send + 'static,
    F: Fn(J) -> R + Send + Sync + 'static,
{
    assert!(workers > 0, "a pool needs at least one worker");
    let (output, results) = Chan::new().split();
    let work = Arc::new(work);
    for _ in 0..workers {
        let (ctx, jobs, output, work) = (ctx.clone(), jobs.clone(), output.clone(), work.clone());
        crate::spawn::start::go(move || {
            while let Some(job) = next(&ctx, &jobs) {
                let result = work(job);
                // A waiting receiver gets the result, whether or not the context has ended.
                let passed = crate::select! {
                    biased;
                    sent = output <- result => sent.is_ok(),
                    <-ctx.done() => false,
                };
                if !passed {
                    return;
                }
            }
        });
    }
    results
}
