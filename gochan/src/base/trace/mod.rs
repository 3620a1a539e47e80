//! The execution trace: which goroutine ran when on which worker, what ended its turn, and which goroutine woke which.
//!
//! `GOCHAN_TRACE=file.json` in the environment enables it. Each worker then records its turns in its own ring, which
//! keeps the last ones; nothing is written before the process exits. When it is off, it costs one branch in a turn: the
//! worker has no ring. Wakes are recorded on a slow path, which a worker with a ring takes anyway.
//!
//! Of short turns only some are recorded, a thousand in a row out of every thirty-four thousand; for the others the
//! trace contains their number and their total time.
//!
//! Only the worker's own thread writes its [`ring`]. It may be read at the end while it is being written.

mod ring;

use super::reason::WaitReason;
use super::ticks;
use ring::NoteRing;
use std::cell::Cell;
use std::panic::Location;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::*};

/// The number of notes that a worker keeps.
pub(crate) const CAPACITY: usize = 1 << 16;

static ON: AtomicBool = AtomicBool::new(false);
/// Makes workers that are created from now on record what they do.
pub(crate) fn turn_on() {
    ON.store(true, Relaxed);
}

/// True if workers record what they do.
#[inline]
pub(crate) fn is_on() -> bool {
    ON.load(Relaxed)
}

/// The most recent actions of a worker.
pub(crate) struct Trace {
    pub(crate) ring: NoteRing<CAPACITY>,
    /// When the next turn began, if it follows a pause; otherwise zero.
    resumed: Cell<u64>,
    /// The number of turns until the next one whose end is timed.
    untimed: Cell<u32>,
    /// The number of turns that were only counted, and when they began; zero while turns are recorded.
    counted: AtomicU64,
    counted_since: AtomicU64,
}

pub(crate) const WAKE: u64 = 0;
/// The `id` of turns that were only counted.
pub(crate) const COUNTED: u64 = u64::MAX;
/// The `end` of a turn that was not timed.
pub(crate) const UNTIMED: u64 = 1;
/// While turns are short, one in so many is timed: reading the clock would take longer than the turn.
pub(crate) const EVERY: u32 = 16;

/// A turn that ended with its goroutine.
pub(crate) const ENDED: u64 = 0;
/// A turn after which the goroutine could go on.
pub(crate) const YIELDED: u64 = 255;
pub(crate) const REASON_SHIFT: u32 = 56;

fn address(place: Option<&'static Location<'static>>) -> u64 {
    place.map_or(0, |place| std::ptr::from_ref(place).expose_provenance() as u64)
}

impl Trace {
    pub(crate) fn new() -> Box<Trace> {
        let resumed = Cell::new(ticks::now());
        Box::new(Trace {
            ring: NoteRing::new(),
            resumed,
            untimed: Cell::new(0),
            counted: AtomicU64::new(0),
            counted_since: AtomicU64::new(0),
        })
    }

    /// The worker has no work.
    pub(crate) fn pause(&self) {
        self.begin_turn();
        // Otherwise it has had no work since the last pause.
        if self.resumed.get() == 0 {
            self.ring.write(|note| {
                note.id.store(0, Relaxed);
                note.end.store(ticks::now(), Relaxed);
            });
        }
    }

    /// The worker has work again.
    pub(crate) fn resume(&self) {
        self.resumed.set(ticks::now());
        self.untimed.set(0);
    }

    /// A turn begins that is not recorded.
    #[inline]
    pub(crate) fn count_turn(&self) {
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
            // The previous turns end here.
            self.ring.write(|note| {
                note.id.store(0, Relaxed);
                note.end.store(now, Relaxed);
            });
        }
        self.counted_since.store(now, Relaxed);
    }

    /// A turn or a pause begins that is recorded.
    #[inline]
    pub(crate) fn begin_turn(&self) {
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

    /// The turns that have only been counted most recently, and when they began.
    pub(crate) fn counting(&self) -> Option<(u64, u64)> {
        let counted = self.counted.load(Relaxed);
        (counted > 0).then(|| (counted, self.counted_since.load(Relaxed)))
    }

    /// A turn has ended. `wait` is the reason, unless the goroutine has ended or yielded. `short` is true while turns
    /// are short.
    #[inline]
    pub(crate) fn turn(
        &self,
        id: u64,
        site: Option<&'static Location<'static>>,
        ended: bool,
        wait: Option<(WaitReason, Option<&'static Location<'static>>)>,
        short: bool,
    ) {
        let (reason, place) = match wait {
            _ if ended => (ENDED, 0),
            Some((reason, place)) => (reason as u64 + 1, address(place)),
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

    /// The current turn has made goroutine `id` ready.
    #[inline]
    pub(crate) fn wake(&self, id: u64) {
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
