//! A worker: one OS thread, the goroutines it has started, and the loop that runs them.
//!
//! Here is what it has, and what goroutines and other threads do with it. [`turns`] is the loop while there is something
//! to run, [`idle`] what it does when there is nothing; [`driven`] is what a bubble has in place of both.
//!
//! The fields up to `shared` belong to the worker's own thread: its scheduler loop, and the goroutines on it, which
//! never run at the same time. `shared` is what other threads reach: the inboxes, the sleep flag, the stealing end
//! of the queue of fresh tasks.

mod driven;
mod idle;
mod stacks;
mod turns;

use super::alarm::Alarms;
use super::attention::Request;
use super::berths::Berths;
use super::blocks::Blocks;
use super::bubble::Bubble;
use super::clock::Moment;
use super::fork;
use super::goroutine::Goroutine;
use super::inbox::Inbox;
use super::metrics::Gauges;
use super::pace::Pace;
use super::queue::RunQueue;
use super::report;
use super::running::Running;
use super::runtime::Workers;
use super::scopes::{self, Seen, Unseen};
use super::sleeper::Sleeper;
use super::span::OnThread;
use super::stacks::{Desk, Order, Showing, serve};
use super::task::TaskRef;
use super::thread_time::ThreadTime;
use super::timers::Timers;
use super::trace::{self, Trace};
use crate::chan::lock::assert_none_held;
use crossbeam_deque::{Injector, Stealer};
use crossbeam_utils::CachePadded;
use idle::Left;
use stacks::Stacks;
use std::cell::Cell;
use std::fmt;
use std::panic::Location;
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::*, fence};
use std::time::Instant;

/// Blocking operations a goroutine may complete without waiting before it must let others run.
pub(super) const BUDGET: u32 = 512;
/// Every so many turns the loop looks at timers and fresh tasks even if goroutines are ready.
const HOUSEKEEPING: u32 = 64;

pub(crate) struct Worker {
    pub(super) index: usize,
    pub(super) workers: &'static Workers,
    pub(super) running: Running,
    /// None: nothing is traced.
    trace: Option<Box<Trace>>,
    budget: Cell<u32>,
    /// What drives this worker, if not its own loop.
    bubble: Cell<Option<&'static Bubble>>,
    ready: RunQueue<Goroutine>,
    /// Ready goroutines whose last turn was long; they run after the others, but do run.
    heavy: RunQueue<Goroutine>,
    light_turns: Cell<u32>,
    pace: Pace,
    fresh: crossbeam_deque::Worker<TaskRef>,
    /// Fresh tasks that a yielding goroutine has let go first.
    fresh_first: Cell<usize>,
    pub(super) timers: Timers,
    stacks: Stacks,
    pub(super) blocks: Blocks,
    berths: Berths,
    /// Goroutines that have started here and not ended. The thread must not end before them.
    started: Cell<usize>,
    next_id: Cell<u64>,
    pub(super) spans: OnThread,
    /// Calls that lead to switches and are in no scope of the thread.
    pub(super) seen: Seen,
    /// Whether each switch is checked for that.
    pub(super) checks_scopes: bool,
    last_backlog_wake: Cell<Option<Instant>>,
    /// Fresh tasks of another worker that were left to it at the last look.
    remembered: Cell<Option<Left>>,
    pub(super) progress: CachePadded<Progress>,
    /// For goroutines that are resumed to show their stacks.
    pub(super) showing: Showing,
    /// Closures to run at a time; set and cancelled by anybody.
    pub(super) alarms: CachePadded<Alarms>,
    pub(super) shared: CachePadded<Shared>,
}

/// The part of a worker that other threads use.
pub(super) struct Shared {
    /// Goroutines of this worker that other threads have made ready.
    woken: Inbox<Goroutine>,
    /// Fresh tasks that others have placed here.
    spawned: Injector<TaskRef>,
    stealer: Stealer<TaskRef>,
    sleeper: Sleeper,
    /// Of its thread, if it tells.
    time: OnceLock<ThreadTime>,
    /// Asleep, and none of its goroutines waits for a deadline.
    dormant: AtomicBool,
    /// The monitor's verdict: awake, but has not come back to its loop for a while.
    pub(super) stuck: AtomicBool,
    /// The turn it is in takes so long that others are to have theirs.
    pub(super) long_turn: Request,
    /// The turn it is in takes so long that a loop of operations that never wait is to be reported, once.
    pub(super) stands_still: Request,
    /// Where others ask for the stacks of its goroutines.
    desk: Desk,
}

