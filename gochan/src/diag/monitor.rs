//! The monitor: a thread that does what workers cannot do while they are busy. It has fresh goroutines behind a stuck worker
//! stolen, fires the alarms of such a worker, reports long turns, and returns stack memory that is no longer needed. When all
//! workers have come to rest it checks for a deadlock, and if there is none sleeps for as long as they do. On
//! `Backend::Threads` it only checks for deadlocks.
//!
//! A test on workers of its own has no such thread: the thread of the test calls [`Watch::look`].

#[cfg(target_os = "linux")]
use super::asleep::Sleep;
use super::deadlock::{self, Verdict};
use super::stacks;
use super::{dump, overflow, trace};
use crate::base::above::{Above, Watch as WatchOver};
use crate::base::actors::OwnedThread;
use crate::base::bell;
use crate::base::clock::{self, Moment};
use crate::base::placement::Placement;
use crate::base::policy::{
    ALERT, CALM, LEAVING, LONG_TURN, OUTSIDERS_FIRST, OUTSIDERS_LAST, OVERDUE, RESTING, STANDS_STILL,
    TRIM_AFTER, TRIM_AFTER_BUSY,
};
use crate::base::reason::WaitReason;
use crate::base::settings::{Traceback, settings};
use crate::base::status::{Seen, Status, Wait};
use crate::base::thread_time::ThreadTime;
use crate::base::{attributes, report};
use crate::knots;
use crate::sched::runtime::{self, Workers};
use crate::sched::worker::Worker;
use crate::spawn::blocking::{self, CallSites};
use crate::stack::pool;
use std::collections::BTreeMap;
use std::sync::Once;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

impl WatchOver for Above {
    fn workers_will_start() {
        trace::prepare();
    }

    fn workers_made() {
        crate::stack::overflow::install(overflow::report);
    }

    fn workers_started() {
        // The thread waits for the end of the start.
        start_thread(|| watch(runtime::workers()));
    }

    fn threads_start() {
        start_for_threads();
    }

    fn main_has_left() -> ! {
        deadlock::main_has_left()
    }
}

/// Makes sure that there is a monitor on `Backend::Threads`.
fn start_for_threads() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        trace::decline();
        start_thread(|| watch_threads());
    });
}

fn start_thread(watch: impl FnOnce() + Send + 'static) {
    super::leaks::start_if_asked();
    let body = move || {
        let _owned = OwnedThread::new();
        bell::monitor().adopt_thread();
        watch();
    };
    bell::announce_monitor();
    std::thread::Builder::new()
        .name("gochan-monitor".to_owned())
        .stack_size(128 * 1024)
        .spawn(body)
        .unwrap_or_else(|error| report::fatal(&format!("cannot start the monitor thread: {error}")));
}

fn watch(workers: &'static Workers) -> ! {
    let mut resting = 0;
    let mut trimmer = Trimmer::new();
    let mut watch = Watch::new(workers);
    loop {
        watch.look_at_turns();
        watch.report_long_turns();
        if workers.all_sleeping() {
            resting += 1;
        } else {
            resting = 0;
        }
        trimmer.look(resting >= RESTING);
        blocking::look_after_queue(call_sites);
        if resting >= RESTING {
            if pool::trimmable() == 0 {
                rest(Some(workers));
                resting = 0;
            } else if deadlock::look(Some(workers)) == Verdict::Dead {
                // The report need not wait for the trimming.
                deadlock::report();
            }
        }
        if resting == 0 {
            knots::report_if_due();
        }
        let nap = if workers.any_sleeping() && resting == 0 { ALERT } else { CALM };
        std::thread::sleep(nap.min(watch.help()).max(ALERT));
    }
}

/// Returns stack memory that is no longer needed.
struct Trimmer {
    trimmable: usize,
    /// Since when there is that much.
    since: Instant,
}

impl Trimmer {
    fn new() -> Trimmer {
        Trimmer { trimmable: 0, since: Instant::now() }
    }

    fn look(&mut self, resting: bool) {
        let trimmable = pool::trimmable();
        if trimmable != self.trimmable {
            *self = Trimmer { trimmable, since: Instant::now() };
        }
        let enough = if resting { TRIM_AFTER } else { TRIM_AFTER_BUSY };
        // With nothing to trim there may still be whole regions to unmap.
        if (resting && trimmable == 0) || (trimmable > 0 && self.since.elapsed() >= enough) {
            pool::trim_all(resting);
        }
    }
}

