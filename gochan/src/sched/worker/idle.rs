//! A worker with nothing to run: looking for work of other workers, stealing, sleeping.

use super::Worker;
use crate::base::bell;
use crate::base::clock::{self, Moment};
use crate::base::policy::{FEW, LOOT, NAP, RUSH, SPIN, SPIN_LOOKS, STEAL_AFTER, WAKE_INTERVAL};
use crate::base::thread_time::ThreadTime;
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering::*};
use std::time::{Duration, Instant};

impl Worker {
    /// Nothing to run: fires timers, looks around for a while, then sleeps until another thread has work for it.
    #[cold]
    pub(crate) fn idle(&'static self) {
        self.enter_own_tls();
        self.idle_on_own_tls();
    }

    #[inline(never)]
    fn idle_on_own_tls(&'static self) {
        if let Some(trace) = self.trace() {
            trace.pause();
        }
        self.fire_due();
        self.run_errands();
        if self.has_ready() || self.may_start() || (self.workers.count() > 1 && self.look_around()) {
            self.resume();
            return;
        }
        self.publish();
        count(&self.gauges().sleeps);
        self.workers.begin_sleep();
        self.remote.sleeper.lie_down();
        let stops = self.workers.is_stopped() && !self.has_started_any();
        if self.remote.woken.is_empty_seqcst()
            && self.remote.spawned.is_empty()
            && !self.errands().is_asked_seqcst()
            && !stops
        {
            self.sleep();
        }
        self.remote.sleeper.get_up();
        self.workers.end_sleep();
        clock::move_coarse();
        self.resume();
    }

    /// A goroutine waits to start, and there may be a stack for it.
    fn may_start(&self) -> bool {
        !self.fresh.is_empty() && self.stacks.again().is_none()
    }

    /// When to look again for a stack that a fresh goroutine needs. `NEVER`: none is missing.
    fn wait_for_stack(&self) -> Moment {
        let again = self.stacks.again().filter(|_| !self.fresh.is_empty());
        again.map_or(Moment::NEVER, Moment::of)
    }

    /// Work goes on: the pause was part of no turn.
    fn resume(&self) {
        self.pace.resume();
        if let Some(trace) = self.trace() {
            trace.resume();
        }
    }

    fn sleep(&self) {
        let deadline = self.timers.first().min(self.alarms.first_seqcst());
        let deadline = deadline.min(self.wait_for_stack());
        let left = (deadline != Moment::NEVER).then(|| deadline.since(Moment::now()));
        let nap = left.map_or(NAP, |left| left.min(NAP));
        let woken = self.doze(Some(nap));
        if woken || !self.remote.sleeper.is_asleep() || left == Some(nap) {
            return;
        }
        self.ready.shrink();
        // Idle for a while: other workers may need the stacks, or the monitor trims them.
        self.stacks.release();
        self.publish();
        if self.timers.is_empty() && !self.polling.waits_outside() {
            self.remote.dormant.store(true, SeqCst);
            bell::ring();
        }
        self.doze(left.map(|left| left - nap));
        self.remote.dormant.store(false, SeqCst);
    }

    /// While another worker is awake, waits a little for work from it: handed over, or fresh and left waiting. True if
    /// there is some.
    fn look_around(&self) -> bool {
        let start = Instant::now();
        let mut left: Option<Left> = None;
        let patience = self.patience.next();
        loop {
            let yields = self.workers.are_crowded()
                && self.workers.any_other_woken(self.index)
                && self.courtesy.is_due();
            let looks = if yields { 1 } else { SPIN_LOOKS };
            for _ in 0..looks {
                if !self.remote.woken.is_empty() || !self.remote.spawned.is_empty() {
                    self.patience.note(start.elapsed() <= patience);
                    return true;
                }
                std::hint::spin_loop();
            }
            if self.poll_now() {
                return true;
            }
            if yields {
                self.courtesy.yield_processor();
            }
            let now = Instant::now();
            match (self.workers.others(self.index).find(|other| other.has_stealable()), &left) {
                (None, _) => left = None,
                (Some(victim), _) if victim.remote.stealing.len() >= RUSH && self.steal_from(victim) => {
                    return true;
                }
                (Some(victim), None) => left = Some(self.see(victim, now)),
                (Some(victim), Some(seen)) if !ptr::eq(seen.by, victim) => left = Some(self.see(victim, now)),
                (Some(victim), Some(seen)) if now - seen.since >= STEAL_AFTER || seen.is_old => {
                    if !seen.is_neglected() {
                        // The monitor wakes a worker to look again.
                        self.remembered.set(Some(*seen));
                        return false;
                    }
                    if self.steal_from(victim) {
                        return true;
                    }
                }
                _ => {}
            }
            let limit = if left.is_some() { SPIN + STEAL_AFTER } else { patience };
            if now - start >= limit {
                self.patience.note(false);
                return false;
            }
            if left.is_none() && !self.workers.any_other_woken(self.index) {
                return false;
            }
        }
    }

    /// Notes that fresh goroutines wait on `victim`: since now, or since the last look if it is still in the same turn.
    fn see(&self, victim: &'static Worker, now: Instant) -> Left {
        let turn = victim.turn_number();
        match self.remembered.take() {
            Some(before) if ptr::eq(before.by, victim) && before.turn == turn => {
                Left { by: victim, since: now, turn, running: before.running, is_old: true }
            }
            _ => {
                let running = victim.remote.time.get().and_then(ThreadTime::running);
                Left { by: victim, since: now, turn, running, is_old: false }
            }
        }
    }

