//! Repeats a failed run, first to shrink it, and then to record the locations of its operations.

use super::explorer::{Failure, Plan, Runs};
use super::script::Player;
use super::shrink::{self, Fault};
use crate::base::lock::lock;
use crate::base::report::without_panic_reports;
use crate::test::drive::{TimedOut, group_of, on_thread};
use crate::test::options::{Body, Test};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

/// The result of repeating a failed run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    Same,
    Otherwise,
    NoEnd,
}

/// Repeats the failed run. Returns the run to report, which has fewer switches if a run with fewer fails as well.
pub(super) fn see_again(test: &Test, failure: Failure, body: impl Body) -> (Failure, Again) {
    // This is enough time: the failure happened in time before.
    let deadline = test.timeout.map(|timeout| Instant::now() + timeout);
    let best =
        Arc::new(Best { failure: Mutex::new(Some(failure)), is_known_to_be_seen: AtomicBool::new(false) });
    let drive = {
        let (test, best) = (test.clone(), best.clone());
        move |tell: Sender<(Option<Failure>, Again)>| {
            let stuck = {
                let (tell, best) = (tell.clone(), best.clone());
                move |failure| {
                    let _ = tell.send(if best.is_like(&failure) {
                        (Some(failure), Again::Same)
                    } else {
                        (None, best.without_end())
                    });
                }
            };
            let mut runs = Runs::new(&test, &group_of(&test), stuck);
            let _ = tell.send(run_again(&mut runs, &best, body));
            runs.goroutines_left()
        }
    };
    let (again, how) = on_thread(deadline, None, drive).unwrap_or_else(|TimedOut| (None, best.without_end()));
    (again.unwrap_or_else(|| best.take()), how)
}

/// `None`: the best one is to be reported.
fn run_again(runs: &mut Runs, best: &Best, body: impl Body) -> (Option<Failure>, Again) {
    let fault = best.seen(Fault::of);
    if fault.may_be_shrunk() {
        let plan = Plan::Play(Player::new(&fault.script));
        let again = without_panic_reports(|| runs.run(fault.seed, plan, body));
        if !again.is_some_and(|again| best.is_like(&again)) {
            return (None, Again::Otherwise);
        }
        best.is_known_to_be_seen.store(true, Relaxed);
        shrink::shrink(runs, &fault, body, |failure| best.put(failure));
        best.is_known_to_be_seen.store(false, Relaxed);
    }
    let (player, operations) = best.seen(|best| (Player::new(&best.script), best.trace.operations()));
    runs.look_at_places(operations);
    match runs.run(fault.seed, Plan::Play(player), body) {
        Some(again) if best.is_like(&again) => (Some(again), Again::Same),
        _ => (None, Again::Otherwise),
    }
}

/// The failed run with the fewest switches so far.
struct Best {
    failure: Mutex<Option<Failure>>,
    /// It has failed again, and others are being tried.
    is_known_to_be_seen: AtomicBool,
}

impl Best {
    fn lock(&self) -> MutexGuard<'_, Option<Failure>> {
        lock(&self.failure)
    }

    fn seen<T>(&self, look: impl FnOnce(&Failure) -> T) -> T {
        look(self.lock().as_ref().expect("it is taken when nobody looks any more"))
    }

    fn is_like(&self, other: &Failure) -> bool {
        self.lock().as_ref().is_some_and(|best| best.trace.is_like(&other.trace))
    }

    fn put(&self, failure: Failure) {
        // Nothing waits for it any more if it has been taken.
        if let Some(best) = &mut *self.lock() {
            *best = failure;
        }
    }

    fn take(&self) -> Failure {
        self.lock().take().expect("it is taken once")
    }

    /// A run on this thread does not finish.
    fn without_end(&self) -> Again {
        if self.is_known_to_be_seen.load(Relaxed) { Again::Same } else { Again::NoEnd }
    }
}
