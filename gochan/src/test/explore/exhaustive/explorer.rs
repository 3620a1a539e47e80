//! Directs the runs of a search.

use super::super::choices::Choices;
use super::super::history::{CLOCK, History};
use super::super::search::Search;
use super::super::trace::Trace;
use super::{Failure, Found};
use crate::base::random;
use crate::base::test_group::TestGroup;
use crate::base::touch::Touch;
use crate::test::director::{Choice, Director, Event, Options};
use crate::test::own_workers::outlive_goroutines;
use crate::test::report::Verdict;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::Sender;

/// The number of steps of one run after which it is given up.
pub(super) const MANY_STEPS: u32 = 100_000;
/// The number of steps in a row after which a goroutine lets others continue.
pub(super) const LONG_ROW: u32 = 100;

pub(super) struct Explorer {
    state: RefCell<RunState>,
    /// The number of operations of the run, if their locations are to be recorded.
    operations: Cell<Option<usize>>,
    most_strikes: u32,
    group: Arc<TestGroup>,
}

struct RunState {
    search: Search,
    history: History,
    trace: Trace,
    /// The number of steps passed to the search so far.
    told: usize,
    /// The running goroutine is about to begin an operation.
    is_before: bool,
    /// The last one that has yielded, if no other has run since.
    yielded: Option<u32>,
    /// The running goroutine, and its number of steps in a row.
    row: (u32, u32),
    chosen: u32,
    /// How often time has passed although some could run.
    strikes: u32,
    is_bounded: bool,
}

impl RunState {
    /// Passes the finished steps to the search.
    fn tell_steps(&mut self) {
        while self.told < self.history.closed() {
            self.search.stepped(&self.history.steps()[self.told], self.told, &self.history);
            self.told += 1;
        }
    }
}

impl Explorer {
    /// Sets how often time may pass in a run although some can run.
    pub(super) fn new(search: Search, most_strikes: u32, group: Arc<TestGroup>) -> Explorer {
        let state = RunState {
            search,
            history: History::default(),
            trace: Trace::default(),
            told: 0,
            is_before: false,
            yielded: None,
            row: (0, 0),
            chosen: 0,
            strikes: 0,
            is_bounded: false,
        };
        Explorer { state: RefCell::new(state), operations: Cell::new(None), most_strikes, group }
    }

    pub(super) fn begin(&self) {
        random::restart(0);
        let state = &mut *self.state.borrow_mut();
        state.search.begin();
        state.history = History::default();
        state.trace = Trace::default();
        (state.told, state.is_before, state.yielded, state.row) = (0, false, None, (0, 0));
        (state.chosen, state.strikes) = (0, 0);
    }

    /// Ends the run.
    pub(super) fn end(&self) {
        let state = &mut *self.state.borrow_mut();
        state.tell_steps();
        state.search.end();
    }

    /// Prepares the next run. False if there is none.
    pub(super) fn advance(&self) -> bool {
        let state = &mut *self.state.borrow_mut();
        state.search.advance(&state.history)
    }

    /// The text that repeats the run.
    pub(super) fn choices(&self) -> Choices {
        self.state.borrow().search.choices()
    }

    /// True if the run represents an interleaving of its own.
    pub(super) fn is_new(&self) -> bool {
        self.state.borrow().search.is_new()
    }

    pub(super) fn interleaving(&self) -> u64 {
        self.state.borrow().history.interleaving()
    }

    pub(super) fn history(&self, f: impl FnOnce(&History)) {
        f(&self.state.borrow().history);
    }

    pub(super) fn is_bounded(&self) -> bool {
        self.state.borrow().is_bounded
    }

    pub(super) fn is_endless(&self) -> bool {
        self.state.borrow().chosen >= MANY_STEPS
    }

    pub(super) fn has_strayed(&self) -> bool {
        self.state.borrow().search.has_strayed()
    }

    pub(super) fn take_trace(&self) -> Trace {
        std::mem::take(&mut self.state.borrow_mut().trace)
    }

