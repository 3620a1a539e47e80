//! A worker: one OS thread, the goroutines it has started, and the loop that runs them.
//!
//! The fields up to `shared` belong to the worker's own thread: its scheduler loop, and the goroutines on it, which
//! never run at the same time. `shared` is what other threads reach: the inboxes, the sleep flag, the stealing end
//! of the queue of fresh tasks.

use super::alarm::Alarms;
use super::attributes;
use super::blocks::Blocks;
use super::clock::{self, Moment};
use super::goroutine::{Goroutine, Turn};
use super::inbox::Inbox;
use super::pace::Pace;
use super::place::Placement;
use super::queue::RunQueue;
use super::running::Running;
use super::runtime::Workers;
use super::sleeper::Sleeper;
use super::task::TaskRef;
use super::timers::Timers;
use crate::stack::{Slot, pool::Pool};
use crossbeam_deque::{Injector, Steal, Stealer};
use crossbeam_utils::CachePadded;
use std::cell::{Cell, OnceCell, RefCell};
use std::fmt;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::*, fence};
use std::time::{Duration, Instant};

/// Blocking operations a goroutine may complete without waiting before it must let others run.
const BUDGET: u32 = 512;
/// Every so many turns the loop looks at timers and fresh tasks even if goroutines are ready.
const HOUSEKEEPING: u32 = 64;
/// Warm stacks a worker keeps to itself.
const CACHED_STACKS: usize = 256;
/// Stacks fetched before the first goroutine.
const FIRST_STACKS: usize = 8;
/// Stacks fetched from or returned to the pool at once.
const STACK_BATCH: usize = 64;
/// So many ready goroutines do not stay in the caches from one turn to the next.
const CROWD: usize = 128;
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

