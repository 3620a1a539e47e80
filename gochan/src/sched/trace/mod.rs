//! The execution trace: which goroutine ran when on which worker, what ended its turn, and who woke whom.
//!
//! `GOCHAN_TRACE=file.json` in the environment turns it on. Each worker then notes its turns in a ring of its own, which
//! keeps the last ones; nothing is written before the process exits. Off, it costs a branch in a turn: a worker has a
//! ring or has none. Wakes are noted where a worker that has one leaves the usual way anyway.
//!
//! Of turns that are short only some are noted, a thousand in a row out of every thirty-four thousand; of the others the
//! trace tells how many there were, and how long they took.
//!
//! Only the worker's own thread writes its [`ring`]. It may be read at the end while that goes on.

mod json;
mod ring;

use super::runtime::Workers;
use super::status::Wait;
use super::worker::Worker;
use super::{report, ticks};
use ring::Ring;
use std::cell::Cell;
use std::fs::File;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::*};
use std::time::Instant;

/// Notes that a worker keeps.
const CAPACITY: usize = 1 << 16;

static ON: AtomicBool = AtomicBool::new(false);
static TARGET: OnceLock<Target> = OnceLock::new();

struct Target {
    file: File,
    workers: OnceLock<&'static Workers>,
    began: (Instant, u64),
    /// The process that is traced. A forked child has the file as well, and an exit of its own.
    process: u32,
}

/// Reads the environment, before there are workers.
pub(super) fn prepare() {
    let Some(path) = asked_for() else { return };
    let file = File::create(&path).unwrap_or_else(|error| {
        report::fatal(&format!("cannot write the trace {}: {error}", path.display()))
    });
    let began = (Instant::now(), ticks::now());
    if TARGET.set(Target { file, workers: OnceLock::new(), began, process: std::process::id() }).is_ok() {
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
        && target.process == std::process::id()
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
    ring: Ring<CAPACITY>,
    /// When the turn began that is next, after a pause; else zero.
    resumed: Cell<u64>,
    /// Turns until the next whose end is timed.
    untimed: Cell<u32>,
    /// Turns that were only counted, and since when; zero while they are noted.
    counted: AtomicU64,
    counted_since: AtomicU64,
}

const WAKE: u64 = 0;
/// The `id` of turns that were only counted.
const COUNTED: u64 = u64::MAX;
/// The `end` of a turn that was not timed.
const UNTIMED: u64 = 1;
/// While turns are short, each so many-th is timed: reading the clock would take longer than the turn.
const EVERY: u32 = 16;

/// A turn that ended with its goroutine.
const ENDED: u64 = 0;
/// A turn after which the goroutine could go on.
const YIELDED: u64 = 255;
const REASON_SHIFT: u32 = 56;

fn address(place: Option<&'static Location<'static>>) -> u64 {
    place.map_or(0, |place| std::ptr::from_ref(place).expose_provenance() as u64)
}

impl Trace {
    pub(super) fn new() -> Box<Trace> {
        let resumed = Cell::new(ticks::now());
        Box::new(Trace {
            ring: Ring::new(),
            resumed,
            untimed: Cell::new(0),
            counted: AtomicU64::new(0),
            counted_since: AtomicU64::new(0),
        })
    }

    /// The worker has nothing to do.
    pub(super) fn pause(&self) {
        self.begin_turn();
        // Else it has had nothing to do since the last pause.
        if self.resumed.get() == 0 {
            self.ring.write(|note| {
                note.id.store(0, Relaxed);
                note.end.store(ticks::now(), Relaxed);
            });
        }
    }

    /// The worker has something to do again.
    pub(super) fn resume(&self) {
        self.resumed.set(ticks::now());
        self.untimed.set(0);
    }

    /// A turn begins that is not noted.
    #[inline]
    pub(super) fn count_turn(&self) {
        let counted = self.counted.load(Relaxed);
        if counted == 0 {
            self.begin_to_count();
        }
        self.counted.store(counted + 1, Relaxed);
    }

    #[cold]
    fn begin_to_count(&self) {
        let now = ticks::now();
        if self.resumed.take() == 0 {
            // The turns before end here.
            self.ring.write(|note| {
                note.id.store(0, Relaxed);
                note.end.store(now, Relaxed);
            });
        }
        self.counted_since.store(now, Relaxed);
    }

    /// A turn begins, or a pause, that is noted.
    #[inline]
    pub(super) fn begin_turn(&self) {
        if self.counted.load(Relaxed) > 0 {
            self.end_to_count();
        }
    }

    #[cold]
    fn end_to_count(&self) {
        let now = ticks::now();
        self.ring.write(|note| {
            note.id.store(COUNTED, Relaxed);
            note.begin.store(self.counted_since.load(Relaxed), Relaxed);
            note.end.store(now, Relaxed);
            note.site.store(self.counted.load(Relaxed), Relaxed);
        });
        self.counted.store(0, Relaxed);
        self.resumed.set(now);
        self.untimed.set(0);
    }

    /// The turns that have only been counted lately, and since when.
    fn counting(&self) -> Option<(u64, u64)> {
        let counted = self.counted.load(Relaxed);
        (counted > 0).then(|| (counted, self.counted_since.load(Relaxed)))
    }

    /// A turn is over. `wait`: why, unless the goroutine has ended or yielded. `short`: turns are.
    #[inline]
    pub(super) fn turn(
        &self,
        id: u64,
        site: Option<&'static Location<'static>>,
        ended: bool,
        wait: Option<Wait>,
        short: bool,
    ) {
        let (reason, place) = match wait {
            _ if ended => (ENDED, 0),
            Some(wait) => (wait.reason as u64 + 1, address(wait.place)),
            None => (YIELDED, 0),
        };
        let untimed = self.untimed.get();
        let end = if short && untimed > 0 {
            self.untimed.set(untimed - 1);
            UNTIMED
        } else {
            self.untimed.set(EVERY - 1);
            ticks::now()
        };
        self.ring.write(|note| {
            note.id.store(id, Relaxed);
            note.begin.store(self.resumed.take(), Relaxed);
            note.end.store(end, Relaxed);
            note.site.store(address(site), Relaxed);
            note.wait.store(place | reason << REASON_SHIFT, Relaxed);
        });
    }

    /// The turn that goes on has made goroutine `id` ready.
    #[inline]
    pub(super) fn wake(&self, id: u64) {
        self.ring.write(|note| {
            note.id.store(id, Relaxed);
            note.end.store(WAKE, Relaxed);
        });
    }
}

impl std::fmt::Debug for Trace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trace").field("written", &self.ring.written()).finish_non_exhaustive()
    }
}
