//! A test in real time, on workers of its own.

use super::knots::Knots;
use super::options::{Body, Test};
use super::own_workers::{CountedThread, LOOK, TestWorkers};
use super::report::{Left, Verdict, leftover};
use crate::base::test_group::TestGroup;
use crate::spawn::join::JoinHandle;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// How long goroutines may take to end after the body has ended.
const GRACE: Duration = Duration::from_secs(1);
/// The number of checks in a row that must find no goroutine able to go on.
const SURE: u32 = 3;

#[track_caller]
pub(super) fn run(test: &Test, body: impl Body) {
    let starts = CountedThread::in_motion();
    let _thread = CountedThread::of_tests();
    let mut run = Run::start(test, body);
    drop(starts);
    if let Err(verdict) = run.wait_for_body() {
        // Goroutines that still run continue to do so.
        return verdict.raise();
    }
    let mut verdict = Verdict::of_body(run.body.take().expect("the body is joined once").join());
    if !verdict.is_panic() {
        // A panic leaves others in the middle of their work.
        match run.settle() {
            Some(left) => {
                verdict.add_leaks(&left);
                let mut knots = Knots::default();
                knots.look(&run.group, test.allowed);
                knots.add_to(&mut verdict);
            }
            None => run.home.stop(),
        }
    }
    verdict.add_panics(run.group.take_panics());
    verdict.raise();
}

struct Run<'t> {
    test: &'t Test,
    group: Arc<TestGroup>,
    home: TestWorkers,
    body: Option<JoinHandle<bool>>,
    /// Closed when the body has ended.
    ended: mpsc::Receiver<()>,
    started: Instant,
}

impl Run<'_> {
    fn start(test: &Test, body: impl Body) -> Run<'_> {
        let group = Arc::new(TestGroup::default());
        let home = TestWorkers::new(group.clone());
        let (alive, ended) = mpsc::channel();
        let body = home.spawn(test.attributes(), test.place, move || {
            let _alive = alive;
            body()
        });
        Run { test, group, home, body: Some(body), ended, started: Instant::now() }
    }

    fn wait_for_body(&mut self) -> Result<(), Verdict> {
        let mut stuck = 0;
        let mut knots = Knots::default();
        while self.ended.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
            self.home.look_after();
            stuck = if self.home.is_stuck() { stuck + 1 } else { 0 };
            knots.look(&self.group, self.test.allowed);
            let mut verdict = None;
            if stuck >= SURE {
                verdict = Some(Verdict::deadlock(&leftover(&self.group)));
            } else if knots.are_partial() {
                verdict = Some(Verdict::passed());
            }
            if let Some(mut verdict) = verdict {
                knots.add_to(&mut verdict);
                return Err(verdict);
            }
            if let Some(timeout) = self.test.timeout
                && self.started.elapsed() >= timeout
            {
                return Err(Verdict::timeout(timeout, &leftover(&self.group)));
            }
        }
        Ok(())
    }

    /// Waits for the other goroutines. Returns the ones that are left, unless all have ended.
    fn settle(&mut self) -> Option<Left> {
        let body_ended = Instant::now();
        let mut stuck = 0;
        let mut pause = Duration::from_micros(50);
        while self.home.alive() > 0 {
            let sure = stuck >= SURE || body_ended.elapsed() >= GRACE;
            if sure || !self.test.allowed.is_empty() {
                let left = Left::new(leftover(&self.group), self.home.alive(), self.test.allowed);
                if sure || left.is_nobody() {
                    return Some(left);
                }
            }
            thread::sleep(pause);
            pause = (2 * pause).min(LOOK);
            self.home.look_after();
            stuck = if self.home.is_stuck() { stuck + 1 } else { 0 };
        }
        None
    }
}
