//! Runs a body under one plan after another, and keeps the data for the report of a failed run.

use super::digest::Digest;
use super::schedule::Schedule;
use super::script::{Player, Recorder, Script, Switch};
use super::trace::Trace;
use crate::base::random;
use crate::base::test_group::TestGroup;
use crate::base::touch::Touch;
use crate::test::bubble::Bubble;
use crate::test::director::{Choice, Director, End, Event, Options};
use crate::test::drive::{GoroutinesLeft, group_of, verdict};
use crate::test::options::{Body, Test};
use crate::test::own_workers::outlive_goroutines;
use crate::test::report::{Symptom, Verdict};
use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;

/// The number of steps of one run after which it is given up.
pub(super) const MANY_STEPS: u64 = 1_000_000;

/// The plan of a run.
pub(super) enum Plan {
    Draw(Schedule),
    Play(Player),
}

/// A run that has failed.
pub(super) struct Failure {
    /// Determines its choices in `select!`, and those of a schedule.
    pub(super) seed: u64,
    pub(super) verdict: Verdict,
    pub(super) trace: Trace,
    pub(super) script: Script,
    /// The number of choices.
    pub(super) steps: u64,
}

/// The report of a run from which the thread does not return.
type Stuck = Box<dyn Fn(Failure)>;

/// Runs of one test on one thread.
pub(super) struct Runs {
    test: Test,
    explorer: Rc<Explorer>,
    /// None if the next run is to have a new one.
    bubble: Option<&'static Bubble>,
    left: GoroutinesLeft,
    interleavings: HashSet<u64>,
}

impl Runs {
    /// For goroutines of `group`.
    pub(super) fn new(test: &Test, group: &Arc<TestGroup>, stuck: impl Fn(Failure) + 'static) -> Runs {
        let explorer = Rc::new(Explorer::new(group, Box::new(stuck)));
        Runs {
            test: test.clone(),
            explorer,
            bubble: None,
            left: GoroutinesLeft::default(),
            interleavings: HashSet::new(),
        }
    }

    /// The next failing run has this many operations, and is to be recorded with their locations.
    pub(super) fn look_at_places(&mut self, operations: usize) {
        self.explorer.operations.set(Some(operations));
    }

    /// Runs that take more steps are given up without counting as failed.
    pub(super) fn give_up_after(&mut self, steps: u64) {
        self.explorer.most_steps.set(steps.min(MANY_STEPS));
    }

    /// Runs `body`, to find the switches that could have been made after those of the script. `None` if it has failed
    /// as it is.
    pub(super) fn switches_after(
        &mut self,
        seed: u64,
        script: &Script,
        body: impl Body,
    ) -> Option<Vec<Switch>> {
        self.explorer.lists_options.set(true);
        let failure = self.run(seed, Plan::Play(Player::new(script)), body);
        self.explorer.lists_options.set(false);
        let recorder = self.explorer.recorder.take();
        failure.is_none().then(|| recorder.others_after(script.0.len()))
    }

    /// The number of steps of the last run.
    pub(super) fn steps(&self) -> u64 {
        self.explorer.steps.get()
    }

    /// Runs `body`. `None` if it has not failed.
    pub(super) fn run(&mut self, seed: u64, plan: Plan, body: impl Body) -> Option<Failure> {
        self.explorer.begin(seed, plan);
        let explorer = &self.explorer;
        let bubble = *self
            .bubble
            .get_or_insert_with(|| Bubble::new(explorer.group.borrow().clone(), Box::new(explorer.clone())));
        let (end, result) = bubble.run(self.test.attributes(), self.test.place, body);
        let mut verdict = verdict(&self.test, &self.explorer.group.borrow(), bubble, end, result);
        if self.explorer.is_endless() {
            let problem = format!(
                "no end after {MANY_STEPS} steps: goroutines keep each other busy, although each has had turns and time has passed"
            );
            verdict.add(Symptom::Endless, problem);
        }
        self.left.add(bubble, end);
        self.interleavings.insert(self.explorer.digest.borrow().interleaving());
        let failure = verdict.is_failure().then(|| self.explorer.failure(verdict));
        if end != End::Finished {
            // Some are left, which is allowed, or does not affect the following runs.
            if failure.is_some() {
                self.explorer.group.replace(group_of(&self.test));
            }
            self.bubble = None;
        }
        failure
    }

