//! What virtual time and exploration share: a thread that drives a bubble, and may never come back.

use super::options::Test;
use super::report::{Left, Verdict, leftover};
use crate::sched::bubble::{Bubble, End};
use crate::sched::group::Group;
use crate::sched::private::{InMotion, TestThread, outlive_goroutines};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Instant;

/// Why a bubble may come to nothing.
const HELD_UP: &str = "goroutines of such a test share one thread, and one that does not wait by gochan's means holds up \
                       the others: one that computes or polls for ever, sleeps by std, or waits for a std::sync::Mutex \
                       whose guard another goroutine keeps across an operation of gochan";

/// Whether goroutines are suspended on the thread of a bubble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GoroutinesLeft {
    None,
    Some,
}

impl GoroutinesLeft {
    pub(super) fn of(bubble: &Bubble) -> GoroutinesLeft {
        if bubble.has_goroutines_left() { GoroutinesLeft::Some } else { GoroutinesLeft::None }
    }

    /// Of this thread, which has driven both.
    pub(super) fn or(self, other: GoroutinesLeft) -> GoroutinesLeft {
        if self == GoroutinesLeft::Some { self } else { other }
    }
}

/// Runs `drive` on a thread of the caller's name, and waits for what it tells first, until `deadline`. The thread is
/// left alone after that: goroutines may hold it. It ends only if `drive` says that no goroutine is left on it.
pub(super) fn on_thread<T: Send + 'static>(
    test: &Test,
    group: &Arc<Group>,
    deadline: Option<Instant>,
    drive: impl FnOnce(Sender<T>) -> GoroutinesLeft + Send + 'static,
) -> Result<T, Verdict> {
    let (tell, told) = mpsc::channel();
    let name = thread::current().name().unwrap_or("gochan-test").to_owned();
    let drive = move || {
        let _thread = TestThread::new();
        let drives = InMotion::new();
        if drive(tell) == GoroutinesLeft::Some {
            std::mem::forget(drives);
            outlive_goroutines();
        }
    };
    let thread =
        thread::Builder::new().name(name).spawn(drive).expect("a thread for the test can be started");
    let answer = match deadline {
        Some(deadline) => told.recv_timeout(deadline.saturating_duration_since(Instant::now())),
        None => told.recv().map_err(|_| RecvTimeoutError::Disconnected),
    };
    match answer {
        Ok(answer) => Ok(answer),
        Err(RecvTimeoutError::Timeout) => {
            let timeout = test.timeout.expect("without a timeout there is no deadline");
            Err(Verdict::timeout(timeout, &leftover(group)).and(HELD_UP))
        }
        Err(RecvTimeoutError::Disconnected) => match thread.join() {
            Err(payload) => std::panic::resume_unwind(payload),
            Ok(()) => unreachable!("the thread tells how the test has ended"),
        },
    }
}

/// What came of a run; called on the thread of its bubble.
pub(super) fn verdict(test: &Test, group: &Group, end: End, result: Option<thread::Result<bool>>) -> Verdict {
    let mut verdict = match end {
        End::Deadlock => Verdict::deadlock(&leftover(group)),
        _ => result.map_or_else(Verdict::passed, Verdict::of_body),
    };
    verdict.add_panics(group.take_panics());
    if end == End::Left && !verdict.is_panic() {
        let left = leftover(group);
        let alive = left.len();
        verdict.add_leaks(&Left::new(left, alive, test.allowed));
    }
    verdict
}