/// A look at some workers from outside, and the turns that they were in at the last one.
#[derive(Debug)]
pub(crate) struct Watch {
    workers: &'static Workers,
    turns: Vec<LongTurn>,
}

impl Watch {
    pub(crate) fn new(workers: &'static Workers) -> Watch {
        Watch { workers, turns: workers.all().iter().map(LongTurn::new).collect() }
    }

    /// One look on behalf of workers that the monitor's thread does not watch. Called by the thread of their test.
    pub(crate) fn look(&mut self) {
        self.look_at_turns();
        self.help();
        blocking::look_after_queue(call_sites);
    }

    /// Moves the coarse clock, marks workers as stuck, and asks for the end of long turns.
    fn look_at_turns(&mut self) {
        clock::move_coarse();
        self.turns.iter_mut().for_each(LongTurn::look);
    }

    /// Called by the thread that unmaps stacks.
    fn report_long_turns(&mut self) {
        let limit = settings().stuck_after;
        if !limit.is_zero() {
            self.turns.iter_mut().for_each(|turn| turn.report_if_due(limit));
        }
    }

    /// Wakes a worker to steal what waits on another one, and fires overdue alarms. Returns when to look for those again.
    fn help(&self) -> Duration {
        if self.workers.any_sleeping() && self.workers.all().iter().any(Worker::has_stealable) {
            self.workers.nudge_one();
        }
        fire_overdue(self.workers)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        for turn in &self.turns {
            turn.worker.remote.long_turn.take_back();
            turn.worker.remote.stands_still.take_back();
        }
    }
}

/// Fires the overdue alarms of busy workers on other workers. Returns when to look again.
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

/// The turn that a worker is in, and when it was first seen there.
#[derive(Debug)]
struct LongTurn {
    worker: &'static Worker,
    number: u32,
    since: Instant,
    reported: bool,
    /// It is so long that a loop of polls is to be reported.
    stands_still: bool,
    /// It has been asked whether the thread waits in a system call.
    asked: bool,
    #[cfg(target_os = "linux")]
    sleep: Sleep,
}

/// What is said of a thread that sleeps in a long turn.
struct Asleep {
    place: String,
    remedy: &'static str,
}

impl LongTurn {
    fn new(worker: &'static Worker) -> LongTurn {
        LongTurn {
            worker,
            number: 0,
            since: Instant::now(),
            reported: false,
            stands_still: false,
            asked: false,
            #[cfg(target_os = "linux")]
            sleep: Sleep::default(),
        }
    }

    fn look(&mut self) {
        let number = self.worker.progress.turns.load(Relaxed);
        // Odd: within a turn, which is the same one as at the last look.
        let stuck = number == self.number && number % 2 == 1;
        self.worker.remote.stuck.store(stuck, Relaxed);
        if stuck && self.since.elapsed() >= LONG_TURN {
            self.worker.remote.long_turn.make();
            self.learn_from_wait();
        } else {
            self.worker.remote.long_turn.take_back();
        }
        if stuck && !self.stands_still && self.since.elapsed() >= STANDS_STILL {
            self.stands_still = true;
            self.worker.remote.stands_still.make();
        }
        if !stuck {
            self.worker.remote.stands_still.take_back();
            *self = LongTurn { number, ..LongTurn::new(self.worker) };
        }
    }

    /// Workers of which some wait in system calls are not too many for the processors.
    fn learn_from_wait(&mut self) {
        let workers = self.worker.workers;
        if !self.asked && workers.spread() < workers.count() {
            self.asked = true;
            if self.worker.thread().is_none_or(ThreadTime::waits_in_system) {
                workers.spread_over_all();
            }
        }
    }

    /// A thread that computes may come to its end by itself, and is reported after `limit`. One that sleeps waits for something
    /// that may need this very worker, and is reported sooner if others wait for it.
    fn report_if_due(&mut self, limit: Duration) {
        let long = self.since.elapsed();
        if self.reported || long < limit.min(STANDS_STILL / 2) || !self.worker.remote.stuck.load(Relaxed) {
            return;
        }
        let asleep = self.asleep();
        let holds_up = || long >= STANDS_STILL && asleep.is_some() && others_at(self.worker) > 0;
        if long >= limit || holds_up() {
            self.report(asleep);
        }
    }

