//! The execution trace: which goroutine ran when on which worker, what ended its turn, and who woke whom.
//!
//! `GOCHAN_TRACE=file.json` in the environment turns it on. Each worker then notes its turns in a ring of its own, which
//! keeps the last ones; nothing is written before the process exits. Off, it costs a branch in a turn: a worker has a
//! ring or has none. Wakes are noted where a worker that has one leaves the usual way anyway.
//!
//! Only the worker's own thread writes its ring. Whoever reads it at the end may do so while that goes on, and leaves
//! out what may have been overwritten meanwhile.

mod json;

use super::runtime::Workers;
use super::status::Wait;
use super::worker::Worker;
use super::{report, ticks};
use std::cell::Cell;
use std::fs::File;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::*};
use std::time::Instant;

/// Notes that a worker keeps.
const CAPACITY: usize = 1 << 16;

static ON: AtomicBool = AtomicBool::new(false);
static TARGET: OnceLock<Target> = OnceLock::new();

struct Target {
    file: File,
    workers: OnceLock<&'static Workers>,
    began: (Instant, u64),
}

/// Reads the environment, before there are workers.
pub(super) fn prepare() {
    let Some(path) = asked_for() else { return };
    let file = File::create(&path).unwrap_or_else(|error| {
        report::fatal(&format!("cannot write the trace {}: {error}", path.display()))
    });
    let began = (Instant::now(), ticks::now());
    if TARGET.set(Target { file, workers: OnceLock::new(), began }).is_ok() {
        ON.store(true, Relaxed);
        // SAFETY: registers a function that may be called at any time.
        unsafe { libc::atexit(at_exit) };
    }
}

fn asked_for() -> Option<std::path::PathBuf> {
    std::env::var_os("GOCHAN_TRACE").filter(|path| !path.is_empty()).map(Into::into)
}

/// These are the workers to be traced.
pub(super) fn begin(workers: &'static Workers) {
    if let Some(target) = TARGET.get() {
        let _ = target.workers.set(workers);
    }
}

/// On `Backend::Threads` there is nothing to trace.
pub(super) fn decline() {
    if asked_for().is_some() {
        report::warn(
            "GOCHAN_TRACE shows goroutines on workers, and Backend::Threads has none: nothing is traced",
        );
    }
}

extern "C" fn at_exit() {
    if let Some(target) = TARGET.get()
        && let Some(workers) = target.workers.get()
    {
        // The process ends: there is nobody to tell of a full disk.
        let _ = catch_unwind(AssertUnwindSafe(|| json::write(target, workers.all())));
    }
}

/// True if workers note what they do.
#[inline]
pub(super) fn is_on() -> bool {
    ON.load(Relaxed)
}

/// The goroutine that runs here has made goroutine `id` of another worker ready.
#[cold]
pub(super) fn woken_elsewhere(id: u64) {
    if let Some(worker) = Worker::current()
        && worker.running().is_some()
        && let Some(trace) = worker.trace()
    {
        trace.wake(id);
    }
}

/// What a worker has done last.
pub(super) struct Trace {
    notes: Box<[Note]>,
    /// Counts all that were ever written.
    written: AtomicUsize,
    /// When the turn began that goes on, or is next.
    since: Cell<u64>,
}

/// A turn, or with a zero `end` a wake.
#[derive(Debug, Default)]
struct Note {
    id: AtomicU64,
    begin: AtomicU64,
    end: AtomicU64,
    site: AtomicU64,
    place: AtomicU64,
    /// A `WaitReason` plus one, or how else the turn ended.
    reason: AtomicU64,
}

impl Note {
    fn words(&self) -> [&AtomicU64; 6] {
        [&self.id, &self.begin, &self.end, &self.site, &self.place, &self.reason]
    }
}

/// A turn that ended with its goroutine.
const ENDED: u64 = 0;
/// A turn after which the goroutine could go on.
const YIELDED: u64 = u64::MAX;

fn address(place: Option<&'static Location<'static>>) -> u64 {
    place.map_or(0, |place| std::ptr::from_ref(place).expose_provenance() as u64)
}

impl Trace {
    pub(super) fn new() -> Box<Trace> {
        let notes = (0..CAPACITY).map(|_| Note::default()).collect();
        Box::new(Trace { notes, written: AtomicUsize::new(0), since: Cell::new(ticks::now()) })
    }

    /// The worker has had nothing to do until now.
    pub(super) fn resume(&self) {
        self.since.set(ticks::now());
    }

    /// A turn is over. `wait`: why, unless the goroutine has ended or yielded.
    pub(super) fn turn(
        &self,
        id: u64,
        site: Option<&'static Location<'static>>,
        ended: bool,
        wait: Option<Wait>,
    ) {
        let end = ticks::now();
        let reason = match wait {
            _ if ended => ENDED,
            Some(wait) => wait.reason as u64 + 1,
            None => YIELDED,
        };
        let place = address(wait.and_then(|wait| wait.place));
        let begin = self.since.replace(end);
        self.write(|note| {
            let words = [id, begin, end.max(1), address(site), place, reason];
            note.words().into_iter().zip(words).for_each(|(place, word)| place.store(word, Relaxed));
        });
    }

    /// The turn that goes on has made goroutine `id` ready.
    pub(super) fn wake(&self, id: u64) {
        self.write(|note| {
            note.id.store(id, Relaxed);
            note.end.store(0, Relaxed);
        });
    }

    #[inline]
    fn write(&self, fill: impl FnOnce(&Note)) {
        let written = self.written.load(Relaxed);
        fill(&self.notes[written % CAPACITY]);
        // Release: who sees the count sees the note.
        self.written.store(written + 1, Release);
    }

    /// The notes that are surely whole, oldest first.
    fn read(&self) -> Vec<[u64; 6]> {
        let written = self.written.load(Acquire);
        let first = written.saturating_sub(CAPACITY);
        let read = |index: usize| self.notes[index % CAPACITY].words().map(|word| word.load(Relaxed));
        let mut notes: Vec<_> = (first..written).map(read).collect();
        std::sync::atomic::fence(Acquire);
        // One more may be half written.
        let overwritten = (self.written.load(Relaxed) + 1).saturating_sub(CAPACITY).saturating_sub(first);
        notes.drain(..overwritten.min(notes.len()));
        notes
    }
}

impl std::fmt::Debug for Trace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trace").field("written", &self.written).finish_non_exhaustive()
    }
}
