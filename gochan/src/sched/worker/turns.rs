//! The loop of a worker while there is something to run: which goroutine has the next turn.

use super::{CURRENT, Worker};
use crate::base::actors::OwnedThread;
use crate::base::callback::abort_on_unwind;
use crate::base::clock::Moment;
use crate::base::placement::Placement;
use crate::base::policy::{BUDGET, BURST, CROWD, HOUSEKEEPING, SOON, TURNS_BEFORE_LONG_RUNNING};
use crate::base::thread_time::ThreadTime;
use crate::base::trace::Trace;
use crate::base::{fork, test_group};
use crate::own_tls::{self, Block};
use crate::sched::fresh::FreshRef;
use crate::sched::goroutine::{Goroutine, TurnEnd};
use crate::stack::Slot;
use std::ptr;
use std::sync::atomic::Ordering::*;

impl Worker {
    /// Turns the calling thread into this worker. It returns once the workers are stopped and none of its goroutines is left:
    /// goroutines refer to the thread-locals of their worker's thread.
    pub(crate) fn run(&'static self) {
        self.remote.sleeper.adopt_thread();
        if let Some(time) = ThreadTime::of_this_thread() {
            let _ = self.remote.time.set(time);
        }
        let _owned = (!self.workers.are_private).then(OwnedThread::new);
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
                    goroutine.refuse_wait_in_child();
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
    pub(crate) fn has_started_any(&self) -> bool {
        self.started.get() > 0
    }

    /// The goroutine on `slot` has ended.
    #[inline]
    pub(crate) fn take_back(&self, slot: Slot) {
        self.started.set(self.started.get() - 1);
        self.stacks.put(slot);
    }

    /// The calling thread is this worker from now on.
    pub(crate) fn enter(&'static self) {
        CURRENT.set(self);
        self.own_tls.set(Block::of_this_thread());
        self.tls_in_use.set(self.own_tls.get());
        if let Some(group) = self.workers.group() {
            test_group::join(Some(group));
        }
        crate::stack::overflow::alternate_stack();
    }

    /// Uses these thread-locals from now on, unless all are shared.
    #[inline(always)]
    pub(crate) fn enter_tls(&self, tls: Block) {
        if self.tls_in_use.get() != tls {
            self.tls_in_use.set(tls);
            // SAFETY: the thread-locals of this thread or of one of its goroutines. What inlines this refers to none, but for
            // those in which they agree.
            unsafe { tls.enter() };
        }
    }

    /// Uses the thread-locals of its thread from now on.
    #[inline(always)]
    pub(crate) fn enter_own_tls(&self) {
        self.enter_tls(self.own_tls.get());
    }

    /// A goroutine begins, with thread-locals of its own.
    #[inline(always)]
    pub(crate) fn is_here(&'static self) {
        if own_tls::is_on() {
            CURRENT.set(self);
        }
    }

    /// The calling thread is no longer this worker, which has no goroutines left.
    pub(crate) fn leave(&self) {
        self.release_stacks();
        self.end_poller();
        if self.workers.are_private {
            test_group::join(None);
        }
        CURRENT.set(ptr::null());
    }

    /// Gives back what only goroutines need: it is never freed, and there will be none, unless it begins again.
    pub(crate) fn retire(&self) {
        self.release_stacks();
        self.stacks.retire();
        self.task_memory.give_all();
        self.waiter_memory.retire();
        self.ready.retire();
        self.long_running.retire();
        self.seen.forget();
    }

    /// A worker that is retired serves another test.
    pub(crate) fn begin_again(&self) {
        self.stacks.begin_again();
        self.ready.begin_again();
        self.long_running.begin_again();
        self.seen.prepare(self.checks_scopes);
        // The ids that are left belong to the other test.
        self.next_id.set(0);
    }

    /// True if nothing that it has will have an effect on what it runs next. Its goroutines have ended.
    pub(crate) fn is_as_new(&self) -> bool {
        !self.has_ready()
            && !self.has_fresh()
            && self.remote.woken.is_empty()
            && self.timers.is_empty()
            && self.alarms.first() == Moment::NEVER
            && self.remote.home.get().is_none()
            && !ptr::eq(CURRENT.get(), self)
    }

    /// Gives back the stacks that no goroutine is on.
    pub(crate) fn release_stacks(&self) {
        self.stacks.release();
    }

    #[inline]
    fn turn(&'static self, goroutine: &'static Goroutine) {
        if let Some(trace) = self.trace() {
            if !self.pace.untraced_and_short() {
                return self.traced_turn(trace, goroutine);
            }
            trace.count_turn();
        }
        self.turn_and_then(goroutine, |_| {});
    }

    /// Inlined for the same reason as the code that leads to a switch: see `Goroutine::park`.
    #[inline(always)]
    fn traced_turn(&'static self, trace: &Trace, goroutine: &'static Goroutine) {
        trace.begin_turn();
        let (id, site) = (goroutine.id(), goroutine.status().site());
        let short = self.pace.turns_are_short();
        self.turn_and_then(goroutine, |ended| {
            let wait = goroutine.status().wait().map(|wait| (wait.reason, wait.place));
            trace.turn(id, site, ended, wait, short);
        });
    }

    /// One turn. Calls `then` while the stack is still the goroutine's, with whether the goroutine has ended.
    #[inline(always)]
    fn turn_and_then(&'static self, goroutine: &'static Goroutine, then: impl FnOnce(bool)) {
        self.budget.set(BUDGET);
        self.running.set(Some(goroutine));
        self.count_turns(1);
        let turn = goroutine.turn();
        self.running.set(None);
        self.count_turns(1);
        let long_running = self.pace.after_turn();
        then(matches!(turn, TurnEnd::Ended(_)));
        match turn {
            TurnEnd::SwitchedOut => goroutine.set_long_running(long_running),
            TurnEnd::Ended(slot) => {
                self.enter_own_tls();
                self.take_back(slot);
            }
        }
    }

    #[inline]
    fn next(&'static self) -> Option<&'static Goroutine> {
        if self.housekeeping_is_next() {
            self.enter_own_tls();
            self.publish();
            self.run_errands();
            self.fire_due();
            self.poll_now();
            self.remote.spawned.take_spread(self.fresh.line());
            if let Some(started) = self.pop_fresh_in_turn().and_then(|fresh| self.start(fresh)) {
                return Some(started);
            }
        } else if !self.pace.turns_are_short() {
            // Turns are long: a deadline cannot wait for dozens of them.
            self.enter_own_tls();
            self.fire_due();
            self.run_errands();
            self.poll_if_due();
        }
        if !self.remote.woken.is_empty() {
            self.take_woken();
        }
        if self.fresh_first.get() > 0 {
            self.fresh_first.set(self.fresh_first.get() - 1);
            match self.pop_fresh_in_turn().and_then(|fresh| self.start(fresh)) {
                Some(started) => return Some(started),
                None => self.fresh_first.set(0),
            }
        }
        if let Some(goroutine) = self.pop_ready() {
            return Some(goroutine);
        }
        let seated = self.remote.spawned.pop_seated();
        let fresh = seated.or_else(|| self.fresh.pop()).or_else(|| self.pop_spread())?;
        self.note_backlog();
        self.start(fresh)
    }

    #[inline]
    fn pop_ready(&self) -> Option<&'static Goroutine> {
        if !self.long_running.is_empty() {
            return self.pop_long_running_or_other();
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

    /// With so many ready goroutines, neither those about to run nor the translations of their pages are in a cache.
    /// Looking up a translation takes longer than a turn and delays the locked operations of that turn. The processor
    /// looks up several at a time, so they are prefetched in bursts.
    #[cold]
    #[inline(never)]
    fn prefetch_crowd(&self) {
        if self.ready.popped().is_multiple_of(BURST) {
            let ahead = (BURST..2 * BURST).filter_map(|ahead| self.ready.peek(ahead));
            ahead.for_each(Goroutine::prefetch_page);
        }
        if let Some(soon) = self.ready.peek(SOON) {
            soon.prefetch_all();
        }
    }

    #[cold]
    fn pop_long_running_or_other(&self) -> Option<&'static Goroutine> {
        let turns_since_long_running = self.turns_since_long_running.get();
        if turns_since_long_running < TURNS_BEFORE_LONG_RUNNING
            && let Some(light) = self.ready.pop()
        {
            self.turns_since_long_running.set(turns_since_long_running + 1);
            return Some(light);
        }
        self.turns_since_long_running.set(0);
        self.long_running.pop()
    }

    /// The number of goroutines that wait for their turn, without the long-running ones.
    pub(crate) fn ready_count(&self) -> usize {
        self.ready.len()
    }

    pub(crate) fn has_ready(&self) -> bool {
        !self.ready.is_empty() || !self.long_running.is_empty()
    }

    /// Counts the begin or the end of a turn, or both.
    #[inline]
    pub(crate) fn count_turns(&self, steps: u32) {
        let turns = self.progress.turns.load(Relaxed);
        self.progress.turns.store(turns.wrapping_add(steps), Relaxed);
    }

    /// True if the turn to begin next is a housekeeping one.
    #[inline]
    pub(crate) fn housekeeping_is_next(&self) -> bool {
        const MASK: u32 = 2 * HOUSEKEEPING - 1;
        // The count is even between turns and odd within one; either way this is what it will be within the next.
        let next = self.progress.turns.load(Relaxed).wrapping_add(1) | 1;
        next & MASK == 1
    }

    /// Makes ready the goroutines whose deadline has passed, and fires the alarms that are due.
    #[inline]
    pub(crate) fn fire_due(&self) {
        if !self.timers.is_empty() || self.alarms.first() != Moment::NEVER {
            self.fire_due_at(Moment::now());
        }
    }

    fn fire_due_at(&self, now: Moment) {
        // Not into `long_running`, even if their last turn was long: they have rested, and reading the flag of each would
        // fetch cold memory.
        let before = self.ready.len();
        self.timers.fire(now, |goroutine| self.ready.push(goroutine));
        if self.ready.len() > before {
            self.ready.all_are_cold();
            let woken = (before..self.ready.len().min(before + CROWD)).filter_map(|at| self.ready.peek(at));
            woken.for_each(Goroutine::prefetch_page);
        }
        if self.alarms.fire(now, Placement::Local) {
            self.fresh.line_up();
            // They start before the ready goroutines run, so soon; until then an idle worker may steal them.
            let first = self.fresh.len().min(HOUSEKEEPING as usize);
            self.fresh_first.set(self.fresh_first.get().max(first));
        }
    }

    #[inline]
    pub(crate) fn take_woken(&self) {
        self.remote.woken.drain(|one| self.queue(one), |many| self.queue_many(many));
    }

    /// Fetches what other threads have placed here.
    #[inline(never)]
    fn pop_spread(&self) -> Option<FreshRef> {
        self.remote.spawned.take_spread(self.fresh.line());
        self.fresh.pop_in_turn()
    }

    #[inline]
    fn pop_fresh_in_turn(&self) -> Option<FreshRef> {
        self.remote.spawned.pop_seated().or_else(|| self.fresh.pop_in_turn())
    }

    /// None: there is no stack for it now. It waits behind the other fresh ones.
    #[inline]
    pub(crate) fn start(&'static self, fresh: FreshRef) -> Option<&'static Goroutine> {
        let slot = if fresh.is_special() {
            self.stacks.take_sized(fresh.stack_size(self.workers.stack_size()))
        } else {
            self.stacks.take()
        };
        let Some(slot) = slot else {
            self.fresh.line().push(fresh);
            return None;
        };
        if let Some(next) = self.stacks.next() {
            Goroutine::prefetch_begin(next);
        }
        self.started.set(self.started.get() + 1);
        Some(Goroutine::create(self, slot, fresh))
    }
}
