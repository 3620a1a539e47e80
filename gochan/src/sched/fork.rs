//! Child processes forked from one whose runtime is running: its workers do not exist there.

use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

static FORKED: AtomicBool = AtomicBool::new(false);

/// Makes `refuse_after_fork` refuse in children.
pub(super) fn forbid_after_fork() {
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
pub(super) fn is_forked_child() -> bool {
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
