//! Operations on a nil channel: they wait, and only their own timeout ends the wait.

use super::channel::Place;
use crate::base::clock::deadline;
use crate::sched::park::{Parker, WaitReason};
use std::panic::Location;
use std::time::Duration;

/// Waits for ever, as every operation on a nil channel does.
#[cold]
pub(crate) fn park_for_ever(place: &'static Location<'static>, reason: WaitReason) -> ! {
    let parker = Parker::current();
    loop {
        parker.park_or_end(reason, place, || true);
    }
}

#[cold]
pub(super) fn nap(after: Duration, place: Place) {
    match deadline(after) {
        Some(deadline) => Parker::current().sleep_until(deadline, WaitReason::NilChannel, place),
        None => park_for_ever(place, WaitReason::NilChannel),
    }
}
