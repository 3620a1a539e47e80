//! Child processes forked from one whose runtime is running.
//!
//! Only the forking thread exists in the child. If that is a worker, the child also has a copy of the worker's other
//! goroutines, but they belong to the parent: their work would be done twice. So in a child the goroutine that forked
//! runs alone. It never switches out: a yield returns at once, and a wait ends the process, since nothing could wake
//! it. When it ends, the process ends. Nothing is spawned, no alarm is set, and no lock is taken that another thread
//! may have held at the fork.

use super::reason::WaitReason;
use super::{actors, report};
use crossbeam_utils::CachePadded;
use std::panic::Location;
use std::process::{ExitCode, exit};
#[cfg(unix)]
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Read in every turn; written only in a child.
static FORKED: CachePadded<AtomicBool> = CachePadded::new(AtomicBool::new(false));

/// Registers the handler that marks child processes as such.
pub(crate) fn tell_children() {
    #[cfg(unix)]
    static ONCE: Once = Once::new();
    #[cfg(unix)]
    extern "C" fn in_child() {
        FORKED.store(true, Relaxed);
        actors::become_child();
    }
    #[cfg(unix)]
    ONCE.call_once(|| {
        // SAFETY: the handler only stores to an atomic and to thread-locals.
        unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
    });
}

/// True in a child process that was forked from a process with a running runtime.
#[inline]
pub(crate) fn is_forked_child() -> bool {
    FORKED.load(Relaxed)
}

/// # Panics
/// In a child process that was forked from a process with a running runtime: its workers do not exist there.
#[inline]
pub(crate) fn refuse_after_fork() {
    if is_forked_child() {
        panic!(
            "gochan cannot run in a forked child: its worker threads stayed in the parent; exec a new program"
        );
    }
}

const REMEDY: &str = "the other goroutines and their threads stayed in the parent. Exec a new program, or do in the \
                      child what needs no goroutines and return";

/// Ends the process: goroutine `id`, or a thread of the runtime, would wait in a child.
#[cold]
pub(crate) fn refuse_wait(
    id: Option<u64>,
    reason: Option<WaitReason>,
    place: Option<&'static Location<'static>>,
) -> ! {
    let waiter = id.map_or("a thread".to_owned(), |id| format!("goroutine {id}"));
    let reason = reason.map(|reason| format!(" [{reason}]")).unwrap_or_default();
    let place = place.map(|place| format!(" at {place}")).unwrap_or_default();
    give_up(&format!("{waiter} waits{reason}{place} in a forked child, where nothing can wake it: {REMEDY}"))
}

/// Like [`refuse_wait`], for a plain thread that no other thread could wake.
#[cold]
pub(crate) fn refuse_hopeless_wait(
    id: Option<u64>,
    reason: WaitReason,
    place: &'static Location<'static>,
    is_woken: impl FnOnce() -> bool,
) {
    // In this order: another thread may have ended after the wake.
    if actors::count_threads() == Some(1) && !is_woken() {
        refuse_wait(id, Some(reason), Some(place));
    }
}

/// The caller has waited for some time for a short action of another thread, such as the release of a lock.
#[cold]
#[cfg(not(any(gochan_model, gochan_loom)))]
pub(crate) fn refuse_to_spin() {
    if is_forked_child() && actors::count_threads() == Some(1) {
        give_up(&format!(
            "another goroutine was using at the fork what the forked child uses, such as a channel, and the lock stays \
             held: {REMEDY}"
        ));
    }
}

/// A call of `blocking` has ended in a child that the call itself forked.
#[cold]
pub(crate) fn call_returns(caller: Option<u64>) -> ! {
    let caller = caller.map_or("its goroutine".to_owned(), |id| format!("goroutine {id}"));
    give_up(&format!(
        "a call of gochan::blocking returns in a forked child, and {caller} is not there: {REMEDY}. Here that is to end \
         the process in the call itself"
    ))
}

/// Exit handlers may wait for a thread that does not exist here.
fn give_up(text: &str) -> ! {
    report::print(&format!("gochan: fatal error: {text}\n"));
    // SAFETY: ends the process.
    unsafe { libc::_exit(2) }
}

/// The goroutine that forked has returned in the child.
#[cold]
pub(crate) fn goroutine_returned() -> ! {
    exit(0)
}

/// The goroutine that forked has panicked in the child.
#[cold]
pub(crate) fn goroutine_panicked() -> ! {
    exit(101)
}

/// Like [`goroutine_returned`], for the main goroutine.
#[cold]
pub(crate) fn main_ends(code: ExitCode) -> ! {
    let number = (0..=u8::MAX).find(|number| ExitCode::from(*number) == code);
    exit(number.map_or(1, i32::from))
}
