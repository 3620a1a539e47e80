//! What the goroutines of a worker call: spending the budget, yielding, queueing what has become ready, lingering, spawning.

use super::Worker;
use super::driver::Turn;
use crate::base::clock::Moment;
use crate::base::fork;
use crate::base::policy::{BUDGET, IDS};
#[cfg(not(gochan_model))]
use crate::base::policy::{LINGER_LOOKS, LINGER_PAUSES};
use crate::base::report;
use crate::base::scopes::{self, Standing};
use crate::base::spin::assert_none_held;
use crate::base::waiter_memory::WaiterMemory;
use crate::sched::fresh::FreshRef;
use crate::sched::goroutine::Goroutine;
use std::panic::Location;
use std::sync::atomic::Ordering::*;

impl Worker {
    /// The memory for goroutines that wait for several things at once.
    #[inline]
    pub(crate) fn waiter_memory(&self) -> &WaiterMemory {
        &self.waiter_memory
    }

    /// Ends the turn of the calling goroutine if it has been found to be long, unless the goroutine is in the middle of a
    /// scope of its thread, or may be. If it polls there for long, it is reported.
    pub(crate) fn end_long_turn(&self, turn: Turn, what: &str, place: &'static Location<'static>) {
        let Some(goroutine) = self.running.get() else { return };
        // Taken back in any case: the stack is looked at once in each look of the monitor, not at each poll.
        if self.remote.long_turn.take_back() && scopes::standing(&goroutine.here()) == Standing::Outside {
            self.let_others_run(None);
        } else if turn == Turn::Polls && self.takes_report() {
            self.report_polls(goroutine, what, place, scopes::standing(&goroutine.here()));
        }
    }

    /// The running goroutine has called an operation that never waits. It is reported if it has done little else for long
    /// while other goroutines of this worker wait for it.
    pub(crate) fn note_operation(&self, what: &str, place: &'static Location<'static>) {
        if self.remote.stands_still.is_made()
            && let Some(goroutine) = self.running.get()
            && self.takes_report()
        {
            self.report_polls(goroutine, what, place, Standing::Outside);
        }
    }

    /// True if the running goroutine is to be reported for standing still.
    fn takes_report(&self) -> bool {
        self.remote.stands_still.is_made()
            && (self.has_work() || !self.timers.is_empty() || self.alarms.first() != Moment::NEVER)
            && self.remote.stands_still.take_back()
    }

    #[cold]
    fn report_polls(
        &self,
        goroutine: &Goroutine,
        what: &str,
        place: &'static Location<'static>,
        standing: Standing,
    ) {
        let advice = scopes::advice(standing);
        report::polls(goroutine.id(), goroutine.status().site(), self.index, (what, place), advice);
    }

    /// Runs everything that is runnable on this worker now before the calling goroutine goes on.
    #[inline(always)]
    pub(crate) fn yield_now(&self, place: &'static Location<'static>) {
        self.let_others_run(Some(place));
    }

    /// As `yield_now`. `asked` is the place of the call if the goroutine has asked for it.
    #[inline(always)]
    pub(in crate::sched) fn let_others_run(&self, asked: Option<&'static Location<'static>>) {
        assert_none_held();
        if let Some(goroutine) = self.queue_behind_all(asked) {
            if self.checks_scopes {
                scopes::check(&goroutine.here(), None, asked);
            }
            goroutine.switch_out();
        }
    }

