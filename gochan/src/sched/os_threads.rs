//! OS threads kept for reuse: one set runs the goroutines of `Backend::Threads`, the other `blocking` calls.
//!
//! A thread that waits for a job may hold thread-locals of the jobs it has run, whose destructors can do anything,
//! such as close a channel. So it is known to be harmless only while it is idle: from the moment in which one of the
//! idle threads is to end, under the lock, one thread more counts as the program's own.

use super::monitor;
use super::outside::{self, Kind, OwnedThread};
use super::report;
use crossbeam_utils::Backoff;
use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::*};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// How long a thread without work is kept.
const KEEP: Duration = Duration::from_secs(10);

pub(super) type Job = Box<dyn FnOnce() + Send>;

/// A set of threads that run jobs. A job starts at once, on a kept thread or a new one; where the set has a limit and
/// has reached it, or the operating system refuses another thread, the job queues for the threads there are.
pub(super) struct OsThreads {
    name: &'static str,
    kind: Kind,
    /// None: jobs never queue.
    limit: Option<usize>,
    state: Mutex<State>,
    /// Jobs accepted and not finished. A thread is among the idle ones before its job is counted out.
    pending: AtomicUsize,
    /// The length of the queue, for a look without the lock.
    queued: AtomicUsize,
}

#[derive(Default)]
struct State {
    /// Any thread that has nothing to do takes the first job.
    queue: VecDeque<Queued>,
    /// Threads that wait for a job, and have not been told to end.
    idle: usize,
    /// Those of them that sleep. The last one has done so for the shortest time.
    asleep: Vec<Arc<Sleeper>>,
    /// So many waiting threads are to end. They count as the program's own already.
    leaving: usize,
    /// Threads that the operating system has been asked for.
    starting: usize,
    /// Threads that have started, but for those that are leaving. They look at the queue before they become idle.
    alive: usize,
    /// Why no thread could be started when one was last asked for.
    refused: Option<io::Error>,
}

struct Sleeper {
    thread: Thread,
    /// Off the list. Changed under the lock.
    called: AtomicBool,
}

struct Queued {
    job: Job,
    place: &'static Location<'static>,
    since: Instant,
}

/// Jobs that wait for a thread.
#[derive(Debug)]
pub(super) struct Jam {
    pub(super) waiting: usize,
    /// The place and the waiting time of the job that has waited for the longest time.
    pub(super) place: &'static Location<'static>,
    pub(super) longest: Duration,
    /// Threads, all of which are at work.
    pub(super) running: usize,
    /// Why there are not more; None if that is the limit of the set.
    pub(super) refused: Option<String>,
}

impl OsThreads {
    pub(super) fn new(name: &'static str, kind: Kind, limit: Option<usize>) -> OsThreads {
        OsThreads {
            name,
            kind,
            limit,
            state: Mutex::default(),
            pending: AtomicUsize::new(0),
            queued: AtomicUsize::new(0),
        }
    }

    pub(super) fn total(&self) -> usize {
        let state = self.lock();
        state.alive + state.starting
    }

