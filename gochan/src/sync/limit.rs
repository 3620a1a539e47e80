//! What ends a wait for a lock or a group early: a deadline, or the end of a context.

use crate::base::clock;
use crate::base::location::SourceLocation;
use crate::base::touch::Touch;
use crate::context::{Context, ContextError, EndOfWait};
use crate::points;
use crate::sched::park::{Parker, WaitReason};
use std::time::{Duration, Instant};

pub(super) enum Limit {
    /// No time at all: the operation looks, and does not wait.
    Now,
    At(Instant),
    End(EndOfWait),
}

impl Limit {
    /// None if the time is beyond the clock's range.
    pub(super) fn after(limit: Duration) -> Option<Limit> {
        if limit.is_zero() { Some(Limit::Now) } else { clock::deadline(limit).map(Limit::At) }
    }

    /// The limit of the operation `what`, whose point this is. None if the context never ends.
    ///
    /// # Errors
    /// The error of the context, if it has ended.
    pub(super) fn end_of(
        ctx: &Context,
        what: &'static str,
        place: SourceLocation,
    ) -> Result<Option<Limit>, ContextError> {
        if ctx.done().is_nil() {
            return Ok(None);
        }
        points::before(|| Touch::EVERYTHING, what, Some(place));
        Ok(EndOfWait::with(ctx, place)?.map(Limit::End))
    }

    /// The point of the operation `what`, which touches `touch`.
    pub(super) fn point_before(
        &self,
        touch: impl FnOnce() -> Touch,
        what: &'static str,
        place: SourceLocation,
    ) {
        if !matches!(self, Limit::End(_)) {
            points::before(touch, what, Some(place));
        }
    }

    pub(super) fn has_passed(&self) -> bool {
        match self {
            Limit::Now => true,
            Limit::At(deadline) => clock::now() >= *deadline,
            Limit::End(end) => end.has_come(),
        }
    }

    /// The error of the context that is the limit, and that has ended.
    pub(super) fn error(&self) -> ContextError {
        match self {
            Limit::Now | Limit::At(_) => ContextError::DeadlineExceeded,
            Limit::End(end) => end.error(),
        }
    }

    /// Sleeps until the owner is woken, or until the limit has passed and `withdraw` has returned true. False in the
    /// second case. `withdraw` takes the owner off the queue that it is in, under a spin lock; it returns false if that
    /// has been done, so that a wake will come.
    ///
    /// # Safety
    /// Any thread may call `withdraw` meanwhile.
    pub(super) unsafe fn park(
        &self,
        parker: &Parker,
        reason: WaitReason,
        place: SourceLocation,
        mut withdraw: impl FnMut() -> bool,
    ) -> bool {
        let mut left = false;
        let mut give_up = || {
            left = withdraw();
            left
        };
        match self {
            Limit::Now => {
                if !give_up() {
                    parker.park(reason, place);
                }
            }
            // Also if the time has passed by now: a loop of short waits lets others run.
            Limit::At(deadline) => parker.park_until(*deadline, reason, place, &mut give_up),
            // SAFETY: the caller's promise.
            Limit::End(end) => unsafe { end.park(parker, reason, place, &mut give_up) },
        }
        !left
    }
}
