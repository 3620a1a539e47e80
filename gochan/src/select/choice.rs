//! What a select is to choose, and what it has chosen.

use super::arm::Arm;
use crate::chan::{Place, SendFailure};
use crate::points;
use crate::sched::here;
use crate::sched::park::Completed;

/// Which of several ready arms is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Any of them, with the same probability.
    Random,
    /// The first: the select is biased.
    Source,
}

/// What to do when no arm is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfBlocked {
    /// Wait for one.
    Wait,
    /// There is a `default`.
    Default,
    /// Wait, unless all arms are off: there is an `else`.
    Else,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Mode {
    pub(super) order: Order,
    pub(super) if_blocked: IfBlocked,
}

impl Mode {
    #[inline]
    pub(super) fn has_default(self) -> bool {
        self.if_blocked == IfBlocked::Default
    }
}

/// The arm that a select has chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chosen {
    index: u32,
    end: End,
}

/// How a select ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum End {
    /// A value has moved.
    Moved,
    /// The channel is closed.
    Closed,
    /// A send failed because no receiver is left.
    Abandoned,
    /// By `default` or `else`.
    Fallback,
}

impl Chosen {
    /// The number of the arm; the number of all arms for `default` and `else`.
    #[inline]
    pub fn index(self) -> usize {
        self.index as usize
    }

    #[inline]
    pub(super) fn moved(index: usize) -> Chosen {
        Chosen { index: index as u32, end: End::Moved }
    }

    pub(super) fn closed(index: usize, arm: &Arm<'_>) -> Chosen {
        Chosen { index: index as u32, end: if arm.is_abandoned() { End::Abandoned } else { End::Closed } }
    }

    /// `default` or `else`, after `arms` arms.
    #[inline]
    pub(super) fn fallback(arms: usize) -> Chosen {
        Chosen { index: arms as u32, end: End::Fallback }
    }

    #[inline]
    pub(super) fn is_moved(self) -> bool {
        self.end == End::Moved
    }

    #[inline]
    pub(super) fn is_fallback(self) -> bool {
        self.end == End::Fallback
    }

    /// Of a send that failed.
    #[inline]
    pub(super) fn send_failure(self) -> SendFailure {
        match self.end {
            End::Abandoned => SendFailure::Abandoned,
            _ => SendFailure::Closed,
        }
    }
}

/// The end of a choice that has been noted: wakes the other side, and lets others run now and then. A select with `default`
/// never waits, and lets others run only if its turn has been a long one.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn conclude(completed: Option<Completed>, if_blocked: IfBlocked, place: Place) {
    if let Some(completed) = completed {
        completed.wake();
    }
    match if_blocked {
        IfBlocked::Wait | IfBlocked::Else => here::spend(),
        IfBlocked::Default => points::after_poll("select", place),
    }
}
