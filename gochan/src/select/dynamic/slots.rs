//! Where the values of the operations are.

use super::super::arm::{RecvSlot, SendSlot};
use crate::chan::Operation;
use std::ptr::NonNull;

/// A slot of a type that only its token knows.
pub(super) trait Slot {
    /// Drops what was received.
    fn discard(&mut self);
    /// Gives what was received back to the channel.
    fn give_back(&mut self, operation: Operation);
}

impl<T> Slot for RecvSlot<T> {
    fn discard(&mut self) {
        drop(self.take_out());
    }

    fn give_back(&mut self, operation: Operation) {
        if let Some(value) = self.take_out() {
            // SAFETY: the arm with this slot receives from a channel of `T`, which it borrows.
            unsafe { operation.give_back(value) };
        }
    }
}

impl<T> Slot for SendSlot<T> {
    fn discard(&mut self) {}

    fn give_back(&mut self, _: Operation) {}
}

/// A slot on the heap, which others write to while the set waits.
pub(super) struct BoxedSlot<'a>(NonNull<dyn Slot + 'a>);

impl<'a> BoxedSlot<'a> {
    pub(super) fn new<S: Slot + 'a>(slot: S) -> BoxedSlot<'a> {
        let slot: Box<dyn Slot + 'a> = Box::new(slot);
        BoxedSlot(NonNull::from(Box::leak(slot)))
    }

    /// As the type it was made with.
    pub(super) fn as_type<S>(&self) -> *mut S {
        self.0.as_ptr().cast()
    }

    pub(super) fn get(&mut self) -> &mut (dyn Slot + 'a) {
        // SAFETY: owned by this; no operation waits with it while the set is used.
        unsafe { self.0.as_mut() }
    }
}

impl Drop for BoxedSlot<'_> {
    fn drop(&mut self) {
        // SAFETY: from a box, which ends here.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}
