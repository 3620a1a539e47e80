//! Waiting while a panic unwinds.
//!
//! A goroutine must not be switched out then: the thread counts its panics, and its other goroutines would seem to be
//! panicking. So the whole worker waits in place. If only its own goroutines could end the wait, it would never end; the
//! process reports that and aborts.

use super::park::{ThreadParker, WaitReason};
use super::threads;
use super::worker::Worker;
use crate::base::above::{Above, Calls};
use crate::base::clock::Moment;
use crate::base::{actors, fork, report};
use std::panic::Location;
use std::time::{Duration, Instant};

/// Between two looks at whether something could still end the wait.
const LOOK: Duration = Duration::from_millis(20);
/// Looks in a row that must find nothing.
const SURE: u32 = 3;
/// A wait that may still end is reported after this time.
const WARN: Duration = Duration::from_secs(1);

/// Holds the calling worker thread until `parker` is woken.
pub(crate) fn park(
    worker: &'static Worker,
    parker: &ThreadParker,
    reason: WaitReason,
    place: &'static Location<'static>,
) {
    if fork::is_forked_child() {
        fork::refuse_wait(worker.running().map(super::goroutine::Goroutine::id), Some(reason), Some(place));
    }
    let id = crate::base::test_group::shown_id(worker.running().map_or(0, super::goroutine::Goroutine::id));
    let what = format!("goroutine {id} waits ({reason} at {place}) while a panic unwinds through it");
    if let Some(driver) = worker.driver() {
        driver.stuck(&what);
    }
    let start = Instant::now();
    let mut hopeless = 0;
    let mut warned = false;
    while !parker.is_woken() {
        std::thread::park_timeout(LOOK);
        let is_hopeless = worker.workers.all_others_dormant(worker.index())
            && Above::pending_calls() == 0
            && worker.alarms.first() == Moment::NEVER
            && actors::nobody_could_act();
        hopeless = if is_hopeless { hopeless + 1 } else { 0 };
        // What the destructors of thread-locals do is seen in the next looks.
        if hopeless >= SURE && end_idle_threads() {
            hopeless = 0;
        }
        if hopeless >= SURE && !parker.is_woken() {
            report::abort(&format!(
                "{what}. It cannot be switched out then, and only goroutines of its own worker could end the wait. \
                 Use try_send, try_recv or a buffered channel in destructors and deferred code"
            ));
        }
        if !warned && start.elapsed() >= WARN {
            warned = true;
            report::warn(&format!("{what}; worker {} is held up until that ends", worker.index()));
        }
    }
}

/// Makes the idle threads of the pools end. True if there were any: the caller looks again then.
///
/// They hold thread-locals of the code that they have run, whose destructors may close a channel. While they end, they count
/// as threads of the program. Called when nothing else could act, so no thread is about to become idle.
pub(crate) fn end_idle_threads() -> bool {
    let (calls, goroutines) = (Above::end_idle_callers(), threads::end_idle());
    calls || goroutines
}
