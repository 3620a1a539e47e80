//! Exploration: one test under many interleavings, each drawn from a seed that brings it back.
//!
//! All goroutines of a run are in one bubble, and its director is asked after every operation who goes on ([`schedule`]).
//! What it answers follows from the seed and from what the goroutines did so far. So a seed stands for one
//! interleaving, as long as the body depends on nothing else. Runs note what happens but not where: finding the source
//! line of an operation means walking the stack. A run that has failed is repeated with that switched on ([`trace`]).

mod schedule;
mod seeds;
mod strikes;
mod trace;

use super::drive::{GoroutinesLeft, on_thread, verdict};
use super::options::{Body, Jumps, Test};
use super::report::Verdict;
use crate::sched::bubble::{Bubble, Choice, Director, Event, Options};
use crate::sched::group::Group;
use crate::sched::private::{TestThread, outlive_goroutines};
use crate::sched::random;
use crate::sched::report::print_for_test;
use schedule::Schedule;
use seeds::Seeds;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::Sender;
use std::time::Instant;
use trace::Trace;

/// Steps of one run after which it is given up.
const MANY_STEPS: u64 = 1_000_000;

/// Runs `body` under as many schedules as asked for, up to the first that fails.
#[track_caller]
pub(super) fn run(test: &Test, runs: u32, body: impl Body) {
    let _thread = TestThread::new();
    let seeds = Seeds::from_environment(test, runs).unwrap_or_else(|error| panic!("{error}"));
    let deadline = test.timeout.map(|timeout| Instant::now() + timeout);
    let Some(failure) = explore(test, seeds.clone(), None, deadline, body) else {
        if let Some(seed) = seeds.replayed() {
            print_for_test(&format!("the interleaving of GOCHAN_SEED={seed} does not fail\n"));
        }
        return;
    };
    // Time enough to see it again: it has happened in time before.
    let deadline = test.timeout.map(|timeout| Instant::now() + timeout);
    let operations = Some(failure.trace.operations());
    let again = explore(test, Seeds::one(failure.seed), operations, deadline, body);
    let (failure, differs) = match again {
        Some(again) if again.trace.is_like(&failure.trace) => (again, false),
        _ => (failure, true),
    };
    let mut text = format!("interleaving {} of {}, seed {}", failure.run + 1, seeds.len(), failure.seed);
    if seeds.replayed().is_some() {
        text = format!("seed {}", failure.seed);
    }
    text += "\nwhat happened, in this order:\n";
    text += &failure.trace.render(test.place);
    if differs {
        text += "a second run of this seed went otherwise: the test depends on something besides its goroutines, such \
                 as real time, random numbers, the order of a HashMap or a static\n";
    }
    let name = std::thread::current().name().unwrap_or_default().to_owned();
    text += &format!("to see it again: GOCHAN_SEED={} cargo test {name}", failure.seed);
    failure.verdict.raise_with(&text);
}

struct Failure {
    /// Which of the runs it was.
    run: usize,
    seed: u64,
    verdict: Verdict,
    trace: Trace,
}

#[track_caller]
fn explore(
    test: &Test,
    seeds: Seeds,
    operations: Option<usize>,
    deadline: Option<Instant>,
    body: impl Body,
) -> Option<Failure> {
    let group = Arc::new(Group::default());
    let (progress, runs) = (Arc::new(Progress::default()), seeds.len());
    let drive = {
        let (test, group, progress) = (test.clone(), group.clone(), progress.clone());
        move |tell: Sender<Option<Failure>>| {
            let explorer = Rc::new(Explorer::new(test.jumps, operations, group.clone(), tell.clone()));
            let bubble = || Bubble::new(group.clone(), Box::new(explorer.clone()));
            let (mut used, mut left) = (bubble(), GoroutinesLeft::None);
            for (run, seed) in seeds.iter().enumerate() {
                explorer.begin(run, seed);
                progress.begin(run, seed);
                let (end, result) = used.run(test.attributes(), test.place, body);
                let mut verdict = verdict(&test, &group, end, result);
                if explorer.is_endless() {
                    verdict.add(format!(
                        "no end after {MANY_STEPS} steps: goroutines keep each other busy, although each has had turns \
                         and time has passed"
                    ));
                }
                left = left.or(GoroutinesLeft::of(used));
                if verdict.is_failure() {
                    let _ = tell.send(Some(explorer.failure(verdict)));
                    return left;
                }
                if end != crate::sched::bubble::End::Finished {
                    // Some are left, and may be.
                    used = bubble();
                }
            }
            let _ = tell.send(None);
            left
        }
    };
    match on_thread(test, &group, deadline, drive) {
        Ok(failure) => failure,
        Err(timeout) => {
            timeout.and(&progress.tell(runs)).raise();
            None
        }
    }
}

/// How far an exploration has come, as the thread that waits for it sees it.
#[derive(Default)]
struct Progress {
    run: AtomicUsize,
    seed: AtomicU64,
}

impl Progress {
    fn begin(&self, run: usize, seed: u64) {
        self.seed.store(seed, Relaxed);
        self.run.store(run, Relaxed);
    }

    fn tell(&self, runs: usize) -> String {
        format!(
            "this was interleaving {} of {runs}, seed {}: if those before have taken most of the time, ask for fewer, or \
             for more time",
            self.run.load(Relaxed) + 1,
            self.seed.load(Relaxed)
        )
    }
}

/// Directs one run after the other.
struct Explorer {
    run: Cell<usize>,
    seed: Cell<u64>,
    schedule: RefCell<Schedule>,
    jumps: Jumps,
    trace: RefCell<Trace>,
    /// How many the run will have, if their places are to be noted.
    operations: Option<usize>,
    steps: Cell<u64>,
    group: Arc<Group>,
    tell: Sender<Option<Failure>>,
}

impl Explorer {
    fn new(
        jumps: Jumps,
        operations: Option<usize>,
        group: Arc<Group>,
        tell: Sender<Option<Failure>>,
    ) -> Explorer {
        Explorer {
            run: Cell::new(0),
            seed: Cell::new(0),
            schedule: RefCell::new(Schedule::new(0, jumps)),
            jumps,
            trace: RefCell::default(),
            operations,
            steps: Cell::new(0),
            group,
            tell,
        }
    }

    fn begin(&self, run: usize, seed: u64) {
        random::restart(seed);
        self.run.set(run);
        self.seed.set(seed);
        self.schedule.replace(Schedule::new(seed, self.jumps));
        self.trace.replace(Trace::default());
        self.steps.set(0);
    }

    fn is_endless(&self) -> bool {
        self.steps.get() >= MANY_STEPS
    }

    fn failure(&self, verdict: Verdict) -> Failure {
        Failure { run: self.run.get(), seed: self.seed.get(), verdict, trace: self.trace.take() }
    }
}

impl Director for Rc<Explorer> {
    fn choose(&self, options: &Options<'_>) -> Choice {
        self.steps.set(self.steps.get() + u64::from(options.ready.len() > 0));
        self.schedule.borrow_mut().choose(options)
    }

    fn is_asked_often(&self) -> bool {
        true
    }

    fn saw(&self, event: Event) {
        self.trace.borrow_mut().add(event, self.operations);
    }

    fn has_seen_enough(&self) -> bool {
        self.is_endless() || self.group.has_panicked()
    }

    fn stuck(&self, what: &str) -> ! {
        let _ = self.tell.send(Some(self.failure(Verdict::stuck(what))));
        outlive_goroutines()
    }
}
