//! The channel that closes when a scope ends. The first call of `done` makes it.

use super::{Context, ContextError};
use crate::chan::{Chan, Receiver, Sender};
use crate::points;
use std::sync::OnceLock;

impl Context {
    /// A future that is ready when the context ends, with its error. For a context that never ends it never is.
    ///
    /// It may be polled by any executor, and by [`block_on`](crate::block_on). Dropping it early has no effect.
    ///
    /// ```
    /// use gochan::context::{ContextError, background};
    ///
    /// let (ctx, cancel) = background().with_cancel();
    /// let waiting = gochan::go!([ctx] { gochan::block_on(ctx.cancelled()) });
    /// cancel.cancel();
    /// assert_eq!(waiting.join().unwrap(), ContextError::Canceled);
    /// ```
    #[doc(alias("Done", "canceled"))]
    pub async fn cancelled(&self) -> ContextError {
        loop {
            self.done().recv_async().await;
            // The close and the end are one step.
            if let Some(error) = self.ended() {
                return error;
            }
        }
    }
}

/// Both halves, once they are made; nothing is ever sent. Reading them is one load.
pub(super) struct Done(OnceLock<(Sender<()>, Receiver<()>)>);

impl Drop for Done {
    fn drop(&mut self) {
        if points::are_due()
            && let Some(halves) = self.0.take()
        {
            // The scope has ended, so the channel is closed, and dropping it has no effect on others.
            points::hidden(|| drop(halves));
        }
    }
}

impl Done {
    pub(super) fn new() -> Done {
        Done(OnceLock::new())
    }

    #[inline]
    pub(super) fn receiver(&self) -> Option<&Receiver<()>> {
        self.0.get().map(|halves| &halves.1)
    }

    /// The half that closes the channel, if there is one.
    #[inline]
    pub(super) fn sender(&self) -> Option<&Sender<()>> {
        self.0.get().map(|halves| &halves.0)
    }

    /// Keeps `channel`, or returns it if there is one already. Called under the scope's lock, so that no thread waits.
    pub(super) fn make(&self, channel: Chan<()>) -> Option<Chan<()>> {
        if self.0.get().is_some() {
            return Some(channel);
        }
        let set = self.0.set(channel.split());
        debug_assert!(set.is_ok());
        None
    }
}
