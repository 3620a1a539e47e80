//! A thread that looks after what the workers cannot see while they are busy: fresh goroutines behind a worker that
//! does not come back, alarms of such a worker, and stack memory nobody needs any more. When all workers have come to
//! rest it asks whether that is a deadlock, and if not sleeps for as long as they do. On `Backend::Threads` it has
//! only that question to ask.

use super::clock::{self, Moment};
use super::deadlock::{self, Verdict};
use super::outside::{self, OwnedThread};
use super::place::Placement;
use super::runtime::Workers;
use super::settings::{Traceback, settings};
use super::stacks;
use super::status::{Seen, Status};
use super::worker::Worker;
use super::{attributes, blocking, report, threads};
use crate::stack::pool;
use std::sync::atomic::{
    AtomicBool,
    Ordering::{Relaxed, SeqCst},
};
use std::sync::{Mutex, MutexGuard, Once, OnceLock, PoisonError};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// Between two looks while some worker could help and another has work waiting, or might soon.
const ALERT: Duration = Duration::from_millis(1);
/// Between two looks while there is nobody to send.
const CALM: Duration = Duration::from_millis(10);
/// An alarm is fired from here if its worker has not done so for this long.
const OVERDUE: Duration = Duration::from_millis(1);
/// A turn that takes longer is to end at the next operation that loops live on, so that others of the worker have theirs. As
/// in Go.
const LONG: Duration = Duration::from_millis(10);
/// In a turn that takes longer, operations that never wait are taken for a loop that polls.
const STANDS_STILL: Duration = Duration::from_secs(1);
/// Free memory is returned once it has been neither needed nor added to for this long: what goes back to the kernel while
/// stacks come and go is fetched again at many times the cost, and each return interrupts the other processors.
const TRIM_AFTER: Duration = Duration::from_millis(100);
/// As `TRIM_AFTER`, for a process that does not rest.
const TRIM_AFTER_BUSY: Duration = Duration::from_secs(1);
/// Looks that must find everybody asleep before the process counts as resting.
const RESTING: u32 = 3;

/// Between two looks at a process in which only threads of its own could still act. Twice as long each time.
const OUTSIDERS_FIRST: Duration = Duration::from_millis(20);
const OUTSIDERS_LAST: Duration = Duration::from_secs(1);
/// Between two looks at threads that have been told to end.
const LEAVING: Duration = Duration::from_millis(5);

static ASLEEP: AtomicBool = AtomicBool::new(false);
static THREAD: OnceLock<Thread> = OnceLock::new();
static STARTED: AtomicBool = AtomicBool::new(false);
/// Since when there are knots that have not been reported.
static KNOTS_SINCE: Mutex<Option<Instant>> = Mutex::new(None);
/// A knot is reported after this time, in which it may turn out that all goroutines wait: that is reported otherwise.
const KNOTS_AFTER: Duration = Duration::from_millis(100);

pub(super) fn start(workers: &'static Workers) {
    start_thread(move || watch(workers));
}

/// Makes sure that there is a monitor on `Backend::Threads`.
pub(super) fn start_for_threads() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        super::trace::decline();
        start_thread(|| watch_threads());
    });
}

fn start_thread(watch: impl FnOnce() + Send + 'static) {
    crate::diag::leaks::start_if_asked();
    let body = move || {
        let _owned = OwnedThread::new();
        let _ = THREAD.set(std::thread::current());
        watch();
    };
    STARTED.store(true, SeqCst);
    std::thread::Builder::new()
        .name("gochan-monitor".to_owned())
        .stack_size(128 * 1024)
        .spawn(body)
        .unwrap_or_else(|error| report::fatal(&format!("cannot start the monitor thread: {error}")));
}

/// Called by a worker that has come back from its sleep.
#[inline]
pub(super) fn worker_woke() {
    if ASLEEP.load(SeqCst) {
        wake();
    }
}

/// Called by a worker that will now sleep until somebody wakes it.
pub(super) fn worker_rests() {
    if ASLEEP.load(SeqCst) {
        wake();
    }
}

