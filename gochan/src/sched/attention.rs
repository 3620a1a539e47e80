//! The one look that every operation takes before it goes its fast way: does anybody want something of it?
//!
//! That is so once there are explorations, in which others may run at every operation, and while some goroutine has kept
//! its worker to itself for long: it may be looking, in a loop, for what a neighbour is to do, and has others run
//! before it goes on. Go would interrupt it there, or anywhere else.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

const EXPLORED: u32 = 1 << 31;

/// `EXPLORED`, and how many long turns are known.
static ATTENTION: AtomicU32 = AtomicU32::new(0);

#[inline(always)]
pub(super) fn is_due() -> bool {
    ATTENTION.load(Relaxed) != 0
}

/// From now on, for the rest of the process.
pub(super) fn explorations_begin() {
    ATTENTION.fetch_or(EXPLORED, Relaxed);
}

pub(super) fn long_turn_begins() {
    ATTENTION.fetch_add(1, Relaxed);
}

pub(super) fn long_turn_ends() {
    ATTENTION.fetch_sub(1, Relaxed);
}
