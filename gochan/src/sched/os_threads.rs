//! OS threads kept for reuse: one set runs the goroutines of `Backend::Threads`, the other `blocking` calls.

use super::outside::{Kind, OwnedThread};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::time::Duration;

/// How long a thread without work is kept.
const KEEP: Duration = Duration::from_secs(10);

pub(super) type Job = Box<dyn FnOnce() + Send>;

/// A set of threads that run jobs. A job given to the set while it is below `limit` starts at once, on a kept
/// thread or a new one; beyond that it queues.
pub(super) struct OsThreads {
    name: &'static str,
    kind: Kind,
    limit: usize,
    queue: (Sender<Job>, Receiver<Job>),
    /// Threads that wait for a job and that no submitter has reserved.
    idle: AtomicUsize,
    total: AtomicUsize,
    /// Jobs accepted and not finished.
    pending: AtomicUsize,
}

impl OsThreads {
    pub(super) fn new(name: &'static str, kind: Kind, limit: usize) -> OsThreads {
        OsThreads {
            name,
            kind,
            limit,
            queue: unbounded(),
            idle: AtomicUsize::new(0),
            total: AtomicUsize::new(0),
            pending: AtomicUsize::new(0),
        }
    }

    pub(super) fn total(&self) -> usize {
        self.total.load(Acquire)
    }

    pub(super) fn pending(&self) -> usize {
        self.pending.load(Acquire)
    }

    /// Runs `job` on a thread with at least `stack_size` bytes of stack; kept threads have the size they were
    /// made with, so an unusual size always gets a new thread.
    ///
    /// # Errors
    /// If no thread can be started and none is there to queue for. The job is lost then.
    pub(super) fn submit(&'static self, job: Job, stack_size: Option<usize>) -> io::Result<()> {
        self.pending.fetch_add(1, AcqRel);
        let queued = stack_size.is_none()
            && (self.reserve_idle()
                || (self.total.load(Acquire) >= self.limit && self.total.load(Acquire) > 0));
        if queued {
            self.queue.0.send(job).expect("the set keeps a receiver");
            return Ok(());
        }
        self.start_thread(job, stack_size).inspect_err(|_| {
            self.pending.fetch_sub(1, AcqRel);
        })
    }

    /// Claims one idle thread: the next job in the queue is for it.
    fn reserve_idle(&self) -> bool {
        self.idle.fetch_update(AcqRel, Relaxed, |idle| idle.checked_sub(1)).is_ok()
    }

    fn start_thread(&'static self, first: Job, stack_size: Option<usize>) -> io::Result<()> {
        self.total.fetch_add(1, AcqRel);
        let mut builder = std::thread::Builder::new().name(self.name.to_owned());
        if let Some(size) = stack_size {
            builder = builder.stack_size(size);
        } else if let Some(size) = self.default_stack() {
            builder = builder.stack_size(size);
        }
        let keep = stack_size.is_none();
        builder.spawn(move || self.serve(first, keep)).map(drop).inspect_err(|_| {
            self.total.fetch_sub(1, AcqRel);
        })
    }

    /// Threads that run goroutines have a goroutine's stack; those that run blocking calls the platform's.
    fn default_stack(&self) -> Option<usize> {
        (self.kind == Kind::Goroutine).then(|| super::settings::settings().stack_size)
    }

    fn serve(&self, first: Job, keep: bool) {
        let _owned = OwnedThread::of_kind(self.kind);
        let mut job = first;
        loop {
            job();
            self.pending.fetch_sub(1, SeqCst);
            if self.kind == Kind::Goroutine {
                super::monitor::thread_lies_down();
            }
            if !keep {
                break;
            }
            // At its limit the set queues jobs that no thread was reserved for. Below it every queued job is for a
            // thread that waits, and taking it would leave that one waiting for nothing.
            if self.total.load(Acquire) >= self.limit
                && let Ok(next) = self.queue.1.try_recv()
            {
                job = next;
                continue;
            }
            self.idle.fetch_add(1, AcqRel);
            job = match self.queue.1.recv_timeout(KEEP) {
                Ok(next) => next,
                Err(RecvTimeoutError::Timeout) if self.reserve_idle() => break,
                // Somebody has reserved this thread: the job is on its way.
                Err(_) => self.queue.1.recv().expect("the set keeps a sender"),
            };
        }
        self.total.fetch_sub(1, AcqRel);
    }
}