/// Counts that only the worker's own thread writes, at every turn. Away from `Shared`, which idle workers look at
/// all the time.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Counts the begins and ends of turns: odd while a goroutine runs.
    pub(super) turns: AtomicU32,
    /// Goroutines spawned by goroutines of this worker.
    pub(super) spawned: AtomicU64,
    /// Goroutines that have ended on this worker.
    pub(super) finished: AtomicU64,
    /// Written now and then.
    gauges: Gauges,
}

// SAFETY: the fields outside of `shared` are used by the worker's own thread only, which is the one whose `CURRENT`
// points here; `shared` is made of types that are shared.
unsafe impl Sync for Worker {}
// SAFETY: a worker is built by the thread that starts the runtime and handed over once.
unsafe impl Send for Worker {}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Worker({})", self.index)
    }
}

thread_local! {
    static CURRENT: Cell<*const Worker> = const { Cell::new(ptr::null()) };
}

impl Worker {
    pub(super) fn new(index: usize, workers: &'static Workers) -> Worker {
        let fresh = crossbeam_deque::Worker::new_fifo();
        let shared = Shared {
            woken: Inbox::new(),
            spawned: Injector::new(),
            stealer: fresh.stealer(),
            sleeper: Sleeper::new(),
            time: OnceLock::new(),
            dormant: AtomicBool::new(false),
            stuck: AtomicBool::new(false),
            long_turn: Request::end(),
            stands_still: Request::report(),
            desk: Desk::new(),
        };
        Worker {
            index,
            workers,
            running: Running::new(),
            trace: (trace::is_on() && workers.group().is_none()).then(Trace::new),
            budget: Cell::new(BUDGET),
            bubble: Cell::new(None),
            ready: RunQueue::new(),
            heavy: RunQueue::new(),
            light_turns: Cell::new(0),
            pace: Pace::new(trace::is_on()),
            fresh,
            fresh_first: Cell::new(0),
            timers: Timers::default(),
            stacks: Stacks::new(workers.stack_size()),
            blocks: Blocks::default(),
            berths: Berths::new(),
            started: Cell::new(0),
            next_id: Cell::new(0),
            seen: Seen::new(),
            spans: OnThread::new(),
            checks_scopes: workers.check_scopes(),
            last_backlog_wake: Cell::new(None),
            remembered: Cell::new(None),
            progress: CachePadded::default(),
            showing: Showing::new(),
            alarms: CachePadded::new(Alarms::new()),
            shared: CachePadded::new(shared),
        }
    }

    /// Its number, from zero.
    #[inline]
    pub(crate) fn index(&self) -> usize {
        self.index
    }