    /// Takes up to half of the victim's fresh goroutines; if it is stuck, also those that other threads have sent it. True
    /// if there were any.
    fn steal_from(&self, victim: &Worker) -> bool {
        if victim.remote.stuck.load(Relaxed) {
            victim.remote.spawned.rescue(self.fresh.line());
        }
        let waiting = victim.remote.stealing.len();
        let limit = if waiting <= FEW { 1 } else { (waiting / 2).min(LOOT) };
        victim.remote.stealing.steal(&self.fresh, limit);
        let has_got_some = !self.fresh.is_empty();
        if has_got_some {
            count(&self.gauges().steals);
        }
        has_got_some
    }

    /// About to run a fresh goroutine. If more wait, wakes a sleeping worker to steal some, now and then.
    #[inline]
    pub(crate) fn note_backlog(&self) {
        if self.workers.any_sleeping() && !self.fresh.is_empty() {
            self.wake_for_backlog();
        }
    }

    #[cold]
    fn wake_for_backlog(&self) {
        let now = Instant::now();
        if self.last_backlog_wake.get().is_none_or(|last| now - last >= WAKE_INTERVAL) {
            self.last_backlog_wake.set(Some(now));
            self.workers.nudge_one();
        }
    }
}

/// Fresh goroutines that wait on another worker.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Left {
    by: &'static Worker,
    since: Instant,
    /// The turn that the worker was in at that time.
    turn: u32,
    /// The processor time that its thread had used by then.
    running: Option<Duration>,
    /// Seen at an earlier look already.
    is_old: bool,
}

impl Left {
    /// True if the worker could have started them and has not. On a busy machine its thread may not have had a processor;
    /// a partner in a conversation that is stolen then stays on the wrong worker for good.
    fn is_neglected(&self) -> bool {
        let remote = &self.by.remote;
        let (Some(time), Some(before)) = (remote.time.get(), self.running) else { return true };
        time.running().is_none_or(|now| now.saturating_sub(before) >= STEAL_AFTER / 2)
            || (remote.stuck.load(Relaxed) && time.waits_in_system())
    }
}

/// Adds one to a count that only this thread writes.
fn count(counter: &AtomicU64) {
    counter.store(counter.load(Relaxed) + 1, Relaxed);
}

#[cfg(all(test, target_os = "linux", not(any(gochan_model, gochan_loom))))]
mod tests {
    use super::*;
    use crate::base::origin::Origin;
    use crate::sched::fresh::FreshRef;
    use crate::sched::runtime;
    use std::panic::Location;
    use std::sync::Arc;
    use std::sync::mpsc::{self, Receiver, Sender};
    use std::thread;

    /// A thread that has a processor only when it is told to.
    struct Thread {
        tell: Sender<()>,
        told: Receiver<ThreadTime>,
    }

    impl Thread {
        fn new() -> Thread {
            let ((tell, wait), (answer, told)) = (mpsc::channel(), mpsc::channel());
            thread::spawn(move || {
                while wait.recv().is_ok() {
                    let own = ThreadTime::of_this_thread().unwrap();
                    let before = own.running().unwrap();
                    while own.running().unwrap() - before < STEAL_AFTER {}
                    answer.send(own).unwrap();
                }
            });
            Thread { tell, told }
        }

        /// Has it run for [`STEAL_AFTER`]. It waits again when this returns.
        fn run(&self) -> ThreadTime {
            self.tell.send(()).unwrap();
            let time = self.told.recv().unwrap();
            let mut looks = 0;
            while looks < 100 {
                let before = time.running();
                looks = if time.waits_in_system() && time.running() == before { looks + 1 } else { 0 };
            }
            time
        }
    }

    /// Two workers. The second is that thread, and has a fresh goroutine.
    fn thief_and_victim(thread: &Thread) -> (&'static Worker, &'static Worker) {
        let workers = runtime::make_private(2, Arc::default());
        let [thief, victim] = workers.all() else { panic!("two were asked for") };
        victim.remote.time.set(thread.run()).unwrap();
        victim.push_fresh(FreshRef::new(
            workers.reserve_ids(1),
            false,
            Origin::at(Location::caller()),
            || (),
        ));
        (thief, victim)
    }

    /// Row GO-26. The opposite, that it is stolen from a worker that has run, is the rest of the test.
    #[test]
    fn what_a_worker_without_a_processor_has_left_waiting_is_not_stolen() {
        let thread = Thread::new();
        let (thief, victim) = thief_and_victim(&thread);
        for _ in 0..100 {
            assert!(!thief.look_around(), "it was stolen, and its worker could not have started it");
            assert!(victim.has_stealable());
        }
        thread.run();
        assert!(thief.look_around(), "its worker could have started it");
        assert!(!victim.has_stealable());
    }

    #[test]
    fn what_a_worker_that_waits_in_the_system_has_left_waiting_is_stolen() {
        let thread = Thread::new();
        let (thief, victim) = thief_and_victim(&thread);
        assert!(!thief.look_around());
        victim.remote.stuck.store(true, Relaxed);
        assert!(thief.look_around());
        assert!(!victim.has_stealable());
    }
}
