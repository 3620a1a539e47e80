use super::worker_pool;
use crate::Context;
use crate::chan::Receiver;

/// Begins a pipeline: values from `source` go through one stage after the other, all of which work at the same time.
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
#[must_use = "values flow only as far as somebody receives them: call `output`"]
pub struct Pipeline<T> {
    ctx: Context,
    output: Receiver<T>,
}

impl<T: Send + 'static> Pipeline<T> {
    /// Adds a stage: one goroutine that does `work` on each value, in order.
    #[track_caller]
    pub fn then<R, F>(self, work: F) -> Pipeline<R>
    where
        R: Send + 'static,
        F: Fn(T) -> R + Send + Sync + 'static,
    {
        self.then_parallel(1, work)
    }

    /// Adds a stage of `workers` goroutines, which is a [`worker_pool`]: values leave it as they are ready, in no
    /// order.
    ///
    /// # Panics
    /// If there are to be no workers.
    #[track_caller]
    pub fn then_parallel<R, F>(self, workers: usize, work: F) -> Pipeline<R>
    where
        R: Send + 'static,
        F: Fn(T) -> R + Send + Sync + 'static,
    {
        let output = worker_pool(&self.ctx, workers, self.output, work);
        Pipeline { ctx: self.ctx, output }
    }

    /// What comes out of the last stage.
    pub fn output(self) -> Receiver<T> {
        self.output
    }
}
