//! Requesting many stacks, and waiting for them for a limited time.

use super::frames::Walked;
use super::order::{Answer, Missing, Order, Wanted};
use super::own::walk_own_stack;
use super::text::Stack;
use crate::base::doorbell::Caller;
use crate::base::fork;
use crate::diag::dump::{GoroutineInfo, State};
use crate::sched::goroutine::Goroutine;
use crate::sched::runtime;
use crate::sched::runtime::Workers;
use crate::sched::threads::{self, PlainThread, ThreadStatus};
use crate::sched::worker::Worker;
use crate::stack::pool::{self, Mapped};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::*};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

/// How long to wait for the next answer.
const PATIENCE: Duration = Duration::from_millis(100);
/// The interval at which a waiting goroutine serves the requests to its own worker.
const LOOK: Duration = Duration::from_millis(1);
/// In a larger crowd, only some goroutines of each location are asked.
const CROWD: usize = 10_000;

/// Which stacks are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    All,
    /// The stack of the goroutine with this id.
    Only(u64),
}

/// Adds the stacks to `found`. Waits for the workers, except the busy ones.
pub(crate) fn collect(found: &mut [GoroutineInfo], which: Which) {
    if fork::is_forked_child() {
        return;
    }
    let mut results: Vec<Option<Result<Walked, Missing>>> = vec![None; found.len()];
    let wanted = choose(found, which, &mut results);
    let mut asked = Asked::new();
    let (tell, told) = mpsc::channel();
    ask_threads(&wanted, &mut asked, &tell);
    ask_workers(&wanted, &mut asked, &tell);
    drop(tell);
    asked.wait(&told, &mut results);
    for (index, info) in found.iter_mut().enumerate() {
        let wants = wanted.get(&info.id) == Some(&index) || results[index].is_some();
        if wants {
            let result = results[index].take().unwrap_or_else(|| Err(asked.why_missing(index, info.id)));
            info.stack = Some(Stack::new(result));
        }
    }
}

/// A plain thread that waits, and its stack.
#[derive(Debug)]
pub(crate) struct OfPlainThread {
    pub(crate) thread: PlainThread,
    pub(crate) stack: Option<Stack>,
}

/// How much a report shows of each plain thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    Locations,
    Stacks,
}

/// The plain threads that wait.
pub(crate) fn of_plain_threads(detail: Detail) -> Vec<OfPlainThread> {
    if fork::is_forked_child() {
        return Vec::new();
    }
    let threads = threads::all_plain();
    let mut results = vec![None; threads.len()];
    if detail == Detail::Stacks {
        let mut asked = Asked::new();
        let (tell, told) = mpsc::channel();
        for (number, thread) in threads.iter().enumerate() {
            asked.ring(&thread.status, number, 0, &tell);
        }
        drop(tell);
        asked.wait(&told, &mut results);
    }
    let stacks =
        results.into_iter().map(|result| result.and_then(Result::ok).map(|walked| Stack::new(Ok(walked))));
    threads.into_iter().zip(stacks).map(|(thread, stack)| OfPlainThread { thread, stack }).collect()
}

/// The indices in `found` of the goroutines to ask, by their ids.
fn choose(
    found: &[GoroutineInfo],
    which: Which,
    results: &mut [Option<Result<Walked, Missing>>],
) -> HashMap<u64, usize> {
    let started = found.iter().enumerate().filter(|(_, info)| info.state != State::Unstarted);
    match which {
        Which::Only(id) => {
            started.filter(|(_, info)| info.id == id).map(|(index, info)| (info.id, index)).collect()
        }
        Which::All => {
            // This many of each location.
            let mut groups: HashMap<_, Vec<usize>> = HashMap::new();
            for (index, info) in started {
                groups.entry((info.spawned_at, info.waiting_at)).or_default().push(index);
            }
            let fits =
                |each: usize| groups.values().map(|group| group.len().min(each)).sum::<usize>() <= CROWD;
            let mut each = usize::MAX;
            while each > 1 && !fits(each) {
                each = each.min(2 * CROWD) / 2;
            }
            let mut chosen = HashMap::new();
            for group in groups.values() {
                let (asked, others) = group.split_at(group.len().min(each));
                chosen.extend(asked.iter().map(|&index| (found[index].id, index)));
                others.iter().for_each(|&index| results[index] = Some(Err(Missing::Crowd)));
            }
            chosen
        }
    }
}

