//! What, besides goroutines, could still act: the process's threads, and sources outside the process.
//!
//! A deadlock is reported only if nothing could act. So every thread must be known to be harmless: either *owned*,
//! which means that it acts for the runtime alone, or *waiting* in an operation of this crate without a deadline. A
//! waiter counts itself after it has set its flag, and its waker removes it from the count before the waiter goes on: a
//! thread that has been woken, but has no core yet, does not count as waiting.

use crate::own_tls::{self, of_worker};
use crate::shim::{
    self,
    atomic::{AtomicU8, Ordering::*},
};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicU64, AtomicUsize};

/// What a thread is to the runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ThreadKind {
    /// The program's own.
    Plain,
    /// The program's own main thread, which waits for the main goroutine.
    Main,
    /// Acts for the runtime only.
    Owned,
    /// Runs a goroutine of `Backend::Threads`. Such a thread is owned as well.
    Goroutine,
}

thread_local! {
    static KIND: Cell<ThreadKind> = const { Cell::new(ThreadKind::Plain) };
}

static OWNED: AtomicIsize = AtomicIsize::new(0);
static WAITING_PLAIN: AtomicIsize = AtomicIsize::new(0);
static WAITING_GOROUTINES: AtomicIsize = AtomicIsize::new(0);
/// Waits that have ended. Two reads of the same number saw the same threads waiting.
static ENDED_WAITS: AtomicU64 = AtomicU64::new(0);
static SOURCES: AtomicUsize = AtomicUsize::new(0);
static MAIN_IS_DISREGARDED: AtomicBool = AtomicBool::new(false);

pub(crate) fn kind_of_this_thread() -> ThreadKind {
    KIND.try_with(|kind| of_worker(kind).get()).unwrap_or(ThreadKind::Plain)
}

/// In a forked child, the goroutine that has forked goes on as its only thread.
pub(crate) fn become_child() {
    let kind = kind_of_this_thread();
    own_tls::become_thread();
    let _ = KIND.try_with(|own| own.set(kind));
}

/// Marks the thread that holds it as one that acts only for the runtime.
#[derive(Debug)]
pub(crate) struct OwnedThread(());

impl OwnedThread {
    pub(crate) fn new() -> OwnedThread {
        OwnedThread::of_kind(ThreadKind::Owned)
    }

    pub(crate) fn of_kind(kind: ThreadKind) -> OwnedThread {
        KIND.set(kind);
        OWNED.fetch_add(1, SeqCst);
        OwnedThread(())
    }

    /// Gives up the mark of a thread that another thread has already [`disown`]ed.
    pub(crate) fn disowned(self) {
        let _ = KIND.try_with(|kind| kind.set(ThreadKind::Plain));
        std::mem::forget(self);
    }
}

/// From now on, this many owned threads act for the program.
pub(crate) fn disown(threads: usize) {
    OWNED.fetch_sub(threads as isize, SeqCst);
}

impl Drop for OwnedThread {
    fn drop(&mut self) {
        OWNED.fetch_sub(1, SeqCst);
        let _ = KIND.try_with(|kind| kind.set(ThreadKind::Plain));
    }
}

/// Declares that the calling thread waits for the main goroutine.
pub(crate) fn become_main() {
    KIND.set(ThreadKind::Main);
}

/// While it lives, a source outside the process, such as a signal, may wake goroutines at any time.
#[derive(Debug)]
pub(crate) struct Source(());

impl Source {
    pub(crate) fn new() -> Source {
        SOURCES.fetch_add(1, SeqCst);
        Source(())
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        SOURCES.fetch_sub(1, SeqCst);
    }
}

/// For tests: the process's threads other than the calling one will never act.
pub(crate) fn disregard_other_threads() {
    MAIN_IS_DISREGARDED.store(true, SeqCst);
    OWNED.fetch_add(count_threads().unwrap_or(1) - 1, SeqCst);
}

#[cfg(target_os = "linux")]
pub(crate) fn count_threads() -> Option<isize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("Threads:")?.trim().parse().ok())
}

/// Unknown on this system.
#[cfg(not(target_os = "linux"))]
pub(crate) fn count_threads() -> Option<isize> {
    None
}

