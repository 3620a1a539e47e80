//! The first of the steps in [`super::engine`]: looking at one channel after the other.

use super::arm::Arm;
use super::choice::{Chosen, Order};
use crate::base::random;
use crate::base::touch::Touch;
use crate::chan::{Blocked, Place};
use crate::points;
use crate::sched::park::Completed;

/// Chooses an arm, looking at one channel at a time. `order` has all indices, and is left in the order drawn. `other`, which
/// is None before, is the other side, to be woken when the choice has been noted.
#[inline]
pub(super) fn poll(
    arms: &mut [Arm<'_>],
    order: &mut [u32],
    wanted: Order,
    place: Option<Place>,
    other: &mut Option<Completed>,
) -> Option<Chosen> {
    let draw = Draw { order: wanted };
    for turn in 0..arms.len() {
        let index = draw.next(order, turn);
        let arm = &mut arms[index];
        if !arm.looks_ready() {
            continue;
        }
        let Some(operation) = arm.active() else { continue };
        // SAFETY: the arm borrows the channel.
        if unsafe { operation.header() }.is_explored() && looks_at_one_instant(arms, index, wanted, place) {
            return None;
        }
        let arm = &mut arms[index];
        // SAFETY: the arm borrows the channel and the slot; the lock is taken and let go here.
        let attempted = unsafe {
            let head = operation.header();
            head.lock();
            let attempted = operation.attempt(arm.slot);
            head.unlock();
            attempted
        };
        match attempted {
            Ok(completed) => {
                arm.moved();
                if completed.is_some() {
                    *other = completed;
                }
                return Some(Chosen::moved(index));
            }
            Err(Blocked::Closed) if arm.closed() => return Some(Chosen::closed(index, arm)),
            Err(_) => {}
        }
    }
    None
}

/// In an exploration: lets others run before an arm is looked at. True if all arms are to be looked at together instead: in a
/// search through all interleavings, where nothing is to be left to a draw.
#[cold]
fn looks_at_one_instant(arms: &[Arm<'_>], index: usize, wanted: Order, place: Option<Place>) -> bool {
    let at_once = wanted == Order::Random && points::is_exhaustive();
    if at_once {
        points::before(|| touches(arms), "select", place);
    } else if let Some(operation) = arms[index].active() {
        // SAFETY: the arm borrows the channel.
        unsafe { operation.header() }.point_before("select", place);
    }
    at_once
}

/// What a select touches.
#[cold]
pub(super) fn touches(arms: &[Arm<'_>]) -> Vec<Touch> {
    let active = arms.iter().filter_map(Arm::active);
    // SAFETY: an arm borrows its channel.
    active.map(|operation| Touch::write(unsafe { operation.header() })).collect()
}

/// Draws arms without replacement, as far as they are asked for.
#[derive(Clone, Copy)]
pub(super) struct Draw {
    pub(super) order: Order,
}

impl Draw {
    /// The arm of turn number `turn`; `order` has the arms drawn before at its front.
    #[inline]
    pub(super) fn next(self, order: &mut [u32], turn: usize) -> usize {
        if self.order == Order::Source {
            return turn;
        }
        let left = (order.len() - turn) as u32;
        if left > 1 {
            order.swap(turn, turn + random::below(random::next(), left) as usize);
        }
        order[turn] as usize
    }
}
