//! Methods that contexts have elsewhere, by another name. They exist for the compiler's messages: their bounds never
//! hold, so they cannot be called. The lifetimes keep the compiler from reporting the bounds here.

use super::Context;
use crate::base::report::not_callable;

#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the root of all contexts is made by a function, not by the type",
    label = "write `background()`",
    note = "`gochan::context::background()`, which the prelude has, is Go's `context.Background()`"
)]
pub trait HasRoot {}

#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a context says by its error whether it has ended",
    label = "write `err().is_some()`",
    note = "`ctx.err()` is `None` until then; to leave with it, write `ctx.check()?`; to wait for it, receive from `ctx.done()`"
)]
pub trait HasEnded {}

impl Context {
    #[doc(hidden)]
    #[must_use]
    pub fn background<'a>() -> Context
    where
        &'a Self: HasRoot,
    {
        not_callable()
    }

    #[doc(hidden)]
    #[must_use]
    pub fn is_cancelled<'a>(&'a self) -> bool
    where
        &'a Self: HasEnded,
    {
        not_callable()
    }
}
