//! The common part of virtual time and exploration: a thread that drives a bubble, and may never return.

use super::bubble::Bubble;
use super::director::End;
use super::knots::Knots;
use super::options::Test;
use super::own_workers::{CountedThread, outlive_goroutines};
use super::report::{Left, Verdict, leftover};
use crate::base::test_group::TestGroup;
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

/// Why a bubble may not finish.
const HELD_UP: &str = "goroutines of such a test share one thread, and one that does not wait by gochan's means holds up \
                       the others: one that computes or polls for ever, sleeps by std, or waits for a std::sync::Mutex \
                       whose guard another goroutine keeps across an operation of gochan";

/// Why goroutines may be left that would have ended in time.
const TIME_HAS_STOPPED: &str = "    time has stopped since the body ended: a sleep, a timeout or a timer that was to end later never does. Let the \
                                body wait for the goroutine (join it, or a WaitGroup), or have it ended (cancel its context, \
                                close a channel that it selects on)";

/// The bubbles of a thread in which goroutines are left, which are suspended on it.
#[derive(Debug, Default)]
pub(super) struct GoroutinesLeft {
    in_bubbles: Vec<&'static Bubble>,
    /// The bubble of the last run, if none is left in it and the next run may have it.
    empty: Option<&'static Bubble>,
    /// Bubbles that are retired.
    ended: Vec<NonNull<Bubble>>,
    /// Some could run, and do not end by themselves.
    are_stopped: bool,
}

impl GoroutinesLeft {
    pub(super) fn of(bubble: &'static Bubble, end: End) -> GoroutinesLeft {
        let mut left = GoroutinesLeft::default();
        left.add(bubble, end);
        left
    }

    /// Those of `bubble`, whose run has come to this end. There is no further run in it, unless all have ended.
    pub(super) fn add(&mut self, bubble: &'static Bubble, end: End) {
        if let Some(before) = self.empty.take().filter(|before| !ptr::eq(*before, bubble)) {
            self.note_end(before);
        }
        match bubble.has_goroutines_left() {
            true if end == End::Stopped => self.are_stopped = true,
            true => self.in_bubbles.push(bubble),
            false if end == End::Finished => self.empty = Some(bubble),
            false => self.note_end(bubble),
        }
    }

    fn note_end(&mut self, bubble: &'static Bubble) {
        bubble.retire();
        self.ended.push(bubble.memory());
    }

    /// Ends them, on their thread. False: some are left.
    fn end(mut self) -> bool {
        if let Some(bubble) = self.empty {
            self.note_end(bubble);
        }
        for memory in self.ended {
            // SAFETY: it is retired, and was driven on this thread. What made the runs is gone, and so are its references.
            unsafe { Bubble::free(memory) };
        }
        let mut all_end = !self.are_stopped;
        for bubble in self.in_bubbles {
            if bubble.end_goroutines() {
                // SAFETY: as above, and this reference is not used any more.
                unsafe { Bubble::free(bubble.memory()) };
            } else {
                all_end = false;
            }
        }
        all_end
    }
}

/// A group for the goroutines of `test`, which all run in one bubble.
pub(super) fn group_of(test: &Test) -> Arc<TestGroup> {
    let group = Arc::new(TestGroup::default());
    if !test.allowed.is_empty() {
        // Goroutines that wait forever may be among those that are allowed to be left.
        group.tolerate_knots();
    }
    group
}

/// A test that runs on its own thread has not finished in time.
pub(super) struct TimedOut;

/// A function that is called at this interval while a test runs.
pub(super) type Looks<'a> = (Duration, &'a mut dyn FnMut());

/// How long a test waits for the end of the goroutines that are left: what they have locked, others may want.
const LEAVING: Duration = Duration::from_secs(1);

/// Runs `drive` on a thread with the caller's name, and waits for its first message, until `deadline`. After that the
/// thread is left alone: goroutines may block it. It ends those that `drive` reports as left, and then itself, unless some do
/// not end.
pub(super) fn on_thread<T: Send + 'static>(
    deadline: Option<Instant>,
    mut looks: Option<Looks<'_>>,
    drive: impl FnOnce(Sender<T>) -> GoroutinesLeft + Send + 'static,
) -> Result<T, TimedOut> {
    let (tell, told) = mpsc::channel();
    let name = thread::current().name().unwrap_or("gochan-test").to_owned();
    let (has_left, left) = mpsc::channel::<()>();
    let drive = move || {
        let _thread = CountedThread::of_tests();
        let drives = CountedThread::in_motion();
        let all_have_ended = drive(tell).end();
        drop(has_left);
        if !all_have_ended {
            std::mem::forget(drives);
            outlive_goroutines();
        }
    };
    let thread =
        thread::Builder::new().name(name).spawn(drive).expect("a thread for the test can be started");
    loop {
        let time = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let pause = looks.as_ref().map(|&(pause, _)| pause);
        let answer = match time.into_iter().chain(pause).min() {
            Some(wait) => told.recv_timeout(wait),
            None => told.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match answer {
            Ok(answer) => {
                let _ = left.recv_timeout(LEAVING);
                return Ok(answer);
            }
            Err(RecvTimeoutError::Timeout) => match &mut looks {
                Some((pause, look)) if time.is_none_or(|time| time > *pause) => look(),
                _ => return Err(TimedOut),
            },
            Err(RecvTimeoutError::Disconnected) => match thread.join() {
                Err(payload) => std::panic::resume_unwind(payload),
                Ok(()) => unreachable!("the thread tells how the test has ended"),
            },
        }
    }
}

/// The outcome of a test that has timed out.
pub(super) fn timed_out(test: &Test, group: &TestGroup) -> Verdict {
    let timeout = test.timeout.expect("without a timeout there is no deadline");
    Verdict::timeout(timeout, &leftover(group)).and(HELD_UP)
}

/// The outcome of a run; called on the thread of its bubble.
pub(super) fn verdict(
    test: &Test,
    group: &TestGroup,
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
