//! Child processes forked from one whose runtime is running.
//!
//! Of all threads only the one that forked exists in the child. If that is a worker, its other goroutines are there as
//! well, but they are the parent's: what they do would be done twice. So in a child the goroutine that forked runs alone.
//! It never switches out: what yields goes on at once, and what would wait ends the process, as nothing could wake it.
//! Its end is the end of the process. Nothing is spawned and no alarm is set, and no lock is taken that another thread
//! may have held at the fork.

use super::goroutine::Goroutine;
use super::park::WaitReason;
use super::{current_id, outside, report};
use crossbeam_utils::CachePadded;
use std::panic::Location;
use std::process::{ExitCode, exit};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Read in every turn; never written but in a child.
static FORKED: CachePadded<AtomicBool> = CachePadded::new(AtomicBool::new(false));

/// Makes children know that they are.
pub(super) fn tell_children() {
    static ONCE: Once = Once::new();
    extern "C" fn in_child() {
        FORKED.store(true, Relaxed);
    }
    ONCE.call_once(|| {
        // SAFETY: the handler only stores to an atomic.
        unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
    });
}

/// True in a child process forked from one with a running runtime.
#[inline]
pub(crate) fn is_forked_child() -> bool {
    FORKED.load(Relaxed)
}

/// # Panics
/// In a child process forked from one with a running runtime: its workers do not exist there.
#[inline]
pub(super) fn refuse_after_fork() {
    if is_forked_child() {
        panic!(
            "gochan cannot run in a forked child: its worker threads stayed in the parent; exec a new program"
        );
    }
}

const REMEDY: &str = "the other goroutines and their threads stayed in the parent. Exec a new program, or do in the \
                      child what needs no goroutines and return";

/// A goroutine of a worker has switched out in a child.
#[cold]
pub(super) fn goroutine_waits(goroutine: &Goroutine) -> ! {
    let wait = goroutine.status().wait();
    refuse(Some(goroutine.id()), wait.map(|wait| wait.reason), wait.and_then(|wait| wait.place))
}

/// The calling thread would wait in a child; it runs a goroutine, or is one of the runtime's.
#[cold]
pub(super) fn refuse_wait(reason: WaitReason, place: &'static Location<'static>) -> ! {
    refuse(current_id(), Some(reason), Some(place))
}

fn refuse(id: Option<u64>, reason: Option<WaitReason>, place: Option<&'static Location<'static>>) -> ! {
    let waiter = id.map_or("a thread".to_owned(), |id| format!("goroutine {id}"));
    let reason = reason.map(|reason| format!(" [{reason}]")).unwrap_or_default();
    let place = place.map(|place| format!(" at {place}")).unwrap_or_default();
    give_up(&format!("{waiter} waits{reason}{place} in a forked child, where nothing can wake it: {REMEDY}"))
}

/// As [`refuse_wait`] for a plain thread, if there is no other thread that could wake it.
#[cold]
pub(super) fn refuse_hopeless_wait(
    reason: WaitReason,
    place: &'static Location<'static>,
    is_woken: impl FnOnce() -> bool,
) {
    // In this order: another thread may have ended after the wake.
    if outside::count_threads() == Some(1) && !is_woken() {
        refuse_wait(reason, place);
    }
}

/// The caller has waited for some time for what another thread does in a moment, such as to release a lock.
#[cold]
#[cfg(not(any(gochan_model, gochan_loom)))]
pub(crate) fn refuse_to_spin() {
    if is_forked_child() && outside::count_threads() == Some(1) {
        give_up(&format!(
            "another goroutine was using at the fork what the forked child uses, such as a channel, and the lock stays \
             held: {REMEDY}"
        ));
    }
}

/// A call of `blocking` has ended in a child that it has forked.
#[cold]
pub(super) fn call_returns(caller: Option<u64>) -> ! {
    let caller = caller.map_or("its goroutine".to_owned(), |id| format!("goroutine {id}"));
    give_up(&format!(
        "a call of gochan::blocking returns in a forked child, and {caller} is not there: {REMEDY}. Here that is to end \
         the process in the call itself"
    ))
}

/// Whatever runs at the exit of a process may wait for a thread that is not there.
fn give_up(text: &str) -> ! {
    report::print(&format!("gochan: fatal error: {text}\n"));
    // SAFETY: ends the process.
    unsafe { libc::_exit(2) }
}

/// The goroutine that forked has ended in the child.
#[cold]
pub(super) fn goroutine_ends(panicked: bool) -> ! {
    exit(if panicked { 101 } else { 0 })
}

/// As [`goroutine_ends`], for main.
#[cold]
pub(super) fn main_ends(code: ExitCode) -> ! {
    let number = (0..=u8::MAX).find(|number| ExitCode::from(*number) == code);
    exit(number.map_or(1, i32::from))
}
