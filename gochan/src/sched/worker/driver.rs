//! What drives a worker in place of its own loop: a test, which chooses which goroutine runs next and what time it is.
//!
//! The scheduler and the points see a [`Driver`] only. What implements it is in `test`.

use super::super::fresh::FreshRef;
use super::super::goroutine::{Goroutine, TurnEnd};
use super::Worker;
use crate::base::fork;
use crate::base::policy::{BUDGET, NAP};
use crate::base::touch::Touch;
use std::fmt;
use std::panic::Location;
use std::time::Instant;

/// An operation of a goroutine, as its caller knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    /// The place of the call. None for a destructor.
    pub(crate) place: Option<&'static Location<'static>>,
}

impl Operation {
    /// The last thing that a goroutine does. Its name completes a sentence.
    pub(crate) const END: Operation = Operation { name: "its end", place: None };
}

/// Where in an operation a goroutine is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Point {
    Before(Operation),
    After(Operation),
}

/// What the goroutine does in a turn that has become long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    Polls,
    Spawns,
}

/// Something that can run.
#[derive(Clone, Copy)]
pub(crate) enum Runnable {
    Started(&'static Goroutine),
    Fresh(FreshRef),
}

impl Runnable {
    pub(crate) fn id(&self) -> u64 {
        match self {
            Runnable::Started(goroutine) => goroutine.id(),
            Runnable::Fresh(fresh) => fresh.id(),
        }
    }
}

impl fmt::Debug for Runnable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Runnable::Started(_) => "Started",
            Runnable::Fresh(_) => "Fresh",
        })
    }
}

/// Decides in place of the worker's loop.
pub(crate) trait Driver {
    /// The running goroutine has used up its budget, or has asked at some place to let others run. Returns it if it is to
    /// switch out; it is in a queue then.
    fn pause(
        &'static self,
        goroutine: &'static Goroutine,
        asked: Option<&'static Location<'static>>,
    ) -> Option<&'static Goroutine>;

    /// The running goroutine holds the thread for good: reports that and never returns.
    fn stuck(&self, what: &str) -> !;

    /// The running goroutine polls, or spawns, and would give others a turn if its own were long.
    fn end_long_turn(&'static self, turn: Turn, operation: Operation);

    /// The calling goroutine waits until every other one waits.
    fn wait_for_quiet(&self, place: &'static Location<'static>);

    /// A timer will be ready at `time`, and no goroutine waits for it.
    fn note_unawaited(&self, time: Instant);

    /// True if this is an exploration: it is asked at every operation.
    fn is_exploring(&self) -> bool;

    /// True if this is a search through all interleavings.
    fn is_exhaustive(&self) -> bool;

    /// True if the running goroutine's operations are points: it is an exploration, and they are not hidden.
    fn has_points(&self) -> bool;

    /// From now on the running goroutine's operations are no points.
    fn hide_operations(&self);

    /// They are again.
    fn show_operations(&self);

    /// The running goroutine is at `point`. If that is before an operation, it has announced what the operation touches.
    fn at_point(&'static self, point: Point);

    /// The running goroutine is before an operation that others can hardly distinguish from what precedes it.
    fn before_fine(&'static self, touches: &[Touch], what: &'static str);

    /// What the operation after the next point touches.
    fn announce(&self, touches: &[Touch]);

    /// What the running goroutine touches now, unannounced.
    fn touch(&self, touch: Touch);

    /// What the running goroutine touches when its next wait is over.
    fn announce_after_wait(&self, touch: Touch);

    /// A select is queued on several channels, which it touches.
    fn select_waits(&self, address: usize, touches: Vec<Touch>);

    /// The running goroutine has ended the wait of that select.
    fn select_is_won(&self, address: usize);

    /// Which of `of` equally good possibilities the running goroutine takes. None: it draws one itself.
    fn pick(&self, of: usize) -> Option<usize>;
}

/// The driver of the calling goroutine, if its operations are points.
#[inline]
pub(crate) fn exploring() -> Option<&'static dyn Driver> {
    Worker::current().and_then(Worker::driver).filter(|driver| driver.has_points())
}

impl Worker {
    /// To be called while the worker has no goroutines.
    pub(crate) fn set_driver(&self, driver: Option<&'static dyn Driver>) {
        self.driver.set(driver);
    }

    #[inline]
    pub(crate) fn driver(&self) -> Option<&'static dyn Driver> {
        self.driver.get()
    }

    pub(crate) fn refill_budget(&self) {
        self.budget.set(BUDGET);
    }

    /// Hands over all that can run.
    pub(crate) fn take_runnable(&self, mut each: impl FnMut(Runnable)) {
        self.take_woken();
        self.remote.spawned.take_spread(self.fresh.line());
        while let Some(goroutine) = self.ready.pop() {
            each(Runnable::Started(goroutine));
        }
        self.fresh.line_up();
        while let Some(fresh) = self.fresh.pop() {
            each(Runnable::Fresh(fresh));
        }
    }

    /// One turn of a goroutine that is parked: its wait is called off.
    pub(crate) fn turn_to_end(&'static self, goroutine: &'static Goroutine) -> Option<&'static Goroutine> {
        goroutine.call_off();
        self.driven_turn(Runnable::Started(goroutine), BUDGET)
    }

    /// One turn, in which the goroutine may complete `budget` operations without asking. Returns the goroutine unless it
    /// has ended.
    pub(crate) fn driven_turn(&'static self, runnable: Runnable, budget: u32) -> Option<&'static Goroutine> {
        let goroutine = match runnable {
            Runnable::Started(goroutine) => goroutine,
            // Without a stack the test stands still until there is one.
            Runnable::Fresh(fresh) => loop {
                if let Some(started) = self.start(fresh) {
                    break started;
                }
                self.fresh.pop();
                std::thread::sleep(NAP);
            },
        };
        self.budget.set(budget);
        self.running.set(Some(goroutine));
        let turn = goroutine.turn();
        self.enter_own_tls();
        self.running.set(None);
        if fork::is_forked_child() {
            goroutine.refuse_wait_in_child();
        }
        match turn {
            TurnEnd::SwitchedOut => Some(goroutine),
            TurnEnd::Ended(slot) => {
                self.take_back(slot);
                None
            }
        }
    }
}