/// The number of the process's threads that are not the runtime's own, if it is known.
pub(crate) fn foreign_threads() -> Option<isize> {
    let before = OWNED.load(SeqCst);
    Some(count_threads()? - before.min(OWNED.load(SeqCst)))
}

/// True if the calling thread is a test's, and the main thread, which waits for tests, is not otherwise known to wait.
pub(crate) fn main_waits_for_tests() -> bool {
    !is_main_thread() && !MAIN_IS_DISREGARDED.load(SeqCst)
}

#[cfg(target_os = "linux")]
fn is_main_thread() -> bool {
    // SAFETY: two questions to the kernel without arguments.
    unsafe { libc::gettid() == libc::getpid() }
}

/// Unknown on this system, as is the number of threads that it would be compared with.
#[cfg(not(target_os = "linux"))]
fn is_main_thread() -> bool {
    false
}

/// True if certainly no thread of the process could act, except goroutines and the runtime's own threads.
pub(crate) fn nobody_could_act() -> bool {
    let harmless = || OWNED.load(SeqCst) + WAITING_PLAIN.load(SeqCst);
    // Read before and after the count: a thread may end, or become owned, in between.
    let before = harmless();
    !has_sources() && count_threads().is_some_and(|threads| threads <= before.min(harmless()))
}

/// True if a source outside the process may wake a goroutine or thread.
pub(crate) fn has_sources() -> bool {
    SOURCES.load(SeqCst) > 0
}

/// The number of plain threads that wait without a deadline.
pub(crate) fn waiting_threads() -> isize {
    WAITING_PLAIN.load(SeqCst)
}

/// Like `waiting_threads`, for threads that run goroutines.
pub(crate) fn waiting_goroutines() -> isize {
    WAITING_GOROUTINES.load(SeqCst)
}

pub(crate) fn ended_waits() -> u64 {
    ENDED_WAITS.load(SeqCst)
}

/// The flag of one wait of a thread. Each wait has its own.
#[derive(Debug)]
pub(crate) struct Wake(AtomicU8);

const AWAKE: u8 = 0;
const WOKEN: u8 = 1;
/// The thread sleeps, and is counted or about to be.
const PLAIN: u8 = 2;
const GOROUTINE: u8 = 3;

impl Wake {
    pub(crate) fn new() -> Wake {
        Wake(AtomicU8::new(AWAKE))
    }

    /// Makes the flag ready for another wait. Nothing may be left that could wake the last one.
    #[cfg(not(gochan_model))]
    pub(crate) fn reset(&self) {
        self.0.store(AWAKE, Relaxed);
    }

    pub(crate) fn is_woken(&self) -> bool {
        self.0.load(Acquire) == WOKEN
    }

    /// Wakes the waiter. Everything done before happens before `is_woken` returns true.
    pub(crate) fn wake(&self) {
        if let Err(kind) = self.0.compare_exchange(AWAKE, WOKEN, Release, Acquire) {
            // The waiter leaves the count before it can go on.
            ENDED_WAITS.fetch_add(1, SeqCst);
            counter(kind).fetch_sub(1, SeqCst);
            self.0.store(WOKEN, Release);
        }
    }

    /// Sleeps until woken. Calls `looks_up` after each unpark that was not a wake.
    pub(crate) fn sleep(&self, looks_up: impl Fn()) {
        let kind = match kind_of_this_thread() {
            ThreadKind::Plain | ThreadKind::Main => Some(PLAIN),
            ThreadKind::Goroutine => Some(GOROUTINE),
            ThreadKind::Owned => None,
        };
        // Counted after the flag is set: a wake in between leaves the count too low for a moment, never too high.
        if let Some(kind) = kind
            && self.0.compare_exchange(AWAKE, kind, AcqRel, Acquire).is_ok()
        {
            counter(kind).fetch_add(1, SeqCst);
            super::bell::ring();
        }
        while !self.is_woken() {
            // A token left by user code makes `park` return spuriously; hence the flag.
            shim::park();
            if !self.is_woken() {
                looks_up();
            }
        }
    }
}

fn counter(kind: u8) -> &'static AtomicIsize {
    if kind == GOROUTINE { &WAITING_GOROUTINES } else { &WAITING_PLAIN }
}
