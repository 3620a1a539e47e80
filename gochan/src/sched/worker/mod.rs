//! A worker: one OS thread, the goroutines it has started, and the loop that runs them.
//!
//! * This file declares what a worker consists of.
//! * [`turns`] is the loop while there is something to run, [`idle`] while there is nothing; [`driver`] replaces both in a
//!   test.
//! * [`ready`] is what the goroutines of the worker call, [`remote`] what other threads call.
//! * [`poller`] wakes the goroutines that wait for descriptors.
//!
//! The fields up to `remote` belong to the worker's own thread: its loop and its goroutines, which never run at the same
//! time. `remote` is the part that other threads use: the inboxes, the sleep flag, the stealing end of the queue of fresh
//! goroutines. So are the atomics of `running`, `progress` and `alarms`.

pub(crate) mod driver;
mod idle;
pub(crate) mod poller;
mod ready;
mod remote;
mod turns;

use super::alarms::Alarms;
use super::errands::{Errands, Visitor};
use super::fresh::FreshRef;
use super::goroutine::Goroutine;
use super::running::Running;
use super::runtime::Workers;
use super::span::OnThread;
use super::task_memory::TaskMemory;
use super::timers::Timers;
use crate::base::arrivals::Arrivals;
use crate::base::call_chains::CallChains;
use crate::base::fresh_queue::{FreshQueue, Stealing};
use crate::base::inbox::Inbox;
use crate::base::pace::Pace;
use crate::base::patience::{Courtesy, Patience};
pub(crate) use crate::base::policy::BUDGET;
use crate::base::queue::RunQueue;
use crate::base::sleeper::Sleeper;
use crate::base::slow_path::Request;
use crate::base::stack_cache::Stacks;
use crate::base::thread_time::ThreadTime;
use crate::base::trace::{self, Trace};
use crate::base::waiter_memory::WaiterMemory;
use crate::own_tls::Block;
use crate::poll::{Home, Polling};
use crossbeam_utils::CachePadded;
use driver::Driver;
use idle::Left;
use std::cell::Cell;
use std::fmt;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering::*};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

pub(crate) struct Worker {
    pub(crate) index: usize,
    pub(crate) workers: &'static Workers,
    pub(crate) running: Running,
    /// None: nothing is traced.
    trace: Option<Box<Trace>>,
    pub(super) budget: Cell<u32>,
    /// What drives this worker, if not its own loop.
    driver: Cell<Option<&'static dyn Driver>>,
    ready: RunQueue<Goroutine>,
    /// Ready goroutines whose last turn was long. They run after the others, but are not starved by them.
    long_running: RunQueue<Goroutine>,
    turns_since_long_running: Cell<u32>,
    pub(super) pace: Pace,
    fresh: FreshQueue<FreshRef>,
    /// The number of fresh goroutines that start before the next ready one runs: those that were queued when a goroutine
    /// yielded.
    fresh_first: Cell<usize>,
    pub(crate) timers: Timers,
    stacks: Stacks,
    polling: Polling,
    pub(crate) task_memory: TaskMemory,
    waiter_memory: WaiterMemory,
    /// Goroutines that have started here and not ended. The thread must not end before them.
    started: Cell<usize>,
    next_id: Cell<u64>,
    pub(crate) spans: OnThread,
    /// The thread-locals of its thread, and those in use (`own_tls`).
    pub(crate) own_tls: Cell<Block>,
    tls_in_use: Cell<Block>,
    /// Calls that lead to switches and are in no scope of the thread.
    pub(crate) seen: CallChains,
    /// Whether each switch is checked for that.
    pub(crate) checks_scopes: bool,
    last_backlog_wake: Cell<Option<Instant>>,
    /// How long it looks around before it sleeps.
    patience: Patience,
    /// How often it offers its processor to other workers meanwhile.
    courtesy: Courtesy,
    /// Fresh goroutines of another worker that were left to it at the last look.
    remembered: Cell<Option<Left>>,
    pub(crate) progress: CachePadded<Progress>,
    /// What a goroutine calls that is resumed for a visit.
    pub(crate) visitor: Visitor,
    /// Closures to run at a time; set and cancelled by any thread.
    pub(crate) alarms: CachePadded<Alarms>,
    pub(crate) remote: CachePadded<Remote>,
}

