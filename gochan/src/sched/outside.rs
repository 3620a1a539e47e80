//! Who, besides goroutines, could still act: the process's threads, and what comes from outside of it.
//!
//! A deadlock is called only if nobody could. So every thread must be known to be harmless: *owned*, which means that
//! it acts for the runtime alone, or *waiting* in an operation of this crate without a deadline. The waiter counts itself in
//! after it has lain down and is counted out by whoever wakes it, before that one goes on: a thread that has been
//! woken, but has not got a core yet, does not count as waiting.

use crate::shim::{
    self,
    atomic::{AtomicU8, Ordering::*},
};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicU64, AtomicUsize};

/// What a thread is to the runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The program's own.
    Plain,
    /// The program's own main thread, which waits for the main goroutine.
    Main,
    /// Acts for the runtime only.
    Owned,
    /// Runs a goroutine of `Backend::Threads`; owned, too.
    Goroutine,
}

thread_local! {
    static KIND: Cell<Kind> = const { Cell::new(Kind::Plain) };
}

static OWNED: AtomicIsize = AtomicIsize::new(0);
static WAITING_PLAIN: AtomicIsize = AtomicIsize::new(0);
static WAITING_GOROUTINES: AtomicIsize = AtomicIsize::new(0);
/// Waits that somebody has ended. Two looks that see the same number saw the same threads waiting.
static ENDED_WAITS: AtomicU64 = AtomicU64::new(0);
static SOURCES: AtomicUsize = AtomicUsize::new(0);
static MAIN_IS_DISREGARDED: AtomicBool = AtomicBool::new(false);

pub(super) fn kind_of_this_thread() -> Kind {
    KIND.try_with(Cell::get).unwrap_or(Kind::Plain)
}

/// Marks the thread that holds it as one that acts only for the runtime.
#[derive(Debug)]
pub(crate) struct OwnedThread(());

impl OwnedThread {
    pub(crate) fn new() -> OwnedThread {
        OwnedThread::of_kind(Kind::Owned)
    }

    pub(super) fn of_kind(kind: Kind) -> OwnedThread {
        KIND.set(kind);
        OWNED.fetch_add(1, SeqCst);
        OwnedThread(())
    }

    /// For a thread that somebody else has [`disown`]ed.
    pub(super) fn disowned(self) {
        let _ = KIND.try_with(|kind| kind.set(Kind::Plain));
        std::mem::forget(self);
    }
}

/// So many owned threads act for the program from now on.
pub(super) fn disown(threads: usize) {
    OWNED.fetch_sub(threads as isize, SeqCst);
}

impl Drop for OwnedThread {
    fn drop(&mut self) {
        OWNED.fetch_sub(1, SeqCst);
        let _ = KIND.try_with(|kind| kind.set(Kind::Plain));
    }
}

/// Declares the calling thread to be the one that waits for the main goroutine.
pub(super) fn become_main() {
    KIND.set(Kind::Main);
}

/// While it lives, something outside of the process may wake goroutines at any time, such as a signal.
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

/// For tests: the threads that the process has besides the calling one will never act.
pub(crate) fn disregard_other_threads() {
    MAIN_IS_DISREGARDED.store(true, SeqCst);
    OWNED.fetch_add(count_threads().unwrap_or(1) - 1, SeqCst);
}

#[cfg(target_os = "linux")]
pub(super) fn count_threads() -> Option<isize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("Threads:")?.trim().parse().ok())
}

/// Unknown.
#[cfg(not(target_os = "linux"))]
pub(super) fn count_threads() -> Option<isize> {
    None
}

/// How many threads the process has that are not the runtime's own, if that can be told.
pub(super) fn foreign_threads() -> Option<isize> {
    let before = OWNED.load(SeqCst);
    Some(count_threads()? - before.min(OWNED.load(SeqCst)))
}

/// True if the calling thread is a test's and the main thread, which waits for tests, is not known by other means.
pub(super) fn main_waits_for_tests() -> bool {
    !is_main_thread() && !MAIN_IS_DISREGARDED.load(SeqCst)
}

#[cfg(target_os = "linux")]
fn is_main_thread() -> bool {
    // SAFETY: two questions to the kernel without arguments.
    unsafe { libc::gettid() == libc::getpid() }
}

/// Unknown, as the number of threads is that it would be compared with.
#[cfg(not(target_os = "linux"))]
fn is_main_thread() -> bool {
    false
}

/// True if the process certainly has no thread that could act, but for goroutines and those of the runtime.
pub(super) fn nobody_could_act() -> bool {
    let harmless = || OWNED.load(SeqCst) + WAITING_PLAIN.load(SeqCst);
    // On both sides of the count: a thread may end, or begin to be owned, in between.
    let before = harmless();
    !has_sources() && count_threads().is_some_and(|threads| threads <= before.min(harmless()))
}

/// True if something outside of the process may wake somebody.
pub(super) fn has_sources() -> bool {
    SOURCES.load(SeqCst) > 0
}

/// Plain threads that wait for good unless they are woken.
pub(super) fn waiting_threads() -> isize {
    WAITING_PLAIN.load(SeqCst)
}

/// As `waiting_threads`, of those that run goroutines.
pub(super) fn waiting_goroutines() -> isize {
    WAITING_GOROUTINES.load(SeqCst)
}

pub(super) fn ended_waits() -> u64 {
    ENDED_WAITS.load(SeqCst)
}

/// A thread's wait for a wake, of which there is one for each wait.
#[derive(Debug)]
pub(super) struct Wake(AtomicU8);

const AWAKE: u8 = 0;
const WOKEN: u8 = 1;
/// Sleeps, and is counted or about to be.
const PLAIN: u8 = 2;
const GOROUTINE: u8 = 3;

impl Wake {
    pub(super) fn new() -> Wake {
        Wake(AtomicU8::new(AWAKE))
    }

    /// For another wait, when nobody is left who could wake from the last one.
    #[cfg(not(gochan_model))]
    pub(super) fn reset(&self) {
        self.0.store(AWAKE, Relaxed);
    }

    pub(super) fn is_woken(&self) -> bool {
        self.0.load(Acquire) == WOKEN
    }

    /// Wakes; what was done before happens before `is_woken`.
    pub(super) fn wake(&self) {
        if let Err(kind) = self.0.compare_exchange(AWAKE, WOKEN, Release, Acquire) {
            // It is out of the books before it can go on.
            ENDED_WAITS.fetch_add(1, SeqCst);
            counter(kind).fetch_sub(1, SeqCst);
            self.0.store(WOKEN, Release);
        }
    }

    /// Sleeps until woken. Calls `looks_up` when it has been unparked without being woken.
    pub(super) fn sleep(&self, looks_up: impl Fn()) {
        let kind = match kind_of_this_thread() {
            Kind::Plain | Kind::Main => Some(PLAIN),
            Kind::Goroutine => Some(GOROUTINE),
            Kind::Owned => None,
        };
        // Counted in after the flag is up: a wake in between leaves the count too low for a moment, never too high.
        if let Some(kind) = kind
            && self.0.compare_exchange(AWAKE, kind, AcqRel, Acquire).is_ok()
        {
            counter(kind).fetch_add(1, SeqCst);
            super::monitor::thread_lies_down();
        }
        while !self.is_woken() {
            // Returns spuriously if user code leaves a token; hence the flag.
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
