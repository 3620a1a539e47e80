//! The loop of a worker while there is something to run: who has the next turn.

use super::{BUDGET, CURRENT, HOUSEKEEPING, Worker};
use crate::callback::abort_on_unwind;
use crate::sched::attributes;
use crate::sched::clock::Moment;
use crate::sched::fork;
use crate::sched::goroutine::{Goroutine, Turn};
use crate::sched::outside::OwnedThread;
use crate::sched::place::Placement;
use crate::sched::task::TaskRef;
use crate::sched::thread_time::ThreadTime;
use crate::sched::trace::Trace;
use crate::stack::Slot;
use std::ptr;
use std::sync::atomic::Ordering::*;

/// So many ready goroutines do not stay in the caches from one turn to the next.
const CROWD: usize = 128;

impl Worker {
    /// Turns the calling thread into this worker. It returns once the workers are stopped and none of its goroutines is left:
    /// goroutines refer to the thread-locals of their worker's thread.
    pub(in crate::sched) fn run(&'static self) {
        self.shared.sleeper.adopt_thread();
        if let Some(time) = ThreadTime::of_this_thread() {
            let _ = self.shared.time.set(time);
        }
        let _owned = self.workers.group().is_none().then(OwnedThread::new);
        self.enter();
        self.stacks.prepare();
        abort_on_unwind("a worker", || self.run_until_stopped());
        self.leave();
    }

    #[inline(always)]
    fn run_until_stopped(&'static self) {
        loop {
            if let Some(goroutine) = self.next() {
                self.turn(goroutine);
                if fork::is_forked_child() {
                    // It has switched out: an end there would have been the process's.
                    fork::goroutine_waits(goroutine);
                }
            } else {
                self.idle();
                if self.workers.is_stopped() && !self.has_started_any() {
                    return;
                }
            }
        }
    }

    /// True if a goroutine has started on this worker and not ended.
    pub(in crate::sched) fn has_started_any(&self) -> bool {
        self.started.get() > 0
    }

    /// The goroutine on `slot` has ended.
    #[inline]
    pub(super) fn take_back(&self, slot: Slot) {
        self.started.set(self.started.get() - 1);
        self.stacks.put(slot);
    }

    /// The calling thread is this worker from now on.
    pub(in crate::sched) fn enter(&'static self) {
        CURRENT.set(self);
        crate::stack::overflow::alternate_stack();
    }

    /// The calling thread is no longer this worker, which has no goroutines left.
    pub(in crate::sched) fn leave(&self) {
        self.release_stacks();
        CURRENT.set(ptr::null());
    }

    /// Gives back the stacks that no goroutine is on.
    pub(in crate::sched) fn release_stacks(&self) {
        self.stacks.release();
    }

    #[inline]
    fn turn(&'static self, goroutine: &'static Goroutine) {
        if let Some(trace) = self.trace() {
            if !self.pace.is_plain() {
                return self.traced_turn(trace, goroutine);
            }
            trace.count_turn();
        }
        self.turn_and_then(goroutine, |_| {});
    }

    /// Inlined for the same reason as what leads to a switch: see `Goroutine::park`.
    #[inline(always)]
    fn traced_turn(&'static self, trace: &Trace, goroutine: &'static Goroutine) {
        trace.begin_turn();
        let (id, site) = (goroutine.id(), goroutine.status().site());
        let short = self.pace.is_fine();
        self.turn_and_then(goroutine, |ended| trace.turn(id, site, ended, goroutine.status().wait(), short));
    }

    /// Calls `then` while the stack is still the goroutine's, and tells it whether that has ended.
    #[inline(always)]
    fn turn_and_then(&'static self, goroutine: &'static Goroutine, then: impl FnOnce(bool)) {
        self.budget.set(BUDGET);
        self.running.set(Some(goroutine));
        self.count_turns(1);
        let turn = goroutine.turn();
        self.running.set(None);
        self.count_turns(1);
        let heavy = self.pace.after_turn();
        then(matches!(turn, Turn::Ended(_)));
        match turn {
            Turn::SwitchedOut => goroutine.set_heavy(heavy),
            Turn::Ended(slot) => self.take_back(slot),
        }
    }