    /// The worker whose thread this is.
    #[inline]
    pub(crate) fn current() -> Option<&'static Worker> {
        // SAFETY: null, or set by `run` to a worker that is never freed.
        unsafe { CURRENT.get().as_ref() }
    }

    #[inline]
    pub(super) fn running(&self) -> Option<&'static Goroutine> {
        self.running.get()
    }

    pub(super) fn trace(&self) -> Option<&Trace> {
        self.trace.as_deref()
    }

    // What goroutines on this worker call.

    /// Where they wait for several things at once.
    #[inline]
    pub(crate) fn berths(&self) -> &Berths {
        &self.berths
    }

    /// Counts one completed operation; at the end of the budget, others get a turn.
    #[inline(always)]
    pub(crate) fn spend(&self) {
        assert_none_held();
        match self.budget.get().checked_sub(1) {
            Some(left) => self.budget.set(left),
            None => self.let_others_run(None),
        }
    }

    /// Gives others a turn if the caller's has been found to take long, unless the calling goroutine is in the middle of a
    /// scope of its thread.
    pub(super) fn end_long_turn(&self, unseen: Unseen) {
        if self.shared.long_turn.is_made()
            && self.running.get().is_some_and(|goroutine| !scopes::is_inside(goroutine, unseen))
            && self.shared.long_turn.take_back()
        {
            self.let_others_run(None);
        }
    }

    /// The running goroutine has called an operation that never waits. It is reported if it has done little else for long
    /// while others of this worker wait for it.
    pub(super) fn note_operation(&self, what: &str, place: &'static Location<'static>) {
        if self.shared.stands_still.is_made()
            && let Some(goroutine) = self.running.get()
            && (self.has_work() || !self.timers.is_empty() || self.alarms.first() != Moment::NEVER)
            && self.shared.stands_still.take_back()
        {
            report::polls(goroutine, self.index, what, place);
        }
    }

    /// Lets everything that is runnable on this worker now run before the calling goroutine goes on.
    #[inline(always)]
    pub(super) fn yield_now(&self, place: &'static Location<'static>) {
        self.let_others_run(Some(place));
    }

    /// As `yield_now`; `asked` for it at some place, if the goroutine wants it.
    #[inline(always)]
    fn let_others_run(&self, asked: Option<&'static Location<'static>>) {
        assert_none_held();
        if let Some(goroutine) = self.queue_behind_all(asked) {
            if self.checks_scopes {
                scopes::check(goroutine, None, None);
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
        if let Some(bubble) = self.bubble.get() {
            return if panicking { None } else { bubble.pause(goroutine, asked) };
        }
        self.budget.set(BUDGET);
        if panicking {
            return None;
        }
        self.take_spawned();
        if !self.shared.woken.is_empty() {
            self.take_woken();
        }
        self.fresh_first.set(self.fresh.len());
        while let Some(heavy) = self.heavy.pop() {
            self.ready.push(heavy);
        }
        self.ready.push(goroutine);
        Some(goroutine)
    }

    /// Queues a goroutine of this worker that has become ready.
    #[inline]
    pub(super) fn push_ready(&self, goroutine: &'static Goroutine) {
        // While the pace is fine nobody is heavy, and the goroutine need not be touched to know.
        if self.pace.is_plain() {
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
    fn queue(&self, goroutine: &'static Goroutine) {
        if !self.pace.is_fine() && goroutine.is_heavy() {
            self.heavy.push(goroutine);
        } else {
            self.ready.push(goroutine);
        }
    }

    /// Queues goroutines of this worker that have become ready together, without touching them unless that is traced.
    pub(super) fn push_ready_many(&self, goroutines: Vec<&'static Goroutine>) {
        if let Some(trace) = &self.trace
            && self.running.get().is_some()
        {
            goroutines.iter().for_each(|goroutine| trace.wake(goroutine.id()));
        }
        self.queue_many(goroutines);
    }

    fn queue_many(&self, goroutines: Vec<&'static Goroutine>) {
        self.ready.reserve(goroutines.len());
        goroutines.into_iter().for_each(|goroutine| self.ready.push(goroutine));
    }

    /// True if waiters of this worker are to be served before those of others.
    #[inline]
    pub(crate) fn prefers_local(&self) -> bool {
        self.pace.is_fine()
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
            || !self.shared.woken.is_empty()
            || !self.shared.spawned.is_empty()
    }

    /// Waits a little for `ready`, which another worker may make true, unless there is work. Looks seldom: each look
    /// takes the cache line away from whoever is about to make it true.
    #[cfg(not(gochan_model))]
    #[cold]
    pub(crate) fn linger(&self, ready: impl Fn() -> bool) {
        const LOOKS: u32 = 8;
        const PAUSES: u32 = 96;
        for _ in 0..LOOKS {
            (0..PAUSES).for_each(|_| std::hint::spin_loop());
            if ready() || self.has_work() {
                return;
            }
        }
    }

    /// Queues a fresh task spawned by a goroutine of this worker.
    #[inline]
    pub(super) fn push_fresh(&self, task: TaskRef) {
        self.fresh.push(task);
    }

    #[inline]
    pub(super) fn count_spawned(&self) {
        let count = &self.progress.spawned;
        count.store(count.load(Relaxed) + 1, Relaxed);
    }

    #[inline]
    pub(super) fn count_finished(&self) {
        let count = &self.progress.finished;
        count.store(count.load(Relaxed) + 1, Relaxed);
    }

    pub(super) fn uncount_finished(&self) {
        let count = &self.progress.finished;
        count.store(count.load(Relaxed) - 1, Relaxed);
    }

    /// A process-wide unique id, from a block fetched ahead.
    #[inline]
    pub(super) fn new_id(&self) -> u64 {
        const BLOCK: u64 = 1024;
        let id = self.next_id.get();
        let id = if id.is_multiple_of(BLOCK) { self.workers.reserve_ids(BLOCK) } else { id };
        self.next_id.set(id + 1);
        id
    }

    /// The next fresh task, if it may run on the stack of the one that has just ended: nobody else waits, and it
    /// wants nothing special.
    #[inline]
    pub(super) fn next_in_chain(&self) -> Option<TaskRef> {
        if self.bubble.get().is_some() || (self.trace.is_some() && !self.pace.is_plain()) {
            return None;
        }
        self.budget.set(BUDGET);
        // Housekeeping is the loop's business: let it begin that turn.
        if self.has_ready() || !self.shared.woken.is_empty() || self.housekeeping_is_next() {
            return None;
        }
        let task = self.fresh.pop()?;
        if task.is_special() {
            // Back to the end of the queue; rare enough not to keep its place.
            self.fresh.push(task);
            return None;
        }
        self.count_turns(2);
        self.note_backlog();
        Some(task)
    }

    /// Tells the turns of this worker apart.
    #[inline]
    pub(super) fn turn_number(&self) -> u32 {
        self.progress.turns.load(Relaxed)
    }

    // What other threads call.

    /// Hands over a goroutine of this worker that has become ready.
    #[inline]
    pub(super) fn push_from_elsewhere(&self, goroutine: &'static Goroutine) {
        if trace::is_on() {
            trace::woken_elsewhere(goroutine.id());
        }
        self.shared.woken.push(goroutine);
        self.shared.sleeper.wake();
    }

    /// Hands over goroutines of this worker that have become ready together, without touching them.
    pub(super) fn push_many_from_elsewhere(&self, goroutines: Vec<&'static Goroutine>) {
        if trace::is_on() {
            goroutines.iter().for_each(|goroutine| trace::woken_elsewhere(goroutine.id()));
        }
        self.shared.woken.push_many(goroutines);
        self.shared.sleeper.wake();
    }

    /// Hands over a fresh task.
    pub(super) fn push_fresh_from_elsewhere(&self, task: TaskRef) {
        self.shared.spawned.push(task);
        // Between the push and the look at the flag, as in `Inbox::push`.
        fence(SeqCst);
        self.shared.sleeper.wake();
    }

    pub(super) fn is_sleeping(&self) -> bool {
        self.shared.sleeper.is_asleep()
    }

    pub(super) fn gauges(&self) -> &Gauges {
        &self.progress.gauges
    }

    /// Fresh tasks that wait for this worker, or for one that takes them.
    pub(super) fn count_unstarted(&self) -> usize {
        self.shared.stealer.len() + self.shared.spawned.len()
    }

    /// Lets others know how much there is here.
    pub(super) fn publish(&self) {
        let gauges = self.gauges();
        gauges.ready.store(self.ready.len() + self.heavy.len(), Relaxed);
        gauges.timers.store(self.timers.len(), Relaxed);
        gauges.stacks.store(self.stacks.len(), Relaxed);
    }

    pub(super) fn sleeper(&self) -> &Sleeper {
        &self.shared.sleeper
    }

    pub(super) fn is_dormant(&self) -> bool {
        self.shared.dormant.load(SeqCst)
            && self.is_sleeping()
            && !self.has_fresh()
            && self.shared.woken.is_empty_seqcst()
            && self.alarms.first_seqcst() == Moment::NEVER
    }

    pub(super) fn has_fresh(&self) -> bool {
        !self.shared.stealer.is_empty() || !self.shared.spawned.is_empty()
    }

    /// Fresh tasks that another worker may take. What was placed here by intent waits for this worker, which may
    /// just be waking up, unless it is stuck.
    pub(super) fn has_stealable(&self) -> bool {
        !self.shared.stealer.is_empty()
            || (self.shared.stuck.load(Relaxed) && !self.shared.spawned.is_empty())
    }

    /// The number of its thread in the system, if it has told that.
    #[cfg(target_os = "linux")]
    #[allow(dead_code, reason = "for the stacks of busy goroutines, which not all platforms show")]
    pub(super) fn thread_id(&self) -> Option<libc::pid_t> {
        self.shared.time.get().map(ThreadTime::id)
    }

    pub(super) fn desk(&self) -> &Desk {
        &self.shared.desk
    }

    /// Has the worker show stacks.
    pub(super) fn ask(&self, order: Order) {
        self.shared.desk.leave(order);
        self.nudge();
    }

    /// Shows stacks if it is asked to. Called by the worker between turns.
    #[inline]
    pub(super) fn show_stacks(&'static self) {
        if self.shared.desk.is_asked() {
            serve(self);
        }
    }

    /// Wakes the worker if it sleeps, so that it looks around.
    pub(super) fn nudge(&self) -> bool {
        let sleeping = self.is_sleeping();
        if sleeping {
            fence(SeqCst);
            self.shared.sleeper.wake();
        }
        sleeping
    }
}