    pub(super) fn pending(&self) -> usize {
        // Acquire pairs with the count's last change: who sees no job sees its thread among the idle ones.
        self.pending.load(Acquire)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Runs `job`, on behalf of `place`, on a thread with at least `stack_size` bytes of stack; kept threads have the
    /// size they were made with, so an unusual size always gets a new thread.
    ///
    /// # Errors
    /// If no thread can be started and none is there to queue for. The job is dropped then.
    pub(super) fn submit(
        &'static self,
        job: Job,
        stack_size: Option<usize>,
        place: &'static Location<'static>,
    ) -> io::Result<()> {
        self.pending.fetch_add(1, AcqRel);
        let submitted = self.find_thread(job, stack_size, place);
        if submitted.is_err() {
            self.pending.fetch_sub(1, AcqRel);
        }
        submitted
    }

    fn find_thread(
        &'static self,
        mut job: Job,
        stack_size: Option<usize>,
        place: &'static Location<'static>,
    ) -> io::Result<()> {
        debug_assert!(
            self.limit.is_none() || stack_size.is_none(),
            "who ends after one job ignores the queue"
        );
        loop {
            let mut state = self.lock();
            let served = stack_size.is_none() && state.idle > state.queue.len();
            if !served && self.may_start(&state) {
                state.starting += 1;
                drop(state);
                let (error, unstarted) = match self.start_thread(job, stack_size) {
                    Ok(()) => return Ok(()),
                    Err(refused) => refused,
                };
                state = self.lock();
                if self.limit.is_none() || (state.alive == 0 && state.starting == 0) {
                    return Err(error);
                }
                job = unstarted;
                state.refused = Some(error);
            }
            if served || state.alive > 0 {
                self.enqueue(state, Queued { job, place, since: Instant::now() });
                return Ok(());
            }
            // The first threads are just being started: whether one of them exists is known in a moment.
            drop(state);
            thread::yield_now();
        }
    }

    fn may_start(&self, state: &State) -> bool {
        self.limit.is_none_or(|limit| state.alive + state.starting < limit)
    }

    /// For the threads there are.
    fn enqueue(&self, mut state: MutexGuard<'_, State>, queued: Queued) {
        // In the order of their arrival, also if this one was in the queue before.
        let index = state.queue.partition_point(|other| other.since <= queued.since);
        state.queue.insert(index, queued);
        self.queued.store(state.queue.len(), Relaxed);
        let awake = state.idle - state.asleep.len();
        if state.queue.len() > awake
            && let Some(sleeper) = state.asleep.pop()
        {
            sleeper.called.store(true, Relaxed);
            drop(state);
            sleeper.thread.unpark();
        }
    }

    /// The oldest job in the queue.
    fn dequeue(&self, state: &mut State) -> Option<Job> {
        let next = state.queue.pop_front()?;
        self.queued.store(state.queue.len(), Relaxed);
        Some(next.job)
    }

    /// Starts a thread that has been counted as `starting`. Gives the job back if there is none.
    fn start_thread(&'static self, job: Job, stack_size: Option<usize>) -> Result<(), (io::Error, Job)> {
        let mut builder = thread::Builder::new().name(self.name.to_owned());
        if let Some(size) = stack_size.or_else(|| self.default_stack()) {
            builder = builder.stack_size(size);
        }
        // `spawn` drops the closure that it cannot start; the job stays out of it.
        let first = Arc::new(Mutex::new(Some(job)));
        let for_thread = first.clone();
        let body = move || {
            let job = lock(&for_thread).take().expect("taken here alone, once the thread has started");
            drop(for_thread);
            self.serve(job, stack_size.is_none());
        };
        match builder.spawn(body) {
            Ok(_) => Ok(()),
            Err(error) => {
                self.lock().starting -= 1;
                Err((error, lock(&first).take().expect("no thread has taken it")))
            }
        }
    }

    /// Threads that run goroutines have a goroutine's stack; those that run blocking calls the platform's.
    fn default_stack(&self) -> Option<usize> {
        (self.kind == Kind::Goroutine).then(|| super::settings::settings().stack_size)
    }

    fn serve(&self, first: Job, keep: bool) {
        let owned = OwnedThread::of_kind(self.kind);
        {
            let mut state = self.lock();
            state.starting -= 1;
            state.alive += 1;
            state.refused = None;
        }
        run(first);
        if !keep {
            self.lock().alive -= 1;
            // In this order: its thread-locals have yet to be destroyed when its job is no longer counted.
            drop(owned);
            self.count_out();
            return;
        }
        let sleeper = Arc::new(Sleeper { thread: thread::current(), called: AtomicBool::new(false) });
        while let Some(job) = self.next_job(&sleeper) {
            run(job);
        }
        // It has been counted out by the thread that told it to leave.
        owned.disowned();
    }

    /// The last job is done: waits for the next. None: the thread ends.
    fn next_job(&self, sleeper: &Arc<Sleeper>) -> Option<Job> {
        let next = {
            let mut state = self.lock();
            let next = self.dequeue(&mut state);
            state.idle += usize::from(next.is_none());
            next
        };
        self.count_out();
        next.or_else(|| self.wait(sleeper))
    }

    /// Waits as one of the idle threads.
    fn wait(&self, sleeper: &Arc<Sleeper>) -> Option<Job> {
        let begin = Instant::now();
        loop {
            if let Some(order) = self.look_around() {
                return order;
            }
            let mut state = self.lock();
            if let Some(order) = self.take_order(&mut state) {
                return order;
            }
            sleeper.called.store(false, Relaxed);
            state.asleep.push(sleeper.clone());
            drop(state);
            thread::park_timeout(KEEP.saturating_sub(begin.elapsed()));
            let mut state = self.lock();
            if !sleeper.called.load(Relaxed) {
                state.asleep.retain(|other| !Arc::ptr_eq(other, sleeper));
            }
            if let Some(order) = self.take_order(&mut state) {
                return order;
            }
            if begin.elapsed() >= KEEP {
                state.tell_to_leave(1);
                return state.take_leave();
            }
        }
    }

    /// For a moment, as going to sleep and being woken takes longer than most waits.
    fn look_around(&self) -> Option<Option<Job>> {
        let backoff = Backoff::new();
        while !backoff.is_completed() {
            if self.queued.load(Relaxed) > 0 {
                let order = self.take_order(&mut self.lock());
                if order.is_some() {
                    return order;
                }
            }
            backoff.snooze();
        }
        None
    }

    /// A job, or nothing any more; None: there is no order yet.
    fn take_order(&self, state: &mut State) -> Option<Option<Job>> {
        if state.leaving > 0 {
            return Some(state.take_leave());
        }
        let job = self.dequeue(state)?;
        state.idle -= 1;
        Some(Some(job))
    }

    fn count_out(&self) {
        self.pending.fetch_sub(1, SeqCst);
        monitor::thread_lies_down();
    }

    /// Makes the idle threads end, now. True if there were any; their thread-locals are then being destroyed.
    pub(super) fn end_idle(&self) -> bool {
        let mut state = self.lock();
        // Should somebody have brought a job just now, it has its thread.
        let surplus = state.idle.saturating_sub(state.queue.len());
        state.tell_to_leave(surplus);
        let asleep = std::mem::take(&mut state.asleep);
        asleep.iter().for_each(|sleeper| sleeper.called.store(true, Relaxed));
        drop(state);
        asleep.iter().for_each(|sleeper| sleeper.thread.unpark());
        surplus > 0
    }

    /// What waits for a thread. Asks for another thread first, if the limit allows one.
    pub(super) fn look_after_queue(&'static self) -> Option<Jam> {
        if self.queued.load(Relaxed) == 0 {
            return None;
        }
        let mut state = self.lock();
        if state.queue.len() > state.idle
            && self.may_start(&state)
            && let Some(Queued { job, place, since }) = state.queue.pop_front()
        {
            self.queued.store(state.queue.len(), Relaxed);
            state.starting += 1;
            drop(state);
            // The operating system has refused one before.
            let refused = self.start_thread(job, None).err();
            state = self.lock();
            if let Some((error, job)) = refused {
                state.refused = Some(error);
                self.enqueue(state, Queued { job, place, since });
                state = self.lock();
            }
        }
        let waiting = state.queue.len().saturating_sub(state.idle);
        let oldest = state.queue.front().filter(|_| waiting > 0)?;
        Some(Jam {
            waiting,
            place: oldest.place,
            longest: oldest.since.elapsed(),
            running: state.alive,
            refused: state.refused.as_ref().map(ToString::to_string),
        })
    }
}

impl State {
    fn tell_to_leave(&mut self, threads: usize) {
        self.idle -= threads;
        self.alive -= threads;
        self.leaving += threads;
        outside::disown(threads);
    }