    /// The number of different interleavings among the runs.
    pub(super) fn interleavings(&self) -> usize {
        self.interleavings.len()
    }

    /// Called when all runs have ended.
    pub(super) fn goroutines_left(self) -> GoroutinesLeft {
        self.left
    }
}

/// Directs one run after the other.
struct Explorer {
    seed: Cell<u64>,
    plan: RefCell<Plan>,
    recorder: RefCell<Recorder>,
    lists_options: Cell<bool>,
    trace: RefCell<Trace>,
    digest: RefCell<Digest>,
    /// The number of operations of the run, if their locations are to be recorded.
    operations: Cell<Option<usize>>,
    steps: Cell<u64>,
    most_steps: Cell<u64>,
    group: RefCell<Arc<TestGroup>>,
    stuck: Stuck,
}

impl Explorer {
    fn new(group: &Arc<TestGroup>, stuck: Stuck) -> Explorer {
        Explorer {
            seed: Cell::new(0),
            plan: RefCell::new(Plan::Play(Player::default())),
            recorder: RefCell::default(),
            lists_options: Cell::new(false),
            trace: RefCell::default(),
            digest: RefCell::default(),
            operations: Cell::new(None),
            steps: Cell::new(0),
            most_steps: Cell::new(MANY_STEPS),
            group: RefCell::new(group.clone()),
            stuck,
        }
    }

    fn begin(&self, seed: u64, plan: Plan) {
        random::restart(seed);
        self.seed.set(seed);
        self.plan.replace(plan);
        let lists_options = self.lists_options.get();
        self.recorder.replace(if lists_options { Recorder::of_all_options() } else { Recorder::default() });
        self.trace.take();
        self.digest.borrow_mut().begin();
        self.steps.set(0);
    }

    fn is_endless(&self) -> bool {
        self.steps.get() >= MANY_STEPS
    }

    fn failure(&self, verdict: Verdict) -> Failure {
        Failure {
            seed: self.seed.get(),
            verdict,
            trace: self.trace.take(),
            script: self.recorder.take().into_script(),
            steps: self.steps.get(),
        }
    }
}

impl Director for Rc<Explorer> {
    fn choose(&self, options: &Options<'_>) -> Choice {
        self.steps.set(self.steps.get() + u64::from(options.ready.len() > 0));
        let choice = match &mut *self.plan.borrow_mut() {
            Plan::Draw(schedule) => schedule.choose(options),
            Plan::Play(player) => player.choose(options),
        };
        self.recorder.borrow_mut().chose(choice, options);
        match choice {
            Choice::Run(index) => self.digest.borrow_mut().runs(options.ready.number(index)),
            Choice::Stay | Choice::Jump => {}
        }
        choice
    }

    fn is_asked_often(&self) -> bool {
        true
    }

    fn saw(&self, event: Event) {
        self.recorder.borrow_mut().saw(event);
        if let Plan::Play(player) = &mut *self.plan.borrow_mut() {
            player.saw(event);
        }
        self.trace.borrow_mut().add(event, self.operations.get());
        self.digest.borrow_mut().saw(event);
    }

    fn announces(&self, touches: &[Touch]) {
        self.digest.borrow_mut().announces(touches);
    }

    fn begins(&self) {
        self.digest.borrow_mut().begins();
    }

    fn announces_after_wait(&self, touch: Touch) {
        self.digest.borrow_mut().announces_after_wait(touch);
    }

    fn retire(&self) {
        self.plan.replace(Plan::Play(Player::default()));
        self.recorder.take();
        self.trace.take();
        self.digest.take();
    }

    fn has_seen_enough(&self) -> bool {
        self.steps.get() >= self.most_steps.get() || self.group.borrow().has_panicked()
    }

    fn stuck(&self, what: &str) -> ! {
        (self.stuck)(self.failure(Verdict::stuck(what)));
        outlive_goroutines()
    }
}
