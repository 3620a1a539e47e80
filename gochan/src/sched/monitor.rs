//! A thread that looks after what the workers cannot see while they are busy: fresh goroutines behind a worker that
//! does not come back, alarms of such a worker, and stack memory nobody needs any more. It sleeps for good while all workers do.

use super::clock::Moment;
use super::place::Placement;
use super::report;
use super::runtime::Workers;
use super::worker::Worker;
use crate::stack::pool;
use std::sync::OnceLock;
use std::sync::atomic::{
    AtomicBool,
    Ordering::{Relaxed, SeqCst},
};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// Between two looks while some worker could help and another has work waiting, or might soon.
const ALERT: Duration = Duration::from_millis(1);
/// Between two looks while there is nobody to send.
const CALM: Duration = Duration::from_millis(10);
/// An alarm is fired from here if its worker has not done so for this long.
const OVERDUE: Duration = Duration::from_millis(1);
/// Free memory is returned this often even if the process never rests.
const TRIM_EVERY: Duration = Duration::from_secs(1);
/// Looks that must find everybody asleep before the process counts as resting.
const RESTING: u32 = 3;

static ASLEEP: AtomicBool = AtomicBool::new(false);
static THREAD: OnceLock<Thread> = OnceLock::new();

pub(super) fn start(workers: &'static Workers) {
    std::thread::Builder::new()
        .name("gochan-monitor".to_owned())
        .stack_size(128 * 1024)
        .spawn(move || watch(workers))
        .unwrap_or_else(|error| report::fatal(&format!("cannot start the monitor thread: {error}")));
}

/// Called by a worker that has come back from its sleep.
#[inline]
pub(super) fn worker_woke() {
    if ASLEEP.load(SeqCst)
        && ASLEEP.swap(false, SeqCst)
        && let Some(thread) = THREAD.get()
    {
        thread.unpark();
    }
}

fn watch(workers: &'static Workers) -> ! {
    let _owned = report::OwnedThread::new();
    let _ = THREAD.set(std::thread::current());
    let mut resting = 0;
    let mut last_trim = Instant::now();
    let mut trimmable_before = 0;
    let mut watch = Watch::new(workers);
    loop {
        watch.mark_stuck(workers);
        if workers.all_sleeping() {
            resting += 1;
        } else {
            resting = 0;
        }
        if resting >= RESTING {
            pool::trim_all(true);
        } else if last_trim.elapsed() >= TRIM_EVERY {
            // Not while stacks are still coming back: their workers need the pool and the kernel more.
            let trimmable = pool::trimmable();
            if (1..=trimmable_before).contains(&trimmable) {
                pool::trim_all(false);
            }
            trimmable_before = trimmable;
            last_trim = Instant::now();
        }
        if resting >= RESTING && pool::trimmable() == 0 {
            sleep_until_a_worker_wakes(workers);
            resting = 0;
        }
        let helpers = workers.any_sleeping() && resting == 0;
        if helpers && workers.all().iter().any(Worker::has_stealable) {
            workers.nudge_one();
        }
        let nap = if helpers { ALERT } else { CALM };
        std::thread::sleep(nap.min(fire_overdue(workers)).max(ALERT));
    }
}

/// What was seen of each worker at the last look.
#[derive(Debug)]
pub(super) struct Watch {
    turns: Vec<u32>,
}

impl Watch {
    pub(super) fn new(workers: &Workers) -> Watch {
        Watch { turns: vec![0; workers.count()] }
    }

    fn mark_stuck(&mut self, workers: &Workers) {
        for (worker, last) in workers.all().iter().zip(&mut self.turns) {
            let now = worker.progress.turns.load(Relaxed);
            // Odd: inside of a turn, and the same one as at the last look.
            worker.shared.stuck.store(now == *last && now % 2 == 1, Relaxed);
            *last = now;
        }
    }

    /// One look on behalf of workers that the monitor's thread does not watch.
    pub(super) fn look(&mut self, workers: &Workers) {
        self.mark_stuck(workers);
        if workers.any_sleeping() && workers.all().iter().any(Worker::has_stealable) {
            workers.nudge_one();
        }
        fire_overdue(workers);
    }
}

/// Fires the alarms that busy workers have no time for, and gives them to others. Returns when to look again.
fn fire_overdue(workers: &Workers) -> Duration {
    let busy = || workers.all().iter().filter(|worker| !worker.is_sleeping());
    if busy().all(|worker| worker.alarms.first() == Moment::NEVER) {
        return Duration::MAX;
    }
    let now = Moment::now();
    for worker in busy().filter(|worker| now.since(worker.alarms.first()) >= OVERDUE) {
        worker.alarms.fire(now, Placement::Worker(workers.least_busy(worker.index)));
    }
    let next = busy().map(|worker| worker.alarms.first().since(now)).min();
    next.unwrap_or(Duration::MAX).saturating_add(OVERDUE)
}

fn sleep_until_a_worker_wakes(workers: &Workers) {
    // SeqCst: the flag is set before the look at the count, as a waking worker counts before it looks at the flag.
    ASLEEP.store(true, SeqCst);
    while ASLEEP.load(SeqCst) && workers.all_sleeping() {
        std::thread::park();
    }
    ASLEEP.store(false, SeqCst);
}
