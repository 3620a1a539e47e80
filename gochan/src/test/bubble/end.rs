//! The end of the goroutines that are left when the test has its verdict, so that their stacks, what is on them and the
//! thread that they belong to need not be kept.
//!
//! Memory of a stack that is in use cannot be taken away: values on it are pinned there, borrowed by other threads or linked
//! into the queues of statics. So each goroutine ends as by `goexit`: its wait is *called off*, it takes its waiter out of
//! the queue that it is in, and unwinds. The oldest ones come first, because they are more likely to own what the others
//! wait for.
//!
//! Some goroutines do not end so, and then all that are left on the thread are kept, and the thread with them:
//!
//! * those in a wait that is not called off: of a scope for its goroutines, of a writer for the readers of an `RwLock`, in a
//!   `select!` that sends a variable, in std's locks, for sockets;
//! * those that wait in a destructor that unwinding runs, because a goroutine that unwinds does not switch;
//! * those that catch the unwinding and wait again, or go on for [`MANY_TURNS`];
//! * all of a run that was stopped while some could run, and all of a program that is built with `panic = "abort"`.

use super::Bubble;
use crate::base::callback::abort_on_unwind;
use crate::base::clock::{self, Moment};
use crate::base::policy::BUDGET;
use crate::base::report::without_panic_reports;
use crate::knots;
use crate::sched::goroutine::Goroutine;
use crate::sched::runtime;
use crate::sched::worker::Worker;
use crate::sched::worker::driver::Runnable;
use crate::test::own_workers::outlive_goroutines;
use std::ptr::{self, NonNull};

/// The number of turns after which those that are left are kept.
const MANY_TURNS: u32 = 10_000;
/// Times that all waits are called off without an effect.
const TRIES: u32 = 3;

impl Bubble {
    /// Ends the goroutines that are left, on the thread that has driven the bubble. False: some are still left. It does not
    /// return if one of them keeps the thread.
    pub(crate) fn end_goroutines(&'static self) -> bool {
        if cfg!(panic = "abort") {
            return !self.has_goroutines_left();
        }
        self.turns_to_end.set(Some(MANY_TURNS));
        self.waiting_for_quiet.take().into_iter().for_each(drop);
        self.worker.enter();
        clock::set_virtual(Some(self.now()));
        without_panic_reports(|| abort_on_unwind("a worker", || self.call_all_off()));
        let all_have_ended = !self.has_goroutines_left();
        if all_have_ended {
            self.retire();
        }
        all_have_ended
    }

    /// There will be no further run, and all goroutines that have begun have ended: gives back the memory that these needed.
    /// Called on the thread that has driven it.
    pub(crate) fn retire(&self) {
        if Worker::current().is_some_and(|worker| ptr::eq(worker, self.worker)) {
            clock::set_virtual(None);
            self.worker.leave();
        }
        self.worker.retire();
    }

    /// Where it is allocated, for [`free`](Bubble::free).
    pub(crate) fn memory(&self) -> NonNull<Bubble> {
        NonNull::new(self.memory.get()).expect("set when it was made")
    }

    /// Frees a bubble, and lets another test have its worker.
    ///
    /// # Safety
    /// The bubble is [retired](Bubble::retire), this is the thread that has driven it, and no reference to it is used any
    /// more.
    pub(crate) unsafe fn free(memory: NonNull<Bubble>) {
        // SAFETY: from `Box::into_raw`, and freed once, since no reference is left. Its worker is the only one that keeps a
        // reference for others to use, and that is taken away here: a worker's driver is asked by its goroutines, which have
        // ended, on the thread that is this one.
        let bubble = unsafe { Box::from_raw(memory.as_ptr()) };
        bubble.worker.set_driver(None);
        bubble.director.retire();
        knots::forget(&bubble.group);
        runtime::give_back(bubble.worker.workers);
    }

    pub(super) fn is_ending(&self) -> bool {
        self.turns_to_end.get().is_some()
    }

    fn call_all_off(&'static self) {
        let set_aside = self.chosen.take().into_iter().chain(self.aside.take());
        set_aside.for_each(|numbered| self.ready.borrow_mut().push(numbered));
        let mut tries = 0;
        while tries < TRIES && self.has_turns() {
            self.list_ready();
            let has_effect =
                self.call_off_parked() | self.run_ready() | self.fire_first() | self.discard_alarms();
            tries = if has_effect { 0 } else { tries + 1 };
        }
    }

    /// Calls off the wait of each goroutine that is parked. True if one has ended by that.
    fn call_off_parked(&'static self) -> bool {
        let started: Vec<_> = self.started.borrow().iter().map(|(&id, &goroutine)| (id, goroutine)).collect();
        let mut has_effect = false;
        for (id, goroutine) in started {
            // The end of one may have woken others.
            if !self.ready.borrow().contains(id) && self.has_turns() {
                has_effect |= self.turn_to_end(id, false, || self.worker.turn_to_end(goroutine));
            }
        }
        has_effect
    }

    fn run_ready(&'static self) -> bool {
        let mut has_run = false;
        loop {
            let next = self.ready.borrow_mut().take(0);
            let Some((_, runnable)) = next.filter(|_| self.has_turns()) else { return has_run };
            has_run = true;
            let begins = matches!(runnable, Runnable::Fresh(_));
            self.turn_to_end(runnable.id(), begins, || self.worker.driven_turn(runnable, BUDGET));
        }
    }

    /// Ends the wait that has the earliest deadline.
    fn fire_first(&'static self) -> bool {
        let timers = &self.worker.timers;
        let first = if timers.is_empty() { Moment::NEVER } else { timers.first() };
        let has_any = first != Moment::NEVER;
        if has_any {
            self.set_now(self.now() + first.since(Moment::of(self.now())));
            timers.fire_first(|goroutine| self.worker.push_ready(goroutine));
            self.list_ready();
        }
        has_any
    }

    /// Drops the functions that were to be called at some time.
    fn discard_alarms(&'static self) -> bool {
        let has_any = self.worker.alarms.first() != Moment::NEVER;
        self.worker.alarms.discard_on_goroutines();
        self.list_ready();
        has_any
    }

    /// One turn of goroutine `id`. True if it has ended.
    fn turn_to_end(
        &'static self,
        id: u64,
        begins: bool,
        turn: impl FnOnce() -> Option<&'static Goroutine>,
    ) -> bool {
        let goroutine = turn();
        self.note_started(id, goroutine, begins);
        self.list_ready();
        goroutine.is_none()
    }

    fn list_ready(&'static self) {
        self.worker.take_runnable(|runnable| self.ready.borrow_mut().push((0, runnable)));
    }

    /// Counts a turn, or something that takes as long. False if there were too many.
    fn has_turns(&self) -> bool {
        let left = self.turns_to_end.get().unwrap_or(0);
        self.turns_to_end.set(Some(left.saturating_sub(1)));
        left > 0
    }

    /// As [`Driver::pause`](crate::sched::worker::driver::Driver::pause).
    pub(super) fn pause_at_end(
        &self,
        goroutine: &'static Goroutine,
        yields: bool,
    ) -> Option<&'static Goroutine> {
        if !self.has_turns() {
            outlive_goroutines();
        }
        self.worker.refill_budget();
        yields.then(|| {
            self.ready.borrow_mut().push((0, Runnable::Started(goroutine)));
            goroutine
        })
    }
}
