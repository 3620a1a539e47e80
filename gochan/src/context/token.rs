//! Contexts and the `CancellationToken` of `tokio-util`, in either direction.
//!
//! No thread and no goroutine waits for a token: the context has a waker registered with it. And a context that tokens
//! were asked of has one of its own, whose children they are; so they leave nothing behind when they go.

use super::source::{CancelSource, EndSignal};
use super::tree::Scope;
use super::{Context, ContextError};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Wake, Waker};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// With the feature `tokio-util`: the context ends, as cancelled, before the call that cancels the token returns.
impl CancelSource for CancellationToken {
    type Watch = TokenWatch;

    fn watch(self, end: EndSignal) -> TokenWatch {
        let mut cancelled = Box::pin(self.clone().cancelled_owned());
        let waker = Waker::from(Arc::new(Watching { token: self, end: end.clone() }));
        if cancelled.as_mut().poll(&mut task::Context::from_waker(&waker)).is_ready() {
            end.end(ContextError::Canceled);
        }
        TokenWatch { _cancelled: cancelled }
    }
}

/// The registration with a token.
pub struct TokenWatch {
    /// Has the waker registered for as long as it lives.
    _cancelled: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl fmt::Debug for TokenWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenWatch")
    }
}

struct Watching {
    token: CancellationToken,
    end: EndSignal,
}

impl Wake for Watching {
    /// Runs under the lock of the token's parent, if it was cancelled through that: no code of the user may run here.
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
    /// returns; whoever finds it cancelled finds that the context has ended. Cancelling the token does not end the context,
    /// nor does it cancel the other tokens of it.
    ///
    /// The token does not keep the context: should the last handle of a context with a
    /// [source](Context::with_source) go before its end, the token is cancelled then, as [`done`](Context::done) is
    /// closed.
    ///
    /// ```
    /// let (ctx, cancel) = gochan::context::background().with_cancel();
    /// let token = ctx.to_cancellation_token();
    /// assert!(!token.is_cancelled());
    /// cancel.cancel();
    /// assert!(token.is_cancelled());
    /// ```
    pub fn to_cancellation_token(&self) -> CancellationToken {
        self.scope_ref().map_or_else(CancellationToken::new, |scope| Scope::token(scope).child_token())
    }
}