    fn take_leave(&mut self) -> Option<Job> {
        self.leaving -= 1;
        None
    }
}

/// As std does for a thread's result: after a panic that gets here the counts would be wrong for good.
fn run(job: Job) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(job)) {
        report::abort(&format!("a thread of a pool panicked: {}", report::message(&*payload)));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(all(test, not(gochan_model)))]
mod tests {
    use super::*;
    use std::process::Command;
    use std::sync::LazyLock;

    const CHILD: &str = "GOCHAN_TEST_JOB_PANICS";

    #[test]
    fn go_27_a_panic_that_gets_out_of_a_job_ends_the_process_and_says_so() {
        static SET: LazyLock<OsThreads> = LazyLock::new(|| OsThreads::new("a-pool", Kind::Owned, Some(1)));
        if std::env::var_os(CHILD).is_some() {
            SET.submit(Box::new(|| panic!("out of a job")), None, Location::caller()).unwrap();
            loop {
                thread::park();
            }
        }
        let test =
            "sched::os_threads::tests::go_27_a_panic_that_gets_out_of_a_job_ends_the_process_and_says_so";
        let mut child = Command::new(std::env::current_exe().unwrap());
        let output = child.args(["--exact", test, "--nocapture"]).env(CHILD, "1").output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), None, "aborted: {output:?}");
        assert!(stderr.contains("fatal error: a thread of a pool panicked: out of a job"), "{stderr}");
    }
}