    /// Puts the calling goroutine behind everything that is runnable now. None: it must not switch out.
    #[inline(never)]
    fn queue_behind_all(&self, asked: Option<&'static Location<'static>>) -> Option<&'static Goroutine> {
        let goroutine = self.running.get()?;
        if fork::is_forked_child() {
            self.budget.set(BUDGET);
            return None;
        }
        let panicking = std::thread::panicking();
        if let Some(driver) = self.driver.get() {
            return if panicking { None } else { driver.pause(goroutine, asked) };
        }
        self.budget.set(BUDGET);
        if panicking {
            return None;
        }
        self.remote.spawned.take_spread(self.fresh.line());
        if !self.remote.woken.is_empty() {
            self.take_woken();
        }
        self.fresh.line_up();
        self.fresh_first.set(self.fresh.len() + self.remote.spawned.count_seated());
        while let Some(long_running) = self.long_running.pop() {
            self.ready.push(long_running);
        }
        self.ready.push(goroutine);
        Some(goroutine)
    }

    /// Queues a goroutine of this worker that has become ready.
    #[inline]
    pub(crate) fn push_ready(&self, goroutine: &'static Goroutine) {
        // While turns are short no goroutine is long-running, so this one need not be touched to find out.
        if self.pace.untraced_and_short() {
            self.ready.push(goroutine);
        } else {
            self.push_ready_carefully(goroutine);
        }
    }

    #[inline(never)]
    fn push_ready_carefully(&self, goroutine: &'static Goroutine) {
        self.queue(goroutine);
        if let Some(trace) = &self.trace
            && self.running.get().is_some()
        {
            trace.wake(goroutine.id());
        }
    }

    #[inline]
    pub(super) fn queue(&self, goroutine: &'static Goroutine) {
        if !self.pace.turns_are_short() && goroutine.is_long_running() {
            self.long_running.push(goroutine);
        } else {
            self.ready.push(goroutine);
        }
    }

    /// Queues goroutines of this worker that have become ready together. They are touched only if this is traced.
    pub(crate) fn push_ready_many(&self, goroutines: Vec<&'static Goroutine>) {
        if let Some(trace) = &self.trace
            && self.running.get().is_some()
        {
            goroutines.iter().for_each(|goroutine| trace.wake(goroutine.id()));
        }
        self.queue_many(goroutines);
    }

    pub(super) fn queue_many(&self, goroutines: Vec<&'static Goroutine>) {
        self.ready.reserve(goroutines.len());
        goroutines.into_iter().for_each(|goroutine| self.ready.push(goroutine));
    }

    /// True if this worker would go idle should its goroutine park, while another worker is awake.
    #[cfg(not(gochan_model))]
    #[inline]
    pub(crate) fn may_linger(&self) -> bool {
        self.workers.count() > 1 && !self.has_ready() && self.workers.any_other_awake() && !self.has_work()
    }

    fn has_work(&self) -> bool {
        self.has_ready()
            || !self.fresh.is_empty()
            || !self.remote.woken.is_empty()
            || !self.remote.spawned.is_empty()
    }

    /// Waits a little for `ready`, which another worker may make true, unless there is work. It looks seldom, because each
    /// look takes the cache line away from the thread that is about to make it true.
    #[cfg(not(gochan_model))]
    #[cold]
    pub(crate) fn linger(&self, ready: impl Fn() -> bool) {
        for _ in 0..LINGER_LOOKS {
            (0..LINGER_PAUSES).for_each(|_| std::hint::spin_loop());
            if ready() || self.has_work() {
                return;
            }
        }
    }

    /// Queues a fresh goroutine spawned by a goroutine of this worker.
    #[inline]
    pub(crate) fn push_fresh(&self, fresh: FreshRef) {
        let site = fresh.header().origin.site();
        self.fresh.push_child(fresh, site, self.turn_number());
    }

    #[inline]
    pub(crate) fn count_spawned(&self) {
        let count = &self.progress.spawned;
        count.store(count.load(Relaxed) + 1, Relaxed);
    }

    #[inline]
    pub(crate) fn count_finished(&self) {
        let count = &self.progress.finished;
        count.store(count.load(Relaxed) + 1, Relaxed);
    }

    pub(crate) fn uncount_finished(&self) {
        let count = &self.progress.finished;
        count.store(count.load(Relaxed) - 1, Relaxed);
    }

    /// An id that is unique in the process, from a block reserved ahead.
    #[inline]
    pub(crate) fn new_id(&self) -> u64 {
        let id = self.next_id.get();
        let id = if id.is_multiple_of(IDS) { self.workers.reserve_ids(IDS) } else { id };
        self.next_id.set(id + 1);
        id
    }

    /// The next fresh goroutine, if it may run on the stack of the one that has just ended: no goroutine is ready, and it
    /// needs nothing special.
    #[inline]
    pub(crate) fn next_in_chain(&self) -> Option<FreshRef> {
        if self.driver.get().is_some() || (self.trace.is_some() && !self.pace.untraced_and_short()) {
            return None;
        }
        self.budget.set(BUDGET);
        // Housekeeping is done by the loop, so the loop has to begin that turn.
        if self.has_ready() || !self.remote.woken.is_empty() || self.housekeeping_is_next() {
            return None;
        }
        let fresh = self.fresh.pop()?;
        if fresh.is_special() {
            // Back to the end of the queue; rare enough not to keep its place.
            self.fresh.line().push(fresh);
            return None;
        }
        self.count_turns(2);
        self.note_backlog();
        Some(fresh)
    }
}