/// Called when a worker, or the service that stands for all, has no alarm any more: somebody has cancelled the last. The
/// worker sleeps on to the time of that, and may have nothing else to wait for.
pub(super) fn last_alarm_is_gone() {
    // SeqCst, after the store that this is about: see `rest`.
    if ASLEEP.load(SeqCst) {
        wake();
    }
}

/// Called when a thread waits for good, or when a thread that runs a goroutine has done so.
pub(super) fn thread_lies_down() {
    if ASLEEP.load(SeqCst) && threads::pending() as isize <= outside::waiting_goroutines() {
        wake();
    }
}

/// Called when some goroutines, or threads, have been found to wait for each other.
#[cfg(not(all(test, gochan_model)))]
pub(super) fn knot_is_found() {
    if !STARTED.load(SeqCst) {
        // Only threads have done anything yet.
        return deadlock::warn_of_knots();
    }
    knots_since().get_or_insert_with(Instant::now);
    if ASLEEP.load(SeqCst) {
        wake();
    }
}

#[cold]
fn wake() {
    if ASLEEP.swap(false, SeqCst)
        && let Some(thread) = THREAD.get()
    {
        thread.unpark();
    }
}

fn watch(workers: &'static Workers) -> ! {
    let mut resting = 0;
    let mut trimmer = Trimmer::new();
    let mut watch = Watch::new(workers);
    loop {
        clock::move_coarse();
        watch.mark_stuck();
        watch.tell_long_turns();
        if workers.all_sleeping() {
            resting += 1;
        } else {
            resting = 0;
        }
        trimmer.look(resting >= RESTING);
        blocking::look_after_queue();
        if resting >= RESTING {
            if pool::trimmable() == 0 {
                rest(Some(workers));
                resting = 0;
            } else if deadlock::look(Some(workers)) == Verdict::Dead {
                // Nobody needs to wait for the trimming to be told that.
                deadlock::report();
            }
        }
        if resting == 0 {
            tell_of_knots();
        }
        let helpers = workers.any_sleeping() && resting == 0;
        if helpers && workers.all().iter().any(Worker::has_stealable) {
            workers.nudge_one();
        }
        let nap = if helpers { ALERT } else { CALM };
        std::thread::sleep(nap.min(fire_overdue(workers)).max(ALERT));
    }
}

/// Returns stack memory that nobody seems to need any more.
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

/// The turns that workers are in.
#[derive(Debug)]
pub(super) struct Watch {
    turns: Vec<LongTurn>,
}

impl Watch {
    pub(super) fn new(workers: &Workers) -> Watch {
        Watch { turns: workers.all().iter().map(LongTurn::new).collect() }
    }

    fn mark_stuck(&mut self) {
        self.turns.iter_mut().for_each(LongTurn::look);
    }

    /// Called by the thread that unmaps stacks.
    fn tell_long_turns(&mut self) {
        let limit = settings().stuck_after;
        let long = |turn: &&mut LongTurn| !turn.told && turn.is_as_long_as(limit);
        self.turns.iter_mut().filter(long).for_each(LongTurn::tell);
    }