pub(crate) struct Worker {
    pub(super) index: usize,
    pub(super) workers: &'static Workers,
    pub(super) running: Running,
    budget: Cell<u32>,
    ready: RunQueue<Goroutine>,
    /// Ready goroutines whose last turn was long; they run after the others, but do run.
    heavy: RunQueue<Goroutine>,
    light_turns: Cell<u32>,
    pace: Pace,
    fresh: crossbeam_deque::Worker<TaskRef>,
    /// Fresh tasks that a yielding goroutine has let go first.
    fresh_first: Cell<usize>,
    pub(super) timers: Timers,
    stacks: RefCell<Vec<Slot>>,
    default_stacks: OnceCell<Arc<Pool>>,
    pub(super) blocks: Blocks,
    next_id: Cell<u64>,
    last_backlog_wake: Cell<Option<Instant>>,
    pub(super) progress: CachePadded<Progress>,
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
    /// Asleep, and none of its goroutines waits for a deadline.
    dormant: AtomicBool,
    /// The monitor's verdict: awake, but has not come back to its loop for a while.
    pub(super) stuck: AtomicBool,
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
            dormant: AtomicBool::new(false),
            stuck: AtomicBool::new(false),
        };
        Worker {
            index,
            workers,
            running: Running::new(),
            budget: Cell::new(BUDGET),
            ready: RunQueue::new(),
            heavy: RunQueue::new(),
            light_turns: Cell::new(0),
            pace: Pace::new(),
            fresh,
            fresh_first: Cell::new(0),
            timers: Timers::default(),
            stacks: RefCell::new(Vec::with_capacity(CACHED_STACKS + STACK_BATCH)),
            default_stacks: OnceCell::new(),
            blocks: Blocks::default(),
            next_id: Cell::new(0),
            last_backlog_wake: Cell::new(None),
            progress: CachePadded::default(),
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

    // What goroutines on this worker call.

    /// Counts one completed operation; at the end of the budget, others get a turn.
    #[inline(always)]
    pub(crate) fn spend(&self) {
        match self.budget.get().checked_sub(1) {
            Some(left) => self.budget.set(left),
            None => self.yield_now(),
        }
    }

    /// Lets everything that is runnable on this worker now run before the calling goroutine goes on.
    #[inline(always)]
    pub(super) fn yield_now(&self) {
        if let Some(goroutine) = self.queue_behind_all() {
            goroutine.switch_out();
        }
    }

    /// Puts the calling goroutine behind everything that is runnable now. None: it must not switch out.
    #[inline(never)]
    fn queue_behind_all(&self) -> Option<&'static Goroutine> {
        self.budget.set(BUDGET);
        let goroutine = self.running.get()?;
        if std::thread::panicking() {
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

    #[inline]
    pub(super) fn push_ready(&self, goroutine: &'static Goroutine) {
        // While the pace is fine nobody is heavy, and the goroutine need not be touched to know.
        if !self.pace.is_fine() && goroutine.is_heavy() {
            self.heavy.push(goroutine);
        } else {
            self.ready.push(goroutine);
        }
    }

    /// Queues goroutines of this worker that have become ready together, without touching them.
    pub(super) fn push_ready_many(&self, goroutines: Vec<&'static Goroutine>) {
        goroutines.into_iter().for_each(|goroutine| self.ready.push(goroutine));
    }

    /// True if waiters of this worker are to be served before those of others.
    #[inline]
    pub(crate) fn prefers_local(&self) -> bool {
        self.pace.is_fine()
    }

    /// True if this worker would go idle should its goroutine park, while another worker is awake.
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
        self.shared.woken.push(goroutine);
        self.shared.sleeper.wake();
    }

    /// Hands over goroutines of this worker that have become ready together, without touching them.
    pub(super) fn push_many_from_elsewhere(&self, goroutines: Vec<&'static Goroutine>) {
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

    /// Wakes the worker if it sleeps, so that it looks around.
    pub(super) fn nudge(&self) -> bool {
        let sleeping = self.is_sleeping();
        if sleeping {
            fence(SeqCst);
            self.shared.sleeper.wake();
        }
        sleeping
    }

    // The loop.

    /// Turns the calling thread into this worker.
    pub(super) fn run(&'static self) {
        self.shared.sleeper.adopt_thread();
        let _owned = self.workers.group().is_none().then(super::outside::OwnedThread::new);
        self.enter();
        self.fetch_stacks(FIRST_STACKS);
        loop {
            if let Some(goroutine) = self.next() {
                self.turn(goroutine);
            } else {
                self.idle();
                if self.workers.is_stopped() {
                    return self.leave();
                }
            }
        }
    }

    /// The calling thread is this worker from now on.
    pub(super) fn enter(&'static self) {
        CURRENT.set(self);
        crate::stack::overflow::alternate_stack();
    }

    /// The calling thread is no longer this worker, which has no goroutines left.
    pub(super) fn leave(&self) {
        self.default_pool().put(self.stacks.borrow_mut().drain(..));
        CURRENT.set(ptr::null());
    }

    #[inline]
    fn turn(&'static self, goroutine: &'static Goroutine) {
        self.budget.set(BUDGET);
        self.running.set(Some(goroutine));
        self.count_turns(1);
        let turn = goroutine.turn();
        self.running.set(None);
        self.count_turns(1);
        let heavy = self.pace.after_turn();
        match turn {
            Turn::SwitchedOut => goroutine.set_heavy(heavy),
            Turn::Ended(slot) => self.recycle(slot),
        }
    }

    #[inline]
    fn next(&'static self) -> Option<&'static Goroutine> {
        if self.housekeeping_is_next() {
            self.fire_due();
            self.take_spawned();
            if let Some(task) = self.fresh.pop() {
                return Some(self.start(task));
            }
        } else if !self.pace.is_fine() {
            // Turns are long: a deadline cannot wait for dozens of them.
            self.fire_due();
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
        if self.ready.len() >= CROWD {
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

    fn has_ready(&self) -> bool {
        !self.ready.is_empty() || !self.heavy.is_empty()
    }

    /// Counts the begin or the end of a turn, or both.
    #[inline]
    fn count_turns(&self, steps: u32) {
        let turns = self.progress.turns.load(Relaxed);
        self.progress.turns.store(turns.wrapping_add(steps), Relaxed);
    }

    /// True if the turn to begin next is one in which the loop looks around.
    #[inline]
    fn housekeeping_is_next(&self) -> bool {
        const MASK: u32 = 2 * HOUSEKEEPING - 1;
        // The count is even between turns and odd within one; either way this is what it will be within the next.
        let next = self.progress.turns.load(Relaxed).wrapping_add(1) | 1;
        next & MASK == 1
    }

    /// Makes runnable what waits for a deadline that has passed.
    #[inline]
    fn fire_due(&self) {
        if !self.timers.is_empty() || self.alarms.first() != Moment::NEVER {
            self.fire_due_at(Moment::now());
        }
    }

    fn fire_due_at(&self, now: Moment) {
        // Not among the heavy ones, even if their last turn was long: they have had a rest, and to ask each would
        // fetch memory that is cold.
        self.timers.fire(now, |goroutine| self.ready.push(goroutine));
        if self.alarms.fire(now, Placement::Local) {
            // Among the ready goroutines: their turn comes soon, and until then an idle worker may take them.
            let first = self.fresh.len().min(HOUSEKEEPING as usize);
            self.fresh_first.set(self.fresh_first.get().max(first));
        }
    }

    #[inline]
    fn take_woken(&self) {
        self.shared.woken.drain(|goroutine| self.push_ready(goroutine));
    }

    fn take_spawned(&self) {
        while !self.shared.spawned.is_empty() {
            let _ = self.shared.spawned.steal_batch(&self.fresh);
        }
    }

    /// About to run a fresh task while more wait: let a sleeping worker have a look, now and then.
    #[inline]
    fn note_backlog(&self) {
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

    #[inline]
    fn start(&'static self, task: TaskRef) -> &'static Goroutine {
        let slot = if task.is_special() {
            attributes::take_stack(&task, self.workers.stack_size())
        } else {
            self.cached_stack()
        };
        Goroutine::create(self, slot, task)
    }

    #[inline]
    fn cached_stack(&self) -> Slot {
        if let Some(slot) = self.stacks.borrow_mut().pop() {
            return slot;
        }
        self.fetch_stacks(STACK_BATCH);
        self.stacks.borrow_mut().pop().expect("the pool gave at least one stack")
    }

    #[cold]
    fn fetch_stacks(&self, wanted: usize) {
        if let Err(error) = self.default_pool().take(wanted, &mut self.stacks.borrow_mut()) {
            super::report::fatal(&format!("cannot make a stack for another goroutine: {error}"));
        }
    }

    fn default_pool(&self) -> &Pool {
        self.default_stacks.get_or_init(|| crate::stack::pool::for_size(self.workers.stack_size()))
    }

    #[inline]
    fn recycle(&self, slot: Slot) {
        if slot.stride != crate::stack::usable_size(self.workers.stack_size()) + crate::stack::PAGE {
            attributes::return_stack(slot);
            return;
        }
        let mut stacks = self.stacks.borrow_mut();
        stacks.push(slot);
        if stacks.len() >= CACHED_STACKS {
            // The coldest go back; the warmest stay.
            self.default_pool().put(stacks.drain(..STACK_BATCH));
        }
    }

    /// Nothing to run: fire timers, look around for a while, then sleep until somebody has something.
    #[cold]
    fn idle(&self) {
        self.fire_due();
        if self.has_ready() || !self.fresh.is_empty() || (self.workers.count() > 1 && self.look_around()) {
            self.pace.resume();
            return;
        }
        self.workers.begin_sleep();
        self.shared.sleeper.lie_down();
        if self.shared.woken.is_empty_seqcst() && self.shared.spawned.is_empty() && !self.workers.is_stopped()
        {
            self.sleep();
        }
        self.shared.sleeper.get_up();
        self.workers.end_sleep();
        clock::move_coarse();
        self.pace.resume();
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
        if !self.stacks.borrow().is_empty() {
            self.default_pool().put(self.stacks.borrow_mut().drain(..));
        }
        if self.timers.is_empty() {
            self.shared.dormant.store(true, SeqCst);
            super::monitor::worker_rests();
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
        let mut waiting_since = None;
        loop {
            for _ in 0..16 {
                if !self.shared.woken.is_empty() || !self.shared.spawned.is_empty() {
                    return true;
                }
                std::hint::spin_loop();
            }
            let now = Instant::now();
            match (self.workers.others(self.index).find(|other| other.has_stealable()), waiting_since) {
                (None, _) => waiting_since = None,
                (Some(victim), _) if victim.shared.stealer.len() >= RUSH && self.steal_from(victim) => {
                    return true;
                }
                (Some(_), None) => waiting_since = Some(now),
                (Some(victim), Some(since)) if now - since >= STEAL_AFTER && self.steal_from(victim) => {
                    return true;
                }
                _ => {}
            }
            let patience = if waiting_since.is_some() { SPIN + STEAL_AFTER } else { SPIN };
            if now - start >= patience || (waiting_since.is_none() && !self.workers.any_other_awake()) {
                return false;
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
        !self.fresh.is_empty()
    }
}
