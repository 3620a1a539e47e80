//! The deadlines of one worker's parked goroutines.

use super::goroutine::Goroutine;
use super::park::WaitReason;
use crate::base::callback::abort_on_unwind;
use crate::base::clock::{self, Moment};
use crate::base::deadlines::{Deadlines, Key};
use std::cell::{Cell, RefCell};
use std::panic::Location;
use std::time::Instant;

/// The timers of one worker; used by its own thread only.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    deadlines: RefCell<Deadlines<Timer>>,
}

/// A goroutine that waits for a deadline.
#[derive(Debug, Clone, Copy)]
enum Timer {
    /// Nothing else will wake it.
    Sleeper(&'static Goroutine),
    /// It also waits for something else; the details are on its stack.
    Waiter(*const Wait),
}

impl Timer {
    fn fire(self, ready: &impl Fn(&'static Goroutine)) {
        match self {
            Timer::Sleeper(goroutine) => ready(goroutine),
            Timer::Waiter(wait) => {
                // SAFETY: a wait is off the timers before its stack frame ends.
                let wait = unsafe { &*wait };
                wait.key.set(None);
                // SAFETY: the closure is on the same frame; its goroutine is switched out, so no other call of it runs.
                if unsafe { (*wait.give_up)() } {
                    ready(wait.goroutine);
                }
            }
        }
    }
}

/// A wait that a deadline can end.
struct Wait {
    goroutine: &'static Goroutine,
    give_up: *mut (dyn FnMut() -> bool + 'static),
    /// None once the deadline has passed.
    key: Cell<Option<Key>>,
}

/// See [`super::park::Parker::sleep_until`].
pub(crate) fn sleep_until(
    goroutine: &'static Goroutine,
    deadline: Instant,
    reason: WaitReason,
    place: &'static Location<'static>,
) {
    goroutine.worker().timers.insert(deadline, Timer::Sleeper(goroutine));
    while goroutine.park(reason, place) {}
}

/// See [`super::park::Parker::park_until`].
pub(crate) fn park_until(
    goroutine: &'static Goroutine,
    deadline: Instant,
    reason: WaitReason,
    place: &'static Location<'static>,
    give_up: &mut dyn FnMut() -> bool,
) {
    let timers = &goroutine.worker().timers;
    let give_up: *mut (dyn FnMut() -> bool + '_) = give_up;
    // SAFETY: only the lifetime is changed. The wait is off the timers before this function returns, and with it
    // the only copy of the pointer.
    let give_up = unsafe {
        std::mem::transmute::<*mut (dyn FnMut() -> bool + '_), *mut (dyn FnMut() -> bool + 'static)>(give_up)
    };
    let wait = Wait { goroutine, give_up, key: Cell::new(None) };
    // The goroutine is queued already: nothing may unwind before it parks (INVARIANTS.md).
    let key =
        abort_on_unwind("a wait that has begun", || timers.insert(deadline, Timer::Waiter(&raw const wait)));
    wait.key.set(Some(key));
    while goroutine.park(reason, place) {}
    if let Some(key) = wait.key.get() {
        timers.deadlines.borrow_mut().remove(key);
    }
}

impl Timers {
    pub(crate) fn len(&self) -> usize {
        self.deadlines.borrow().len()
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.deadlines.borrow().is_empty()
    }

    pub(crate) fn first(&self) -> Moment {
        self.deadlines.borrow_mut().first()
    }

    /// The earliest deadline, and when it was set.
    pub(crate) fn first_set(&self) -> (Moment, u32) {
        self.deadlines.borrow_mut().first_set()
    }

    fn insert(&self, deadline: Instant, timer: Timer) -> Key {
        let mut deadlines = self.deadlines.borrow_mut();
        if let Some(order) = clock::next_deadline() {
            deadlines.count_next_as(order);
        }
        deadlines.insert(Moment::of(deadline), timer)
    }

    /// Hands every goroutine whose deadline has passed to `ready`, unless its wait has just been ended otherwise. A sleeper
    /// is not touched, because its memory is cold.
    pub(crate) fn fire(&self, now: Moment, ready: impl Fn(&'static Goroutine)) {
        while let Some(timer) = self.pop_due(now) {
            timer.fire(&ready);
        }
    }

    /// As `fire`, for the earliest deadline only, whenever that is.
    pub(crate) fn fire_first(&self, ready: impl Fn(&'static Goroutine)) {
        if let Some(timer) = self.pop_due(self.first()) {
            timer.fire(&ready);
        }
    }

    fn pop_due(&self, now: Moment) -> Option<Timer> {
        self.deadlines.borrow_mut().pop_due(now)
    }
}
