//! What other threads call: handing goroutines over, looking at the worker's state, leaving errands, waking it.

use super::{Gauges, Worker};
use crate::base::clock::Moment;
use crate::base::sleeper::Sleeper;
use crate::base::thread_time::ThreadTime;
use crate::base::trace;
use crate::sched::errands::{Errand, Errands};
use crate::sched::fresh::FreshRef;
use crate::sched::goroutine::Goroutine;
use std::sync::atomic::{Ordering::*, fence};

/// Traces that the goroutine running here has made goroutine `id` of another worker ready.
#[cold]
fn woken_elsewhere(id: u64) {
    if let Some(worker) = Worker::current()
        && worker.running().is_some()
        && let Some(trace) = worker.trace()
    {
        trace.wake(id);
    }
}

impl Worker {
    /// Hands over a goroutine of this worker that has become ready.
    #[inline]
    pub(crate) fn push_from_elsewhere(&self, goroutine: &'static Goroutine) {
        if trace::is_on() {
            woken_elsewhere(goroutine.id());
        }
        self.remote.woken.push(goroutine);
        self.remote.sleeper.wake();
    }

    /// Hands over goroutines of this worker that have become ready together, without touching them.
    pub(crate) fn push_many_from_elsewhere(&self, goroutines: Vec<&'static Goroutine>) {
        if trace::is_on() {
            goroutines.iter().for_each(|goroutine| woken_elsewhere(goroutine.id()));
        }
        self.remote.woken.push_many(goroutines);
        self.remote.sleeper.wake();
    }

    /// Hands over a fresh goroutine. If it is seated, it starts here, unless this worker is stuck.
    pub(crate) fn push_fresh_from_elsewhere(&self, fresh: FreshRef, seated: bool) {
        self.remote.spawned.push(fresh, seated);
        // Between the push and the look at the flag, as in `Inbox::push`.
        fence(SeqCst);
        self.remote.sleeper.wake();
    }

    pub(crate) fn is_sleeping(&self) -> bool {
        self.remote.sleeper.is_asleep()
    }

    pub(crate) fn gauges(&self) -> &Gauges {
        &self.progress.gauges
    }

    /// Fresh goroutines that wait for this worker, or for one that steals them.
    pub(crate) fn count_unstarted(&self) -> usize {
        self.remote.stealing.len() + self.remote.spawned.len()
    }

    /// Publishes the gauges. Called on the worker's own thread.
    pub(crate) fn publish(&self) {
        let gauges = self.gauges();
        gauges.ready.store(self.ready.len() + self.long_running.len(), Relaxed);
        gauges.timers.store(self.timers.len(), Relaxed);
        gauges.stacks.store(self.stacks.len(), Relaxed);
    }

    pub(crate) fn sleeper(&self) -> &Sleeper {
        &self.remote.sleeper
    }

    /// True if the worker sleeps and nothing that it knows of will wake it.
    pub(crate) fn is_dormant(&self) -> bool {
        self.remote.dormant.load(SeqCst)
            && self.is_sleeping()
            && !self.has_fresh()
            && self.remote.woken.is_empty_seqcst()
            && self.alarms.first_seqcst() == Moment::NEVER
    }

    pub(crate) fn has_fresh(&self) -> bool {
        !self.remote.stealing.is_empty() || !self.remote.spawned.is_empty()
    }

    /// True if it has fresh goroutines that another worker may take. Those that were placed here on purpose wait for this
    /// worker, which may just be waking up, unless it is stuck.
    pub(crate) fn has_stealable(&self) -> bool {
        !self.remote.stealing.is_empty()
            || (self.remote.stuck.load(Relaxed) && !self.remote.spawned.is_empty())
    }

    /// Its thread in the system, where that is known.
    pub(crate) fn thread(&self) -> Option<&ThreadTime> {
        self.remote.time.get()
    }

    pub(crate) fn errands(&self) -> &Errands {
        &self.remote.errands
    }

    /// Has the worker run `errand` between turns.
    pub(crate) fn ask(&self, errand: Box<dyn Errand>) {
        self.remote.errands.leave(errand);
        self.nudge();
    }

    /// Runs the errands left here. Called on the worker's own thread between turns.
    #[inline]
    pub(crate) fn run_errands(&'static self) {
        if self.remote.errands.is_asked() {
            self.remote.errands.run(self);
        }
    }

    /// Wakes the worker if it sleeps, so that it looks around. True if it slept.
    pub(crate) fn nudge(&self) -> bool {
        let sleeping = self.is_sleeping();
        if sleeping {
            fence(SeqCst);
            self.remote.sleeper.wake();
        }
        sleeping
    }
}
