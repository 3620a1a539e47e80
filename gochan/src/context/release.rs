//! What `with_context!` expands to.

use super::{CancelHandle, Context};

/// The operand of `with_context!`: a context and its handle.
#[diagnostic::on_unimplemented(
    message = "`with_context!` needs a context and its handle, and this is a `{Self}`",
    label = "a `{Self}`, not a `(Context, CancelHandle)`",
    note = "both come from `with_cancel()`, `with_timeout(d)` or `with_deadline(t)` on a context, as in \
            `background().with_timeout(d)`"
)]
pub trait WithHandle {
    #[doc(hidden)]
    fn parts(self) -> (Context, CancelHandle);
}

impl WithHandle for (Context, CancelHandle) {
    #[inline]
    fn parts(self) -> (Context, CancelHandle) {
        self
    }
}

/// Cancels when it is dropped, even if there are other handles.
#[derive(Debug)]
pub struct Release(CancelHandle);

/// The context, and the guard that ends it with the block.
#[inline]
pub fn with_context<E: WithHandle>(source: E) -> (Context, Release) {
    let (context, handle) = source.parts();
    (context, Release(handle))
}

impl Release {
    /// A handle for the body.
    #[inline]
    pub fn handle(&self) -> CancelHandle {
        self.0.clone()
    }
}

impl Drop for Release {
    #[inline]
    fn drop(&mut self) {
        self.0.cancel_at_end();
    }
}