    #[inline]
    fn next(&'static self) -> Option<&'static Goroutine> {
        if self.housekeeping_is_next() {
            self.publish();
            self.show_stacks();
            self.fire_due();
            self.take_spawned();
            if let Some(task) = self.fresh.pop() {
                return Some(self.start(task));
            }
        } else if !self.pace.is_fine() {
            // Turns are long: a deadline cannot wait for dozens of them.
            self.fire_due();
            self.show_stacks();
        }
        if !self.shared.woken.is_empty() {
            self.take_woken();
        }
        if self.fresh_first.get() > 0 {
            self.fresh_first.set(self.fresh_first.get() - 1);
            match self.fresh.pop() {
                Some(task) => return Some(self.start(task)),
                None => self.fresh_first.set(0),
            }
        }
        if let Some(goroutine) = self.pop_ready() {
            return Some(goroutine);
        }
        let task = self.fresh.pop().or_else(|| {
            self.take_spawned();
            self.fresh.pop()
        })?;
        self.note_backlog();
        Some(self.start(task))
    }

    #[inline]
    fn pop_ready(&self) -> Option<&'static Goroutine> {
        if !self.heavy.is_empty() {
            return self.pop_heavy_or_light();
        }
        let goroutine = self.ready.pop();
        if self.ready.len() >= CROWD || self.ready.is_cold() {
            self.prefetch_crowd();
        } else if let Some(next) = self.ready.peek(0) {
            next.prefetch_stack();
            if let Some(after) = self.ready.peek(1) {
                after.prefetch_block();
            }
        }
        goroutine
    }

    /// With so many ready, those about to run are in no cache, and the translations of their pages neither. Looking
    /// up a translation takes longer than a turn and holds up the locked operations of that turn; but a few can be
    /// looked up at a time, so they are asked for in bursts.
    #[cold]
    #[inline(never)]
    fn prefetch_crowd(&self) {
        const BURST: usize = 16;
        const SOON: usize = 4;
        if self.ready.popped().is_multiple_of(BURST) {
            let ahead = (BURST..2 * BURST).filter_map(|ahead| self.ready.peek(ahead));
            ahead.for_each(Goroutine::prefetch_page);
        }
        if let Some(soon) = self.ready.peek(SOON) {
            soon.prefetch_all();
        }
    }

    #[cold]
    fn pop_heavy_or_light(&self) -> Option<&'static Goroutine> {
        /// Light turns in a row before a heavy one is due.
        const ROW: u32 = 16;
        let light_turns = self.light_turns.get();
        if light_turns < ROW
            && let Some(light) = self.ready.pop()
        {
            self.light_turns.set(light_turns + 1);
            return Some(light);
        }
        self.light_turns.set(0);
        self.heavy.pop()
    }

    /// How many goroutines wait for their turn.
    pub(in crate::sched) fn ready_count(&self) -> usize {
        self.ready.len()
    }

    pub(super) fn has_ready(&self) -> bool {
        !self.ready.is_empty() || !self.heavy.is_empty()
    }

    /// Counts the begin or the end of a turn, or both.
    #[inline]
    pub(super) fn count_turns(&self, steps: u32) {
        let turns = self.progress.turns.load(Relaxed);
        self.progress.turns.store(turns.wrapping_add(steps), Relaxed);
    }

    /// True if the turn to begin next is one in which the loop looks around.
    #[inline]
    pub(super) fn housekeeping_is_next(&self) -> bool {
        const MASK: u32 = 2 * HOUSEKEEPING - 1;
        // The count is even between turns and odd within one; either way this is what it will be within the next.
        let next = self.progress.turns.load(Relaxed).wrapping_add(1) | 1;
        next & MASK == 1
    }

    /// Makes runnable what waits for a deadline that has passed.
    #[inline]
    pub(super) fn fire_due(&self) {
        if !self.timers.is_empty() || self.alarms.first() != Moment::NEVER {
            self.fire_due_at(Moment::now());
        }
    }

    fn fire_due_at(&self, now: Moment) {
        // Not among the heavy ones, even if their last turn was long: they have had a rest, and to ask each would
        // fetch memory that is cold.
        let before = self.ready.len();
        self.timers.fire(now, |goroutine| self.ready.push(goroutine));
        if self.ready.len() > before {
            self.ready.all_are_cold();
            let woken = (before..self.ready.len().min(before + CROWD)).filter_map(|at| self.ready.peek(at));
            woken.for_each(Goroutine::prefetch_page);
        }
        if self.alarms.fire(now, Placement::Local) {
            // Among the ready goroutines: their turn comes soon, and until then an idle worker may take them.
            let first = self.fresh.len().min(HOUSEKEEPING as usize);
            self.fresh_first.set(self.fresh_first.get().max(first));
        }
    }

    #[inline]
    pub(super) fn take_woken(&self) {
        self.shared.woken.drain(|one| self.queue(one), |many| self.queue_many(many));
    }

    pub(super) fn take_spawned(&self) {
        while !self.shared.spawned.is_empty() {
            let _ = self.shared.spawned.steal_batch(&self.fresh);
        }
    }

    #[inline]
    pub(super) fn start(&'static self, task: TaskRef) -> &'static Goroutine {
        let slot = if task.is_special() {
            attributes::take_stack(&task, self.workers.stack_size())
        } else {
            self.stacks.take()
        };
        self.started.set(self.started.get() + 1);
        Goroutine::create(self, slot, task)
    }
}
