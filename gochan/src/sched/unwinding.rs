//! Waiting while a panic unwinds.
//!
//! A goroutine must not be switched out then: the thread counts its panics, and other goroutines of the worker would
//! find themselves panicking. So the whole worker waits in place. If nobody but its own goroutines could end the
//! wait, that is for ever; then the process says so and aborts.

use super::clock::Moment;
use super::park::{ThreadParker, WaitReason};
use super::worker::Worker;
use super::{blocking, deadlock, fork, outside, report};
use std::panic::Location;
use std::time::{Duration, Instant};

/// Between two looks at whether anybody is left who could help.
const LOOK: Duration = Duration::from_millis(20);
/// Looks in a row that must find nobody.
const SURE: u32 = 3;
/// When to say that a worker is held up, if it may yet end.
const WARN: Duration = Duration::from_secs(1);

/// Holds the calling worker thread until `parker` is woken.
pub(super) fn park(
    worker: &'static Worker,
    parker: &ThreadParker,
    reason: WaitReason,
    place: &'static Location<'static>,
) {
    if fork::is_forked_child() {
        fork::refuse_wait(reason, place);
    }
    let id = super::group::shown_id(worker.running().map_or(0, super::goroutine::Goroutine::id));
    let what = format!("goroutine {id} waits ({reason} at {place}) while a panic unwinds through it");
    if let Some(bubble) = worker.bubble() {
        bubble.stuck(&what);
    }
    let start = Instant::now();
    let mut hopeless = 0;
    let mut warned = false;
    while !parker.is_woken() {
        std::thread::park_timeout(LOOK);
        let nobody_left = worker.workers.all_others_dormant(worker.index())
            && blocking::pending() == 0
            && worker.alarms.first() == Moment::NEVER
            && outside::nobody_could_act();
        hopeless = if nobody_left { hopeless + 1 } else { 0 };
        // What the destructors of thread-locals do is seen in the next looks.
        if hopeless >= SURE && deadlock::end_idle_threads() {
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
