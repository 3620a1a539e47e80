//! The deadlines of one worker's parked goroutines.

use super::clock::Moment;
use super::deadlines::{Deadlines, Key};
use super::goroutine::Goroutine;
use super::park::WaitReason;
use super::worker::Worker;
use crate::callback::abort_on_unwind;
use std::cell::{Cell, RefCell};
use std::panic::Location;
use std::time::Instant;

/// The timers of one worker; used by its own thread only.
#[derive(Debug, Default)]
pub(super) struct Timers {
    deadlines: RefCell<Deadlines<Timer>>,
}

/// Who waits for a deadline.
#[derive(Debug, Clone, Copy)]
enum Timer {
    /// A goroutine that nothing else will wake.
    Sleeper(&'static Goroutine),
    /// A goroutine that waits for something else as well; the details are on its stack.
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
                // SAFETY: the closure lives on the same frame; its goroutine is switched out, so nobody else runs it.
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
    /// None once the deadline has struck.
    key: Cell<Option<Key>>,
}

/// See [`super::park::Parker::sleep_until`].
pub(super) fn sleep_until(
    goroutine: &'static Goroutine,
    deadline: Instant,
    reason: WaitReason,
    place: &'static Location<'static>,
) {
    goroutine.worker().timers.insert(deadline, Timer::Sleeper(goroutine));
    goroutine.park(reason, place);
}

/// See [`super::park::Parker::park_until`].
pub(super) fn park_until(
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
    // The goroutine is queued already: its waiter must not be left there.
    let key =
        abort_on_unwind("a wait that has begun", || timers.insert(deadline, Timer::Waiter(&raw const wait)));
    wait.key.set(Some(key));
    goroutine.park(reason, place);
    if let Some(key) = wait.key.get() {
        timers.deadlines.borrow_mut().remove(key);
    }
}

impl Timers {
    pub(super) fn len(&self) -> usize {
        self.deadlines.borrow().len()
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.deadlines.borrow().is_empty()
    }

    pub(super) fn first(&self) -> Moment {
        self.deadlines.borrow_mut().first()
    }

    /// The earliest deadline, and when it was set.
    pub(super) fn first_set(&self) -> (Moment, u32) {
        self.deadlines.borrow_mut().first_set()
    }

    fn insert(&self, deadline: Instant, timer: Timer) -> Key {
        let mut deadlines = self.deadlines.borrow_mut();
        if let Some(bubble) = Worker::current().and_then(Worker::bubble) {
            deadlines.count_next_as(bubble.next_deadline());
        }
        deadlines.insert(Moment::of(deadline), timer)
    }

    /// Hands every goroutine whose deadline has passed to `ready`, unless its wait has just been ended otherwise.
    /// A sleeper is not touched: its memory is cold, and will be fetched when its turn comes.
    pub(super) fn fire(&self, now: Moment, ready: impl Fn(&'static Goroutine)) {
        while let Some(timer) = self.pop_due(now) {
            timer.fire(&ready);
        }
    }

    /// As `fire`, for the earliest deadline only, whenever that is.
    pub(super) fn fire_first(&self, ready: impl Fn(&'static Goroutine)) {
        if let Some(timer) = self.pop_due(self.first()) {
            timer.fire(&ready);
        }
    }

    fn pop_due(&self, now: Moment) -> Option<Timer> {
        self.deadlines.borrow_mut().pop_due(now)
    }
}
