//! Operations on a nil channel: they wait, and nothing ends the wait but a limit of their own.

use super::core::Place;
use crate::sched::clock::deadline;
use crate::sched::park::{Parker, WaitReason};
use std::panic::Location;
use std::time::Duration;

/// Waits for ever, as every operation on a nil channel does.
#[cold]
pub(crate) fn park_for_ever(place: &'static Location<'static>, reason: WaitReason) -> ! {
    let parker = Parker::current();
    loop {
        parker.park(reason, place);
    }
}

#[cold]
pub(super) fn nap(after: Duration, place: Place) {
    match deadline(after) {
        Some(deadline) => Parker::current().sleep_until(deadline, WaitReason::NilChannel, place),
        None => park_for_ever(place, WaitReason::NilChannel),
    }
}
