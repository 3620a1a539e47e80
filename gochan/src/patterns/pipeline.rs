use super::worker_pool;
use crate::Context;
use crate::chan::Receiver;

/// Begins a pipeline: values from `source` pass through its stages, which run concurrently.
///
/// ```
/// use gochan::patterns::{generate, pipeline};
///
/// let ctx = gochan::context::background();
/// let lengths = pipeline(&ctx, generate(&ctx, ["7", "8", "nine"]))
///     .then(|text| text.parse::<u32>().ok())
///     .then_parallel(4, |number| number.map_or(0, |n| n * n))
///     .output();
/// let mut lengths: Vec<u32> = lengths.iter().collect();
/// lengths.sort();
/// assert_eq!(lengths, [0, 49, 64]);
/// ```
pub fn pipeline<T: Send + 'static>(ctx: &Context, source: Receiver<T>) -> Pipeline<T> {
    Pipeline { ctx: ctx.clone(), output: source }
}

/// A pipeline to which stages can be added. See [`pipeline`].
#[derive(Debug, Clone)]
#[must_use = "values flow only if they are received: call `output`"]
pub struct Pipeline<T> {
    ctx: Context,
    output: Receiver<T>,
}

impl<T: Send + 'static> Pipeline<T> {
    /// Adds a stage: one goroutine that calls `work` for each value, in order. Never blocks.
    #[track_caller]
    pub fn then<R, F>(self, work: F) -> Pipeline<R>
    where
        R: Send + 'static,
        F: Fn(T) -> R + Send + Sync + 'static,
    {
        self.then_parallel(1, work)
    }

    /// Adds a stage of `workers` goroutines, a [`worker_pool`](fn@worker_pool): results leave it in no particular order. Never blocks.
    ///
    /// # Panics
    /// If `workers` is zero.
    #[track_caller]
    pub fn then_parallel<R, F>(self, workers: usize, work: F) -> Pipeline<R>
    where
        R: Send + 'static,
        F: Fn(T) -> R + Send + Sync + 'static,
    {
        let output = worker_pool(&self.ctx, workers, self.output, work);
        Pipeline { ctx: self.ctx, output }
    }

    /// The output of the last stage.
    #[must_use]
    pub fn output(self) -> Receiver<T> {
        self.output
    }
}