    /// One look on behalf of workers that the monitor's thread does not watch.
    pub(super) fn look(&mut self, workers: &Workers) {
        clock::move_coarse();
        self.mark_stuck();
        if workers.any_sleeping() && workers.all().iter().any(Worker::has_stealable) {
            workers.nudge_one();
        }
        fire_overdue(workers);
        blocking::look_after_queue();
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        for turn in &self.turns {
            turn.worker.shared.long_turn.take_back();
            turn.worker.shared.stands_still.take_back();
        }
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

/// The turn that a worker is in, and since when it has been seen there.
#[derive(Debug)]
struct LongTurn {
    worker: &'static Worker,
    number: u32,
    since: Instant,
    told: bool,
    /// It has been long enough for a loop of polls to be reported.
    stands_still: bool,
}

impl LongTurn {
    fn new(worker: &'static Worker) -> LongTurn {
        LongTurn { worker, number: 0, since: Instant::now(), told: false, stands_still: false }
    }

    fn look(&mut self) {
        let number = self.worker.progress.turns.load(Relaxed);
        // Odd: inside of a turn, and the same one as at the last look.
        let stuck = number == self.number && number % 2 == 1;
        self.worker.shared.stuck.store(stuck, Relaxed);
        if stuck && self.since.elapsed() >= LONG {
            self.worker.shared.long_turn.make();
        } else {
            self.worker.shared.long_turn.take_back();
        }
        if stuck && !self.stands_still && self.since.elapsed() >= STANDS_STILL {
            self.stands_still = true;
            self.worker.shared.stands_still.make();
        }
        if !stuck {
            self.worker.shared.stands_still.take_back();
            *self = LongTurn { number, ..LongTurn::new(self.worker) };
        }
    }

    fn is_as_long_as(&self, limit: Duration) -> bool {
        !limit.is_zero() && self.since.elapsed() >= limit && self.worker.shared.stuck.load(Relaxed)
    }

    #[cold]
    fn tell(&mut self) {
        self.told = true;
        // SAFETY: only this thread unmaps stacks.
        let status = unsafe { self.worker.running.peek() };
        let Some(Seen { id, site, .. }) = status.and_then(Status::look) else { return };
        if self.worker.progress.turns.load(Relaxed) != self.number {
            return;
        }
        let name = attributes::name(id).map(|name| format!(" `{name}`")).unwrap_or_default();
        let site = site.map(|site| format!("\n    spawned at {site}")).unwrap_or_default();
        report::warn(&format!(
            "goroutine {id}{name} has kept worker {} to itself for {:.1} s{site}\n    let it call \
             runtime::gosched() now and then, or move what takes so long into gochan::blocking",
            self.worker.index(),
            self.since.elapsed().as_secs_f64(),
        ));
        if settings().traceback != Traceback::None {
            stacks::busy::tell(self.worker, id, self.number);
        }
    }
}

/// Nobody runs: reports a deadlock, or sleeps until somebody does something.
fn rest(workers: Option<&Workers>) {
    let mut nap = OUTSIDERS_FIRST;
    loop {
        // SeqCst, here and where somebody comes or goes: either this look sees the other, or the other sees the flag.
        ASLEEP.store(true, SeqCst);
        let verdict = deadlock::look(workers);
        if verdict == Verdict::Dead {
            deadlock::report();
        }
        let to_tell = tell_of_knots();
        let calls_wait = blocking::look_after_queue();
        let nobody_came = || ASLEEP.load(SeqCst) && workers.is_none_or(Workers::all_sleeping);
        if nobody_came() {
            match verdict {
                Verdict::Outsiders => std::thread::park_timeout(to_tell.map_or(nap, |time| time.min(nap))),
                Verdict::Leaving => std::thread::park_timeout(LEAVING),
                _ if to_tell.is_some() => std::thread::park_timeout(KNOTS_AFTER),
                _ if calls_wait => std::thread::park_timeout(blocking::LOOK),
                _ => std::thread::park(),
            }
        }
        if !nobody_came() {
            break;
        }
        nap = if verdict == Verdict::Leaving { OUTSIDERS_FIRST } else { (2 * nap).min(OUTSIDERS_LAST) };
    }
    ASLEEP.store(false, SeqCst);
}

fn knots_since() -> MutexGuard<'static, Option<Instant>> {
    KNOTS_SINCE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reports knots if it is time. Else in how long that will be.
fn tell_of_knots() -> Option<Duration> {
    let mut since = knots_since();
    let left = KNOTS_AFTER.saturating_sub((*since)?.elapsed());
    if !left.is_zero() {
        return Some(left);
    }
    *since = None;
    drop(since);
    deadlock::warn_of_knots();
    None
}

fn watch_threads() -> ! {
    loop {
        rest(None);
        std::thread::sleep(CALM);
    }
}
