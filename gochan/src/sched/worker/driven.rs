//! What a bubble drives its worker by, in place of the worker's own loop.

use super::super::bubble::{Bubble, Runnable};
use super::super::fork;
use super::super::goroutine::{Goroutine, Turn};
use super::{BUDGET, Worker};

impl Worker {
    /// To be called before the worker has run.
    pub(in crate::sched) fn enter_bubble(&self, bubble: &'static Bubble) {
        self.bubble.set(Some(bubble));
    }

    #[inline]
    pub(in crate::sched) fn bubble(&self) -> Option<&'static Bubble> {
        self.bubble.get()
    }

    pub(in crate::sched) fn refill_budget(&self) {
        self.budget.set(BUDGET);
    }

    /// Hands over all that can run.
    pub(in crate::sched) fn take_runnable(&self, mut each: impl FnMut(Runnable)) {
        self.take_woken();
        self.take_spawned();
        while let Some(goroutine) = self.ready.pop() {
            each(Runnable::Started(goroutine));
        }
        while let Some(task) = self.fresh.pop() {
            each(Runnable::Fresh(task));
        }
    }

    /// One turn, in which the goroutine may complete `budget` operations without asking. The goroutine, unless it has
    /// ended.
    pub(in crate::sched) fn turn_in_bubble(
        &'static self,
        runnable: Runnable,
        budget: u32,
    ) -> Option<&'static Goroutine> {
        let goroutine = match runnable {
            Runnable::Started(goroutine) => goroutine,
            Runnable::Fresh(task) => self.start(task),
        };
        self.budget.set(budget);
        self.running.set(Some(goroutine));
        let turn = goroutine.turn();
        self.running.set(None);
        if fork::is_forked_child() {
            fork::goroutine_waits(goroutine);
        }
        match turn {
            Turn::SwitchedOut => Some(goroutine),
            Turn::Ended(slot) => {
                self.take_back(slot);
                None
            }
        }
    }
}
