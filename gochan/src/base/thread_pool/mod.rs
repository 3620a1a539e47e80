//! OS threads kept for reuse: one set runs the goroutines of `Backend::Threads`, the other `blocking` calls.
//!
//! A thread that waits for a job may hold thread-locals of its past jobs, whose destructors can do anything, such as
//! close a channel. So the thread is known to be harmless only while it is idle: when one of the idle threads is
//! ordered to end, the same critical section counts one more thread as the program's own.
//!
//! This file has the callers' side; [`worker`] is the threads'.

mod worker;

use super::actors::{self, ThreadKind};
use crate::base::lock::lock;
use std::collections::VecDeque;
use std::io;
use std::panic::Location;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::*};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// How long a thread without work is kept.
const KEEP: Duration = Duration::from_secs(10);

pub(crate) type Job = Box<dyn FnOnce() + Send>;

/// A set of threads that run jobs. A job starts at once, on a kept thread or a new one. If the set has reached its
/// limit, or the operating system refuses another thread, the job is queued for the existing threads.
pub(crate) struct ThreadPool {
    name: &'static str,
    kind: ThreadKind,
    /// `None` if jobs never queue.
    limit: Option<usize>,
    state: Mutex<PoolState>,
    /// Jobs accepted and not finished. A thread becomes idle before its job leaves the count.
    pending: AtomicUsize,
    /// The length of the queue, readable without the lock.
    queued: AtomicUsize,
}

#[derive(Default)]
struct PoolState {
    /// Any thread that becomes free takes the first job.
    queue: VecDeque<Queued>,
    /// Threads that wait for a job and have not been ordered to end.
    idle: usize,
    /// Those of them that sleep. The last one went to sleep most recently.
    asleep: Vec<Arc<Sleeper>>,
    /// The number of waiting threads ordered to end. They already count as the program's own.
    leaving: usize,
    /// Threads that the operating system is starting.
    starting: usize,
    /// Threads that have started, except those that are leaving. They check the queue before they become idle.
    alive: usize,
    /// Why no thread could be started at the last attempt.
    refused: Option<io::Error>,
}

struct Sleeper {
    thread: Thread,
    /// Not in the list of sleepers any more. Changed under the lock.
    called: AtomicBool,
}

struct Queued {
    job: Job,
    place: &'static Location<'static>,
    since: Instant,
}

/// Jobs that wait for a thread.
#[derive(Debug)]
pub(crate) struct Jam {
    pub(crate) waiting: usize,
    /// The location and the waiting time of the job that has waited longest.
    pub(crate) place: &'static Location<'static>,
    pub(crate) longest: Duration,
    /// Threads, all of which are busy.
    pub(crate) running: usize,
    /// Why there are not more; `None` if the limit of the set is the reason.
    pub(crate) refused: Option<String>,
}

impl ThreadPool {
    pub(crate) fn new(name: &'static str, kind: ThreadKind, limit: Option<usize>) -> ThreadPool {
        ThreadPool {
            name,
            kind,
            limit,
            state: Mutex::default(),
            pending: AtomicUsize::new(0),
            queued: AtomicUsize::new(0),
        }
    }

    pub(crate) fn total(&self) -> usize {
        let state = self.lock();
        state.alive + state.starting
    }

    pub(crate) fn pending(&self) -> usize {
        // Acquire pairs with the count's last change: a caller that sees no job sees the job's thread among the idle
        // ones.
        self.pending.load(Acquire)
    }

    fn lock(&self) -> MutexGuard<'_, PoolState> {
        lock(&self.state)
    }

    /// Runs `job`, on behalf of `place`, on a thread with at least `stack_size` bytes of stack. Kept threads have the
    /// size they were created with, so an unusual size always gets a new thread.
    ///
    /// # Errors
    /// If no thread can be started and no thread exists to queue for. The job is dropped then.
    pub(crate) fn submit(
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
            "a thread that ends after one job ignores the queue"
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
            // The first threads are just being started; shortly it is known whether one of them exists.
            drop(state);
            thread::yield_now();
        }
    }

    fn may_start(&self, state: &PoolState) -> bool {
        self.limit.is_none_or(|limit| state.alive + state.starting < limit)
    }

    /// Queues a job for the existing threads.
    fn enqueue(&self, mut state: MutexGuard<'_, PoolState>, queued: Queued) {
        // In order of arrival, even if this job was queued before.
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

    /// Takes the oldest job from the queue.
    fn dequeue(&self, state: &mut PoolState) -> Option<Job> {
        let next = state.queue.pop_front()?;
        self.queued.store(state.queue.len(), Relaxed);
        Some(next.job)
    }

    /// Starts a thread that has been counted as `starting`. Returns the job if no thread can be started.
    fn start_thread(&'static self, job: Job, stack_size: Option<usize>) -> Result<(), (io::Error, Job)> {
        let mut builder = thread::Builder::new().name(self.name.to_owned());
        if let Some(size) = stack_size.or_else(|| self.default_stack()) {
            builder = builder.stack_size(size);
        }
        // `spawn` drops a closure that it cannot start, so the job stays outside it.
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

    /// Threads that run goroutines get a goroutine's stack, and threads that run blocking calls the platform's default.
    fn default_stack(&self) -> Option<usize> {
        (self.kind == ThreadKind::Goroutine).then(|| super::settings::settings().stack_size)
    }

    /// Makes the idle threads end now. True if there were any; their thread-locals are then being destroyed.
    pub(crate) fn end_idle(&self) -> bool {
        let mut state = self.lock();
        // A job that arrived just now already has its thread.
        let surplus = state.idle.saturating_sub(state.queue.len());
        state.tell_to_leave(surplus);
        let asleep = std::mem::take(&mut state.asleep);
        asleep.iter().for_each(|sleeper| sleeper.called.store(true, Relaxed));
        drop(state);
        asleep.iter().for_each(|sleeper| sleeper.thread.unpark());
        surplus > 0
    }

    /// Jobs that wait for a thread. Asks for another thread first, if the limit allows one.
    pub(crate) fn look_after_queue(&'static self) -> Option<Jam> {
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
            // The operating system has refused a thread before.
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

impl PoolState {
    fn tell_to_leave(&mut self, threads: usize) {
        self.idle -= threads;
        self.alive -= threads;
        self.leaving += threads;
        actors::disown(threads);
    }
}

#[cfg(all(test, not(gochan_model)))]
mod tests {
    use crate::base::thread_pool::*;
    use std::process::Command;
    use std::sync::LazyLock;

    const CHILD: &str = "GOCHAN_TEST_JOB_PANICS";

    #[test]
    fn go_27_a_panic_that_gets_out_of_a_job_ends_the_process_and_says_so() {
        static SET: LazyLock<ThreadPool> =
            LazyLock::new(|| ThreadPool::new("a-pool", ThreadKind::Owned, Some(1)));
        if std::env::var_os(CHILD).is_some() {
            SET.submit(Box::new(|| panic!("out of a job")), None, Location::caller()).unwrap();
            loop {
                thread::park();
            }
        }
        let test =
            "base::thread_pool::tests::go_27_a_panic_that_gets_out_of_a_job_ends_the_process_and_says_so";
        let mut child = Command::new(std::env::current_exe().unwrap());
        let output = child.args(["--exact", test, "--nocapture"]).env(CHILD, "1").output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), None, "aborted: {output:?}");
        assert!(stderr.contains("fatal error: a thread of a pool panicked: out of a job"), "{stderr}");
    }
}
