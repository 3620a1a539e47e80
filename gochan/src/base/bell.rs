//! The bell of the monitor, a thread that sleeps while the process is idle. A worker or thread that goes idle rings it,
//! since it may be the last to do so.

use super::sleeper::Sleeper;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

static MONITOR: OnceLock<Sleeper> = OnceLock::new();
/// There is a monitor, or there will be one shortly.
static ATTENDED: AtomicBool = AtomicBool::new(false);

/// Announces the monitor before its thread is started.
pub(crate) fn announce_monitor() {
    ATTENDED.store(true, SeqCst);
}

#[cfg(not(all(test, gochan_model)))]
pub(crate) fn is_attended() -> bool {
    ATTENDED.load(SeqCst)
}

/// The thread handle of the sleeping monitor.
pub(crate) fn monitor() -> &'static Sleeper {
    MONITOR.get_or_init(Sleeper::new)
}

/// Wakes the monitor if it sleeps. Called after a sequentially consistent store of the state that the monitor is to
/// see.
#[inline]
pub(crate) fn ring() {
    if let Some(monitor) = MONITOR.get() {
        monitor.wake();
    }
}
