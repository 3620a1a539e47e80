//! A worker with nothing to run, and how it learns that another has too much.

use super::Worker;
use crate::sched::clock::{self, Moment};
use crate::sched::monitor;
use crate::sched::thread_time::ThreadTime;
use crossbeam_deque::Steal;
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering::*};
use std::time::{Duration, Instant};

/// How long a worker with nothing to do looks around before it sleeps, while another worker is busy: waking it
/// costs about as much.
const SPIN: Duration = Duration::from_micros(25);
/// A fresh task that has been seen waiting for this long on another worker may be stolen.
const STEAL_AFTER: Duration = Duration::from_micros(40);
/// Up to so many waiting tasks are stolen one by one: they may be the pool whose spread was just decided.
const FEW: usize = 8;
/// So many waiting tasks are a rush, and nobody waits to see whether they are left waiting.
const RUSH: usize = 4096;
/// At most so many are taken at once: a larger bite is likely to be disturbed by the victim.
const LOOT: usize = 256;
/// At most one wake for backlog in this time.
const WAKE_INTERVAL: Duration = Duration::from_micros(100);

impl Worker {
    /// Nothing to run: fire timers, look around for a while, then sleep until somebody has something.
    #[cold]
    pub(super) fn idle(&'static self) {
        if let Some(trace) = self.trace() {
            trace.pause();
        }
        self.fire_due();
        self.show_stacks();
        if self.has_ready() || !self.fresh.is_empty() || (self.workers.count() > 1 && self.look_around()) {
            self.resume();
            return;
        }
        self.publish();
        count(&self.gauges().sleeps);
        self.workers.begin_sleep();
        self.shared.sleeper.lie_down();
        let stops = self.workers.is_stopped() && !self.has_started_any();
        if self.shared.woken.is_empty_seqcst()
            && self.shared.spawned.is_empty()
            && !self.desk().is_asked_seqcst()
            && !stops
        {
            self.sleep();
        }
        self.shared.sleeper.get_up();
        self.workers.end_sleep();
        clock::move_coarse();
        self.resume();
    }

    /// A pause without goroutines is nobody's turn.
    fn resume(&self) {
        self.pace.resume();
        if let Some(trace) = self.trace() {
            trace.resume();
        }
    }

    fn sleep(&self) {
        const BRIEFLY: Duration = Duration::from_millis(10);
        let deadline = self.timers.first().min(self.alarms.first_seqcst());
        let left = (deadline != Moment::NEVER).then(|| deadline.since(Moment::now()));
        let nap = left.map_or(BRIEFLY, |left| left.min(BRIEFLY));
        std::thread::park_timeout(nap);
        if !self.shared.sleeper.is_asleep() || left == Some(nap) {
            return;
        }
        self.ready.shrink();
        // Quiet for a while: others may need the stacks more, or nobody does and they are trimmed.
        self.stacks.release();
        self.publish();
        if self.timers.is_empty() {
            self.shared.dormant.store(true, SeqCst);
            monitor::worker_rests();
        }
        match left {
            Some(left) => std::thread::park_timeout(left - nap),
            None => std::thread::park(),
        }
        self.shared.dormant.store(false, SeqCst);
    }

    /// While another worker is busy, waits a little for work from it: handed over, or fresh and left waiting.
    fn look_around(&self) -> bool {
        let start = Instant::now();
        let mut left: Option<Left> = None;
        loop {
            for _ in 0..16 {
                if !self.shared.woken.is_empty() || !self.shared.spawned.is_empty() {
                    return true;
                }
                std::hint::spin_loop();
            }
            let now = Instant::now();
            match (self.workers.others(self.index).find(|other| other.has_stealable()), &left) {
                (None, _) => left = None,
                (Some(victim), _) if victim.shared.stealer.len() >= RUSH && self.steal_from(victim) => {
                    return true;
                }
                (Some(victim), None) => left = Some(self.see(victim, now)),
                (Some(victim), Some(seen)) if !ptr::eq(seen.by, victim) => left = Some(self.see(victim, now)),
                (Some(victim), Some(seen)) if now - seen.since >= STEAL_AFTER || seen.is_old => {
                    if !seen.is_neglected() {
                        // The monitor sends somebody to look again.
                        self.remembered.set(Some(*seen));
                        return false;
                    }
                    if self.steal_from(victim) {
                        return true;
                    }
                }
                _ => {}
            }
            let patience = if left.is_some() { SPIN + STEAL_AFTER } else { SPIN };
            if now - start >= patience || (left.is_none() && !self.workers.any_other_awake()) {
                return false;
            }
        }
    }

    /// Fresh tasks wait on `victim`: since now, or since the last look if it is in the same turn still.
    fn see(&self, victim: &'static Worker, now: Instant) -> Left {
        let turn = victim.turn_number();
        match self.remembered.take() {
            Some(before) if ptr::eq(before.by, victim) && before.turn == turn => {
                Left { by: victim, since: now, turn, running: before.running, is_old: true }
            }
            _ => {
                let running = victim.shared.time.get().and_then(ThreadTime::running);
                Left { by: victim, since: now, turn, running, is_old: false }
            }
        }
    }

    /// Takes half of the victim's fresh tasks, and whatever others have sent it.
    fn steal_from(&self, victim: &Worker) -> bool {
        if victim.shared.stuck.load(Relaxed) {
            let _ = victim.shared.spawned.steal_batch(&self.fresh);
        }
        let waiting = victim.shared.stealer.len();
        let limit = if waiting <= FEW { 1 } else { (waiting / 2).min(LOOT) };
        while victim.shared.stealer.steal_batch_with_limit(&self.fresh, limit) == Steal::Retry {
            std::hint::spin_loop();
        }
        let has_got_some = !self.fresh.is_empty();
        if has_got_some {
            count(&self.gauges().steals);
        }
        has_got_some
    }

    /// About to run a fresh task while more wait: let a sleeping worker have a look, now and then.
    #[inline]
    pub(super) fn note_backlog(&self) {
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

/// Fresh tasks that wait on another worker.
#[derive(Debug, Clone, Copy)]
pub(super) struct Left {
    by: &'static Worker,
    since: Instant,
    /// The turn that it was in by then.
    turn: u32,
    /// How long its thread had been running by then.
    running: Option<Duration>,
    /// It was seen at an earlier look.
    is_old: bool,
}

impl Left {
    /// Whether the worker could have started them and has not. On a busy machine its thread may just not have had a
    /// processor: a partner in a conversation that is taken from it then lives on the wrong worker for good.
    fn is_neglected(&self) -> bool {
        let shared = &self.by.shared;
        let (Some(time), Some(before)) = (shared.time.get(), self.running) else { return true };
        time.running().is_none_or(|now| now.saturating_sub(before) >= STEAL_AFTER / 2)
            || (shared.stuck.load(Relaxed) && time.waits_in_system())
    }
}

/// One more, in a count that this thread alone writes.
fn count(counter: &AtomicU64) {
    counter.store(counter.load(Relaxed) + 1, Relaxed);
}
