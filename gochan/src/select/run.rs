//! Running the select that a `select!` has set up on its stack.

use super::arm::Arm;
use super::choice::{Chosen, IfBlocked, Mode, Order, conclude};
use super::engine::{Begun, Engine};
use super::poll::poll;
use super::slot::WaiterSlot;
use crate::base::waiter_memory::LONGEST;
use crate::chan::{SendError, park_for_ever, send_failed};
use crate::sched::goroutine::Goroutine;
use crate::sched::park::{Completed, Parker, WaitReason, may_switch};
use std::cell::Cell;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::panic::Location;

const fn indices<const N: usize>() -> [u32; N] {
    let mut indices = [0; N];
    let mut index = 0;
    while index < N {
        indices[index] = index as u32;
        index += 1;
    }
    indices
}

/// Chooses one of the arms, waiting for one unless there is a `default`, or an `else` and all are off.
///
/// An arm whose send was completed is off from then on.
///
/// # Panics
/// If all arms are off because their sends were completed before.
///
/// Inlined always, for the sake of the switch in `park`.
#[cfg_attr(not(debug_assertions), inline(always))]
#[track_caller]
pub fn run<const N: usize>(arms: &mut [Arm<'_>; N], order: Order, if_blocked: IfBlocked) -> Chosen {
    let mode = Mode { order, if_blocked };
    let mut other = None;
    let chosen = choose(arms, mode, Location::caller(), &mut other);
    conclude(other, mode.if_blocked, Location::caller());
    chosen
}

/// As `run`, but for what follows once the choice has been noted: `other` is to be woken.
#[cfg_attr(not(debug_assertions), inline(always))]
fn choose<const N: usize>(
    arms: &mut [Arm<'_>; N],
    mode: Mode,
    place: &'static Location<'static>,
    other: &mut Option<Completed>,
) -> Chosen {
    if N == 1 && mode.has_default() && !arms[0].looks_ready() {
        return Chosen::fallback(N);
    }
    if let Some(chosen) = poll_array(arms, mode.order, place, other) {
        return chosen;
    }
    match may_switch() {
        Some(goroutine) if WaiterSlot::lines(N) <= LONGEST && !mode.has_default() => {
            wait_in_slot(arms, mode, goroutine, place, other)
        }
        _ => wait_on_stack(arms, mode, place, other),
    }
}

/// A goroutine's wait: with its waiters beside those of the others of its worker.
#[cfg_attr(not(debug_assertions), inline(always))]
fn wait_in_slot<const N: usize>(
    arms: &mut [Arm<'_>; N],
    mode: Mode,
    goroutine: &'static Goroutine,
    place: &'static Location<'static>,
    other: &mut Option<Completed>,
) -> Chosen {
    let lines = const { WaiterSlot::lines(N) };
    let waiter_memory = goroutine.worker().waiter_memory();
    let run = waiter_memory.take(lines);
    // SAFETY: the run has that many lines.
    let slot = unsafe { WaiterSlot::in_lines(run) };
    let chosen = wait(arms, mode, slot, || Parker::Goroutine(goroutine), place, other);
    // SAFETY: the select has left all queues.
    unsafe { waiter_memory.give(run, lines) };
    chosen
}

/// Everybody else's wait, and that of a select which has many arms or none to wait for.
#[inline(never)]
fn wait_on_stack<const N: usize>(
    arms: &mut [Arm<'_>; N],
    mode: Mode,
    place: &'static Location<'static>,
    other: &mut Option<Completed>,
) -> Chosen {
    let mut waiters = [const { MaybeUninit::uninit() }; N];
    let mut claim = MaybeUninit::uninit();
    let slot = WaiterSlot::of(&mut claim, &mut waiters);
    wait(arms, mode, slot, Parker::current, place, other)
}

#[cfg_attr(not(debug_assertions), inline(always))]
fn wait<const N: usize>(
    arms: &mut [Arm<'_>; N],
    mode: Mode,
    slot: WaiterSlot,
    parker: impl Fn() -> Parker,
    place: &'static Location<'static>,
    other: &mut Option<Completed>,
) -> Chosen {
    let (mut order, mut locks) = (const { indices::<N>() }, const { indices::<N>() });
    let mut sorted = N < 2;
    let (order, locks, sorted) = (&mut order, &mut locks, &mut sorted);
    let mut engine = Engine { arms, slot, order, locks, sorted, mode, place: Some(place) };
    loop {
        let begun = engine.begin(other, || {
            let parker = parker();
            let owner = parker.owner();
            (parker, owner)
        });
        match begun {
            Begun::Chosen(chosen) => return chosen,
            Begun::Waiting(parker, None) => {
                parker.park_or_end(WaitReason::Select, place, || engine.call_off());
            }
            Begun::Waiting(parker, Some(deadline)) => engine.park_until(&parker, deadline, place),
            Begun::AllOff => {
                let spent = engine.arms.iter().any(Arm::is_spent);
                assert!(!spent, "select: the arms of a select run once, and this send has been completed");
                park_for_ever(place, WaitReason::SelectNothing)
            }
        }
        // The owner is a goroutine's or a thread's, which nothing is known of here.
        if let (Some(chosen), _) = engine.leave() {
            return chosen;
        }
    }
}

/// One copy for each number of arms.
#[inline(never)]
fn poll_array<const N: usize>(
    arms: &mut [Arm<'_>; N],
    wanted: Order,
    place: &'static Location<'static>,
    other: &mut Option<Completed>,
) -> Option<Chosen> {
    poll(arms, &mut const { indices::<N>() }, wanted, Some(place), other)
}

/// `select! {}`: waits for ever.
#[track_caller]
pub fn for_ever() -> ! {
    park_for_ever(Location::caller(), WaitReason::SelectNothing)
}

/// Watches over a value that moves out of a place of the caller's by its bytes, until the caller has let go of the
/// place. Should anything unwind in between, both would drop the value: the process aborts then. So the receiver, whose
/// waker is the user's, is woken after that.
pub struct Moving {
    out: Cell<bool>,
    if_blocked: Cell<IfBlocked>,
    receiver: Cell<Option<Completed>>,
}

impl Moving {
    /// Nothing has moved.
    #[inline]
    #[allow(clippy::new_without_default, reason = "only macros make it")]
    pub fn new() -> Self {
        Moving { out: Cell::new(false), if_blocked: Cell::new(IfBlocked::Wait), receiver: Cell::new(None) }
    }

    /// As [`run`], for arms some of which send from places.
    #[cfg_attr(not(debug_assertions), inline(always))]
    #[track_caller]
    pub fn run<const N: usize>(
        &self,
        arms: &mut [Arm<'_>; N],
        order: Order,
        if_blocked: IfBlocked,
    ) -> Chosen {
        let mode = Mode { order, if_blocked };
        self.out.set(true);
        let mut other = None;
        let chosen = choose(arms, mode, Location::caller(), &mut other);
        let moves_out = chosen.is_moved() && arms[chosen.index()].sends_place();
        self.out.set(moves_out);
        if moves_out {
            self.if_blocked.set(mode.if_blocked);
            self.receiver.set(other);
        } else {
            conclude(other, mode.if_blocked, Location::caller());
        }
        chosen
    }

    /// For a send that was chosen: lets go of the place.
    ///
    /// # Panics
    /// If the value was not sent, because the channel is closed.
    #[inline]
    #[track_caller]
    pub fn sent<T>(&self, chosen: Chosen, value: T) {
        if self.result(chosen, value).is_err() {
            send_failed(chosen.send_failure());
        }
    }

    /// For a send that was chosen: lets go of the place.
    ///
    /// # Errors
    /// If the value was not sent, because the channel is closed: it comes back.
    #[inline]
    #[track_caller]
    pub fn result<T>(&self, chosen: Chosen, value: T) -> Result<(), SendError<T>> {
        let value = ManuallyDrop::new(value);
        if self.out.replace(false) {
            conclude(self.receiver.take(), self.if_blocked.get(), Location::caller());
        }
        if chosen.is_moved() { Ok(()) } else { Err(SendError(ManuallyDrop::into_inner(value))) }
    }
}

impl std::fmt::Debug for Moving {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Moving").field("out", &self.out).finish_non_exhaustive()
    }
}

impl Drop for Moving {
    #[inline]
    fn drop(&mut self) {
        if self.out.get() {
            crate::base::report::abort(
                "select!: a panic between the move of a value and the end of the select would drop it twice. \
                 Do not panic in the destructors of temporaries in operands",
            );
        }
    }
}
