//! A `select!` in code that is `unsafe` already, or that wants every `unsafe` explained.

#![deny(warnings, unsafe_op_in_unsafe_fn, unused_unsafe)]

use gochan::prelude::*;

/// # Safety
/// `job` can be read.
unsafe fn offer(tx: &Chan<i32>, job: *const i32) -> bool {
    // SAFETY: the caller says so.
    unsafe { select! { tx <- *job => true, default => false } }
}

fn main() {
    let tx = chan!(i32, 1);
    let job = 1;
    // SAFETY: it is a local variable.
    let offer = || unsafe { offer(&tx, &raw const job) };
    assert_eq!((offer(), offer()), (true, false));
}
