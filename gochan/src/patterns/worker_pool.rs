use super::next;
use crate::Context;
use crate::chan::{Chan, Receiver};
use std::sync::Arc;

/// Lets `workers` goroutines do `work` on what comes from `jobs`; their results come from the returned channel as they
/// are ready, in no order.
///
/// The channel closes when all jobs are done. When `ctx` ends, jobs that have begun are finished, and their results
/// dropped unless somebody is there to receive them. A panic in `work` is reported as any goroutine's and ends the worker that
/// it happens on; when the last one has ended so, the channel closes, and who sends jobs is told that nobody receives.
///
/// # Panics
/// If there are to be no workers.
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
        crate::sched::go(move || {
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