    #[cfg(target_os = "linux")]
    fn asleep(&mut self) -> Option<Asleep> {
        let asleep = self.sleep.look(self.worker.thread()?)?;
        Some(Asleep { place: asleep.place(), remedy: asleep.remedy() })
    }

    #[cfg(not(target_os = "linux"))]
    fn asleep(&mut self) -> Option<Asleep> {
        None
    }

    #[cold]
    fn report(&mut self, asleep: Option<Asleep>) {
        self.reported = true;
        // SAFETY: only this thread unmaps stacks.
        let status = unsafe { self.worker.running.peek() };
        let Some(Seen { id, site, .. }) = status.and_then(Status::look) else { return };
        if self.worker.progress.turns.load(Relaxed) != self.number {
            return;
        }
        let name = attributes::name(id).map(|name| format!(" `{name}`")).unwrap_or_default();
        let site = site.map(|site| format!("\n    spawned at {site}")).unwrap_or_default();
        let (place, remedy) = match asleep {
            Some(Asleep { place, remedy }) => (format!("    its thread sleeps in {place}\n"), remedy),
            None => (
                String::new(),
                "Let it call runtime::gosched() now and then, or move what takes so long into gochan::blocking",
            ),
        };
        report::warn(&format!(
            "goroutine {id}{name} has kept worker {} to itself for {:.1} s{site}\n{place}{}    {remedy}",
            self.worker.index(),
            self.since.elapsed().as_secs_f64(),
            held_up(self.worker),
        ));
        if settings().traceback != Traceback::None {
            stacks::busy::tell(self.worker, id, self.number);
        }
    }
}

/// The goroutines that only this worker can run, or that wait for it, other than the running one.
fn others_at(worker: &Worker) -> usize {
    (dump::count_at_home(worker.index()) + worker.count_unstarted()).saturating_sub(1)
}

/// Where calls of `blocking` were made that have not returned.
fn call_sites() -> CallSites {
    let mut sites = BTreeMap::new();
    dump::visit_started(|seen| {
        if let Some(Wait { reason: WaitReason::Blocking, place: Some(place), .. }) = seen.wait {
            *sites.entry(place).or_insert(0) += 1;
        }
    });
    sites.into_iter().collect()
}

/// What cannot go on meanwhile, as lines of a report.
fn held_up(worker: &Worker) -> String {
    let goroutines = match others_at(worker) {
        0 => String::new(),
        1 => "    1 other goroutine of this worker cannot run meanwhile\n".to_owned(),
        others => format!("    {others} other goroutines of this worker cannot run meanwhile\n"),
    };
    let waits = match worker.count_source_waiters() {
        0 => String::new(),
        1 => "    1 wait for a socket or the like goes on meanwhile, whatever arrives\n".to_owned(),
        waits => format!("    {waits} waits for sockets and the like go on meanwhile, whatever arrives\n"),
    };
    goroutines + &waits
}

/// No goroutine runs: reports a deadlock, or sleeps until a thread rings the bell.
fn rest(workers: Option<&'static Workers>) {
    let mut nap = OUTSIDERS_FIRST;
    loop {
        // SeqCst, here and in `bell::ring`: either this look sees what the other thread has stored, or that sees the flag.
        bell::monitor().lie_down();
        let verdict = deadlock::look(workers);
        if verdict == Verdict::Dead {
            deadlock::report();
        }
        let due = knots::report_if_due();
        let calls_wait = blocking::look_after_queue(call_sites);
        let still_rests = || bell::monitor().is_asleep() && workers.is_none_or(Workers::all_sleeping);
        if still_rests() {
            match verdict {
                Verdict::Outsiders => std::thread::park_timeout(due.map_or(nap, |time| time.min(nap))),
                Verdict::Leaving => std::thread::park_timeout(LEAVING),
                _ if due.is_some() => std::thread::park_timeout(knots::PATIENCE),
                _ if calls_wait => std::thread::park_timeout(blocking::LOOK),
                _ => std::thread::park(),
            }
        }
        if !still_rests() {
            break;
        }
        nap = if verdict == Verdict::Leaving { OUTSIDERS_FIRST } else { (2 * nap).min(OUTSIDERS_LAST) };
    }
    bell::monitor().get_up();
}

fn watch_threads() -> ! {
    loop {
        rest(None);
        std::thread::sleep(CALM);
    }
}