/// The requests that have been sent and whose answers are not complete.
struct Asked {
    number: u64,
    revoked: Arc<AtomicBool>,
    threads: Vec<Arc<ThreadStatus>>,
    /// The worker of each goroutine that is on one.
    homes: HashMap<usize, &'static Worker>,
    /// The goroutines that have answered, or that could not be asked.
    runs: HashMap<usize, Missing>,
}

impl Asked {
    fn new() -> Asked {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Asked {
            number: NEXT.fetch_add(1, Relaxed),
            revoked: Arc::new(AtomicBool::new(false)),
            threads: Vec::new(),
            homes: HashMap::new(),
            runs: HashMap::new(),
        }
    }

    /// Asks a thread, if it waits.
    fn ring(&mut self, status: &Arc<ThreadStatus>, number: usize, id: u64, tell: &Sender<Answer>) {
        if status.wait().is_none() {
            self.runs.insert(number, Missing::Runs(None));
            return;
        }
        let answers = tell.clone();
        let run = Box::new(move || {
            // The asker may have given up.
            let _ = walk_own_stack().map(|walked| answers.send((number, Ok(walked))));
        });
        status.doorbell().ring(Caller { asker: self.number, id, run });
        self.threads.push(status.clone());
    }

    fn wait(&self, told: &Receiver<Answer>, results: &mut [Option<Result<Walked, Missing>>]) {
        let here = Worker::current();
        let mut last = Instant::now();
        loop {
            if let Some(worker) = here {
                serve_here(worker);
            }
            let step = if here.is_some() { LOOK } else { PATIENCE };
            match told.recv_timeout(step) {
                Ok((number, result)) => {
                    results[number] = Some(result);
                    last = Instant::now();
                }
                Err(RecvTimeoutError::Timeout) if last.elapsed() < PATIENCE => {}
                Err(_) => break,
            }
        }
        self.revoked.store(true, Relaxed);
        self.threads.iter().for_each(|thread| thread.doorbell().hush(self.number));
    }

    fn why_missing(&self, number: usize, id: u64) -> Missing {
        if let Some(missing) = self.runs.get(&number) {
            return *missing;
        }
        let Some(worker) = self.homes.get(&number) else { return Missing::Silent };
        let _mapped = Mapped::new();
        // SAFETY: no slot is unmapped meanwhile.
        let running = unsafe { worker.running.peek() };
        if running.is_some_and(|status| status.id() == id) {
            Missing::Runs(Some(worker.index()))
        } else {
            Missing::Busy(worker.index())
        }
    }
}

/// Serves all requests to the calling thread's worker, from the stack of its loop, where there is room.
fn serve_here(worker: &'static Worker) {
    while worker.errands().is_asked() {
        match worker.running() {
            Some(goroutine) => goroutine.on_parent_stack(|| worker.run_errands()),
            None => worker.run_errands(),
        }
    }
}

fn ask_threads(wanted: &HashMap<u64, usize>, asked: &mut Asked, tell: &Sender<Answer>) {
    let own = threads::current();
    for thread in threads::all() {
        let id = thread.id();
        let Some(&number) = wanted.get(&id) else { continue };
        if own.as_ref().is_some_and(|own| Arc::ptr_eq(own, &thread)) {
            let _ = tell.send((number, walk_own_stack().ok_or(Missing::Full)));
        } else {
            asked.ring(&thread, number, id, tell);
        }
    }
}

fn ask_workers(wanted: &HashMap<u64, usize>, asked: &mut Asked, tell: &Sender<Answer>) {
    let mapped = Arc::new(Mapped::new());
    let mut by_home: BTreeMap<u32, Vec<Wanted>> = BTreeMap::new();
    pool::for_each_slot(|slot| {
        // SAFETY: slots stay mapped while `mapped` lives.
        let status = unsafe { Goroutine::status_on(slot) };
        let id = status.id();
        if let Some(&number) = wanted.get(&id)
            && let Some(home) = status.look_home(id)
        {
            by_home.entry(home).or_default().push(Wanted { number, id, slot });
        }
    });
    for (home, mut wanted) in by_home {
        let Some(worker) = worker_number(home as usize) else { continue };
        asked.homes.extend(wanted.iter().map(|wanted| (wanted.number, worker)));
        // They are taken from the end.
        wanted.reverse();
        worker.ask(Box::new(Order {
            wanted,
            answers: tell.clone(),
            revoked: asked.revoked.clone(),
            mapped: mapped.clone(),
        }));
    }
}

fn worker_number(number: usize) -> Option<&'static Worker> {
    let process = runtime::started_workers().into_iter().flat_map(Workers::all);
    process.chain(runtime::private_workers()).find(|worker| worker.index() == number)
}
