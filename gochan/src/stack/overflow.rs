//! Distinguishing stack overflows from other segmentation faults.
//!
//! The handler runs on the faulting thread's alternate signal stack. It may only read: the table of [`regions`], and
//! the words that the scheduler keeps at the top of a slot. Other faults go to the handler that was installed before.

#[cfg(unix)]
mod faults;
mod regions;

pub(crate) use regions::segment_of;
#[allow(unused_imports, reason = "for the stacks of busy goroutines, which not all platforms show")]
pub(crate) use regions::slot_of;
pub(super) use regions::{unwatch, watch};

use super::Slot;
#[cfg(unix)]
pub(crate) use faults::{alternate_stack, install};

/// Called with the slot, and whether it is a segment. Never returns.
type Report = fn(Slot, bool) -> !;

/// There are no stacks that could overflow.
#[cfg(not(unix))]
pub(crate) fn install(_: Report) {}

#[cfg(not(unix))]
pub(crate) fn alternate_stack() {}