    /// The next run records the locations of its operations, given their number.
    pub(super) fn note_places(&self, operations: usize) {
        self.operations.set(Some(operations));
    }

    fn choose(&self, options: &Options<'_>) -> Choice {
        let state = &mut *self.state.borrow_mut();
        state.tell_steps();
        let current = options.current;
        if current.is_some() && !std::mem::take(&mut state.is_before) {
            return Choice::Stay;
        }
        state.chosen += 1;
        // The running one continues if nothing speaks against it.
        let mut ready: Vec<u32> = (0..options.ready.len()).map(|index| options.ready.number(index)).collect();
        ready.sort_unstable();
        if let Some(current) = current {
            let goes_round = current.yields && state.yielded == Some(current.number);
            if current.yields {
                state.yielded = Some(current.number);
            }
            let long_row = state.row.0 == current.number && state.row.1 >= LONG_ROW;
            if goes_round && ready.is_empty() && options.can_jump() {
                return Choice::Jump;
            }
            let strikes = state.strikes < self.most_strikes && options.can_jump();
            if (ready.is_empty() && !strikes) || !(goes_round || long_row) {
                ready.insert(0, current.number);
            } else {
                state.is_bounded |= long_row;
            }
        }
        if state.strikes < self.most_strikes && options.can_jump() {
            ready.push(CLOCK);
        }
        let next = state.search.choose(&ready, &state.history);
        if state.yielded.is_some_and(|yielded| yielded != next) {
            state.yielded = None;
        }
        state.row = if state.row.0 == next { (next, state.row.1 + 1) } else { (next, 1) };
        state.history.runs(next);
        if next == CLOCK {
            state.strikes += 1;
            return Choice::Jump;
        }
        if current.is_some_and(|current| current.number == next) {
            return Choice::Stay;
        }
        let index = (0..options.ready.len()).find(|&index| options.ready.number(index) == next);
        Choice::Run(index.unwrap_or(0))
    }

    fn saw(&self, event: Event) {
        let state = &mut *self.state.borrow_mut();
        state.trace.add(event, self.operations.get());
        match event {
            Event::Arrived(..) => state.is_before = true,
            Event::Operated(..) => state.is_before = state.history.has_upcoming(),
            _ => {}
        }
        state.history.saw(event);
    }
}

/// An explorer as the director of a bubble.
pub(super) struct Handle(pub(super) Rc<Explorer>, pub(super) Sender<Found>);

impl Director for Handle {
    fn choose(&self, options: &Options<'_>) -> Choice {
        self.0.choose(options)
    }

    fn is_asked_often(&self) -> bool {
        true
    }

    fn is_asked_everywhere(&self) -> bool {
        true
    }

    fn saw(&self, event: Event) {
        self.0.saw(event);
    }

    fn has_seen_enough(&self) -> bool {
        self.0.is_endless() || self.0.has_strayed() || self.0.group.has_panicked()
    }

    fn stuck(&self, what: &str) -> ! {
        let trace = self.0.take_trace();
        // The location of the test is not known here; only the list of the steps matters.
        let story = trace.render(std::panic::Location::caller());
        let failure = Failure {
            before: 0,
            verdict: Verdict::stuck(what),
            story,
            choices: self.0.choices(),
            differs: false,
        };
        let _ = self.1.send(Found::Failure(failure));
        outlive_goroutines()
    }

    fn announces(&self, touches: &[Touch]) {
        self.0.state.borrow_mut().history.announces(touches);
    }

    fn begins(&self) {
        self.0.state.borrow_mut().history.begins();
    }

    fn announces_after_wait(&self, touch: Touch) {
        self.0.state.borrow_mut().history.announces_after_wait(touch);
    }

    fn picks(&self, of: u32) -> Option<u32> {
        let state = &mut *self.0.state.borrow_mut();
        let RunState { search, history, .. } = state;
        Some(history.picks(|step| search.pick(of, step)))
    }
}
