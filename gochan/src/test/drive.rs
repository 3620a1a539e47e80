//! What virtual time and exploration share: a thread that drives a bubble, and may never come back.

use super::knots::Knots;
use super::options::Test;
use super::report::{Left, Verdict, leftover};
use crate::sched::bubble::{Bubble, End};
use crate::sched::group::Group;
use crate::sched::private::{InMotion, TestThread, outlive_goroutines};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

/// Why a bubble may come to nothing.
const HELD_UP: &str = "goroutines of such a test share one thread, and one that does not wait by gochan's means holds up \
                       the others: one that computes or polls for ever, sleeps by std, or waits for a std::sync::Mutex \
                       whose guard another goroutine keeps across an operation of gochan";

/// Why goroutines are left that would have ended in time.
const TIME_HAS_STOPPED: &str = "    time has stopped since the body ended: a sleep, a timeout or a timer that was to end later never does. Let the \
                                body wait for the goroutine (join it, or a WaitGroup), or have it ended (cancel its context, \
                                close a channel that it selects on)";

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

/// A group for the goroutines of `test`, which all run in one bubble.
pub(super) fn group_of(test: &Test) -> Arc<Group> {
    let group = Arc::new(Group::default());
    if !test.allowed.is_empty() {
        // Who waits for ever may be among those that may be left.
        group.tolerate_knots();
    }
    group
}

/// A test that runs on a thread of its own has not come to its end in time.
pub(super) struct TimedOut;

/// What is called now and then while a test runs, with that pause.
pub(super) type Looks<'a> = (Duration, &'a mut dyn FnMut());

/// Runs `drive` on a thread of the caller's name, and waits for what it tells first, until `deadline`. The thread is
/// left alone after that: goroutines may hold it. It ends only if `drive` says that no goroutine is left on it.
pub(super) fn on_thread<T: Send + 'static>(
    deadline: Option<Instant>,
    mut looks: Option<Looks<'_>>,
    drive: impl FnOnce(Sender<T>) -> GoroutinesLeft + Send + 'static,
) -> Result<T, TimedOut> {
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
    loop {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let pause = looks.as_ref().map(|&(pause, _)| pause);
        let answer = match left.into_iter().chain(pause).min() {
            Some(wait) => told.recv_timeout(wait),
            None => told.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match answer {
            Ok(answer) => return Ok(answer),
            Err(RecvTimeoutError::Timeout) => match &mut looks {
                Some((pause, look)) if left.is_none_or(|left| left > *pause) => look(),
                _ => return Err(TimedOut),
            },
            Err(RecvTimeoutError::Disconnected) => match thread.join() {
                Err(payload) => std::panic::resume_unwind(payload),
                Ok(()) => unreachable!("the thread tells how the test has ended"),
            },
        }
    }
}

/// What came of a test that has timed out.
pub(super) fn timed_out(test: &Test, group: &Group) -> Verdict {
    let timeout = test.timeout.expect("without a timeout there is no deadline");
    Verdict::timeout(timeout, &leftover(group)).and(HELD_UP)
}

/// What came of a run; called on the thread of its bubble.
pub(super) fn verdict(
    test: &Test,
    group: &Group,
    bubble: &Bubble,
    end: End,
    result: Option<thread::Result<bool>>,
) -> Verdict {
    let mut verdict = match end {
        End::Deadlock => Verdict::deadlock(&leftover(group)),
        End::Knot => Verdict::passed(),
        _ => result.map_or_else(Verdict::passed, Verdict::of_body),
    };
    verdict.add_panics(group.take_panics());
    if end == End::Left && !verdict.is_panic() {
        let left = leftover(group);
        let alive = left.len();
        let left = Left::new(left, alive, test.allowed);
        verdict.add_leaks(&left);
        if !left.is_nobody() && bubble.has_deadline() {
            verdict = verdict.and(TIME_HAS_STOPPED);
        }
    }
    let mut knots = Knots::default();
    knots.look(group, test.allowed);
    knots.add_to(&mut verdict);
    verdict
}