/// The part of a worker that other threads use.
pub(crate) struct Remote {
    /// Goroutines of this worker that other threads have made ready.
    woken: Inbox<Goroutine>,
    /// Fresh goroutines that other threads have placed here, and those that are to serve connections here.
    pub(crate) spawned: Arrivals<FreshRef>,
    stealing: Stealing<FreshRef>,
    sleeper: Sleeper,
    /// Where sources are watched that wait for this worker, once there is one.
    home: OnceLock<Arc<Home>>,
    /// The processor time of its thread, where the system tells it.
    time: OnceLock<ThreadTime>,
    /// Asleep, and no goroutine of its own waits for a deadline.
    dormant: AtomicBool,
    /// The monitor's verdict: awake, but has not come back to its loop for a while.
    pub(crate) stuck: AtomicBool,
    /// The current turn is long, and is to end so that other goroutines run.
    pub(crate) long_turn: Request,
    /// The current turn is so long that a loop of operations that never wait is to be reported, once.
    pub(crate) stands_still: Request,
    /// What other threads ask of it.
    errands: Errands,
}

/// Counts that only the worker's own thread writes, at every turn. Not in `Remote`, whose cache lines idle workers read all
/// the time.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// Counts the begins and ends of turns: odd while a goroutine runs.
    pub(crate) turns: AtomicU32,
    /// Goroutines spawned by goroutines of this worker.
    pub(crate) spawned: AtomicU64,
    /// Goroutines that have ended on this worker.
    pub(crate) finished: AtomicU64,
    /// Written now and then.
    gauges: Gauges,
}

/// Figures for metrics, published in each housekeeping turn and before the worker sleeps.
#[derive(Debug, Default)]
pub(crate) struct Gauges {
    pub(crate) ready: AtomicUsize,
    pub(crate) timers: AtomicUsize,
    pub(crate) stacks: AtomicUsize,
    pub(crate) steals: AtomicU64,
    pub(crate) sleeps: AtomicU64,
}

// SAFETY: the fields outside of `remote` are used by the worker's own thread only, which is the one whose `CURRENT`
// points here, or are `Sync` themselves; `remote` is made of types that are `Sync`.
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
    pub(crate) fn new(index: usize, workers: &'static Workers) -> Worker {
        let fresh = FreshQueue::new();
        let shared = Remote {
            woken: Inbox::new(),
            spawned: Arrivals::new(),
            stealing: fresh.stealing(),
            sleeper: Sleeper::new(),
            home: OnceLock::new(),
            time: OnceLock::new(),
            dormant: AtomicBool::new(false),
            stuck: AtomicBool::new(false),
            long_turn: Request::end(),
            stands_still: Request::report(),
            errands: Errands::new(),
        };
        Worker {
            index,
            workers,
            running: Running::new(),
            trace: (trace::is_on() && !workers.are_private).then(Trace::new),
            budget: Cell::new(BUDGET),
            driver: Cell::new(None),
            ready: RunQueue::new(),
            long_running: RunQueue::new(),
            turns_since_long_running: Cell::new(0),
            pace: Pace::new(trace::is_on()),
            fresh,
            fresh_first: Cell::new(0),
            timers: Timers::default(),
            stacks: Stacks::new(workers.stack_size()),
            polling: Polling::default(),
            task_memory: TaskMemory::default(),
            waiter_memory: WaiterMemory::new(),
            started: Cell::new(0),
            next_id: Cell::new(0),
            seen: CallChains::new(workers.check_scopes()),
            spans: OnThread::new(),
            own_tls: Cell::new(Block::SHARED),
            tls_in_use: Cell::new(Block::SHARED),
            checks_scopes: workers.check_scopes(),
            last_backlog_wake: Cell::new(None),
            patience: Patience::new(),
            courtesy: Courtesy::new(),
            remembered: Cell::new(None),
            progress: CachePadded::default(),
            visitor: Visitor::new(),
            alarms: CachePadded::new(Alarms::new()),
            remote: CachePadded::new(shared),
        }
    }

    /// Its number: from zero for the workers of the process, above [`MAX_WORKERS`](crate::base::settings::MAX_WORKERS) for
    /// those of a test.
    #[inline]
    pub(crate) fn index(&self) -> usize {
        self.index
    }

    /// The worker of the calling thread.
    #[inline]
    pub(crate) fn current() -> Option<&'static Worker> {
        // SAFETY: null, or set by `enter` to a worker that is never freed.
        unsafe { CURRENT.get().as_ref() }
    }

    /// The goroutine in its turn. Called on the worker's own thread.
    #[inline]
    pub(crate) fn running(&self) -> Option<&'static Goroutine> {
        self.running.get()
    }

    pub(crate) fn trace(&self) -> Option<&Trace> {
        self.trace.as_deref()
    }

    /// Tells the turns of this worker apart.
    #[inline]
    pub(crate) fn turn_number(&self) -> u32 {
        self.progress.turns.load(Relaxed)
    }
}
