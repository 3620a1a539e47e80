//! Conversion between contexts and the `CancellationToken` of `tokio-util`, in both directions.
//!
//! No thread and no goroutine waits for a token: the context registers a waker with it. A context from which tokens
//! were made has its own token, of which the others are children; so they leave nothing behind when they are dropped.

use super::source::{CancelSource, EndSignal};
use super::tree::CancelScope;
use super::{Context, ContextError};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Wake, Waker};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// With the feature `tokio-util`: the context ends with [`ContextError::Canceled`] before the call that cancels the
/// token returns.
impl CancelSource for CancellationToken {
    type Watch = TokenWatch;

    fn watch(self, end: EndSignal) -> TokenWatch {
        let mut cancelled = Box::pin(self.clone().cancelled_owned());
        let waker = Waker::from(Arc::new(WatchedToken { token: self, end: end.clone() }));
        if cancelled.as_mut().poll(&mut task::Context::from_waker(&waker)).is_ready() {
            end.end(ContextError::Canceled);
        }
        TokenWatch { _cancelled: cancelled }
    }
}

/// The registration with a token. Dropping it unregisters.
pub struct TokenWatch {
    /// Keeps the waker registered while it lives.
    _cancelled: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl fmt::Debug for TokenWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenWatch")
    }
}

struct WatchedToken {
    token: CancellationToken,
    end: EndSignal,
}

impl Wake for WatchedToken {
    /// May run under the lock of the token's parent, so it must not run the user's code.
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.token.is_cancelled() {
            self.end.end(ContextError::Canceled);
        }
    }
}

impl From<CancellationToken> for Context {
    /// With the feature `tokio-util`: [`Context::from_source`].
    ///
    /// ```
    /// use gochan::Context;
    /// use tokio_util::sync::CancellationToken;
    ///
    /// let token = CancellationToken::new();
    /// let ctx = Context::from(token.child_token());
    /// token.cancel();
    /// assert_eq!(ctx.err().unwrap().to_string(), "context canceled");
    /// ```
    fn from(token: CancellationToken) -> Context {
        Context::from_source(token)
    }
}

impl From<&Context> for CancellationToken {
    /// With the feature `tokio-util`: [`Context::to_cancellation_token`].
    fn from(context: &Context) -> CancellationToken {
        context.to_cancellation_token()
    }
}

impl Context {
    /// With the feature `tokio-util`: a token that is cancelled when this context ends, before the call that ends it
    /// returns. A cancelled token implies that the context has ended, unless the token itself was cancelled: that
    /// neither ends the context nor cancels its other tokens.
    ///
    /// The token does not keep the context alive: if the last handle of a context with a [source](Context::with_source)
    /// is dropped before its end, the token is cancelled then, just as [`done`](Context::done) closes.
    ///
    /// ```
    /// let (ctx, cancel) = gochan::context::background().with_cancel();
    /// let token = ctx.to_cancellation_token();
    /// assert!(!token.is_cancelled());
    /// cancel.cancel();
    /// assert!(token.is_cancelled());
    /// ```
    pub fn to_cancellation_token(&self) -> CancellationToken {
        self.scope_ref().map_or_else(CancellationToken::new, |scope| CancelScope::token(scope).child_token())
    }
}
