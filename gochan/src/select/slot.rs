//! The memory that a waiting select shares with its channels.

use crate::base::waiter_memory::LINE;
use crate::chan::{Claim, Waiter};
use std::mem::MaybeUninit;
use std::ptr::NonNull;

/// Where the waiters of a select are, one for each arm, and what they share.
#[derive(Debug, Clone, Copy)]
pub(super) struct WaiterSlot {
    pub(super) claim: NonNull<Claim>,
    waiters: NonNull<Waiter>,
}

impl WaiterSlot {
    /// In memory of the caller's, as many waiters as there are arms.
    pub(super) fn of(claim: &mut MaybeUninit<Claim>, waiters: &mut [MaybeUninit<Waiter>]) -> WaiterSlot {
        WaiterSlot { claim: NonNull::from(claim).cast(), waiters: NonNull::from(waiters).cast() }
    }

    /// How many cache lines hold a slot.
    pub(super) const fn lines(arms: usize) -> usize {
        (WaiterSlot::WAITERS + arms * size_of::<Waiter>()).div_ceil(LINE)
    }

    /// Where in a run of cache lines the waiters begin, behind the claim.
    const WAITERS: usize = {
        assert!(align_of::<Claim>() <= LINE && align_of::<Waiter>() <= LINE);
        size_of::<Claim>().next_multiple_of(align_of::<Waiter>())
    };

    /// # Safety
    /// There are [`WaiterSlot::lines`] at `run`.
    #[inline]
    pub(super) unsafe fn in_lines(run: NonNull<u8>) -> WaiterSlot {
        // SAFETY: that is within the run.
        WaiterSlot { claim: run.cast(), waiters: unsafe { run.add(WaiterSlot::WAITERS) }.cast() }
    }

    /// The waiter of an arm.
    #[inline]
    pub(super) fn waiter(self, index: usize) -> *mut Waiter {
        self.waiters.as_ptr().wrapping_add(index)
    }
}
