//! The unexpected choices of a director in a run, and how to repeat them.
//!
//! The *expected* choice is that the current goroutine continues, or, if it has stopped, that the one runs that has
//! been able to for the longest. A [`Script`] lists the other choices, its *switches*, each with its moment. A moment
//! is identified by the progress of the goroutine that ran last, and not by the number of the choice: without the
//! switches before it, it is still the same line of the program. So a script can be replayed with some switches left
//! out.

use crate::sched::worker::driver::Operation;
use crate::test::director::{Choice, Event, Options};
use std::collections::HashMap;

/// The switches of a run, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Script(pub(super) Vec<Switch>);

/// A choice that was not the expected one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Switch {
    pub(super) at: Moment,
    pub(super) to: NumberedChoice,
}

/// When a director is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Moment {
    /// The goroutine that ran last; 0 before the first.
    goroutine: u32,
    /// The number of operations that it had arrived at.
    arrivals: u32,
    /// The number of steps that it had taken since then.
    steps: u32,
    /// It no longer runs.
    is_over: bool,
    /// The number of earlier choices for which all this is the same.
    choices: u32,
}

/// A [`Choice`] that keeps its meaning with another list of goroutines that can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum NumberedChoice {
    Stay,
    /// The goroutine of this number is next.
    Run(u32),
    Jump,
}

impl NumberedChoice {
    pub(super) fn of(choice: Choice, options: &Options<'_>) -> NumberedChoice {
        match choice {
            Choice::Stay => NumberedChoice::Stay,
            Choice::Run(index) => NumberedChoice::Run(options.ready.number(index)),
            Choice::Jump => NumberedChoice::Jump,
        }
    }

    /// `None` if it is not among the options.
    pub(super) fn choice(self, options: &Options<'_>) -> Option<Choice> {
        match self {
            NumberedChoice::Stay => options.can_stay().then_some(Choice::Stay),
            NumberedChoice::Run(number) => {
                let mut all = 0..options.ready.len();
                all.find(|&index| options.ready.number(index) == number).map(Choice::Run)
            }
            NumberedChoice::Jump => options.can_jump().then_some(Choice::Jump),
        }
    }
}

/// The choice of a director without special instructions.
pub(super) fn expected(options: &Options<'_>) -> Choice {
    if options.can_stay() { Choice::Stay } else { Choice::Run(0) }
}

/// Identifies the moments of a run.
#[derive(Debug, Default)]
struct Clock {
    /// The goroutine that runs or ran last.
    last: u32,
    goroutines: HashMap<u32, Progress>,
}

/// The progress of a goroutine.
#[derive(Debug, Default)]
struct Progress {
    arrivals: u32,
    steps: u32,
    /// The choices since the last step: while it ran, and after it had stopped.
    choices: [u32; 2],
    /// The operations that it has arrived at but not done. A select arrives at each of its arms that it checks.
    begun: Option<Operation>,
}

impl Clock {
    fn saw(&mut self, event: Event) {
        let Some(number) = event.goroutine() else { return };
        let progress = self.goroutines.entry(number).or_default();
        progress.choices = [0; 2];
        match event {
            Event::Arrived(_, operation) if progress.begun != Some(operation) => {
                progress.arrivals += 1;
                progress.steps = 0;
                progress.begun = Some(operation);
            }
            Event::Arrived(..) => progress.steps += 1,
            _ => {
                progress.steps += 1;
                progress.begun = None;
            }
        }
    }

    fn asked(&mut self, options: &Options<'_>) -> Moment {
        let goroutine = options.current.map_or(self.last, |current| current.number);
        let is_over = options.current.is_none();
        let progress = self.goroutines.entry(goroutine).or_default();
        let &mut Progress { arrivals, steps, .. } = progress;
        let count = &mut progress.choices[usize::from(is_over)];
        let choices = *count;
        *count += 1;
        Moment { goroutine, arrivals, steps, is_over, choices }
    }

    fn answered(&mut self, step: NumberedChoice) {
        if let NumberedChoice::Run(number) = step {
            self.last = number;
        }
    }
}

/// Records the script of a run. It must be told everything that the director is told.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    clock: Clock,
    script: Script,
    /// The alternative choices, each with the number of switches before it, if they are requested.
    others: Option<Vec<(usize, Switch)>>,
}

impl Recorder {
    /// One that also records the alternative choices.
    pub(super) fn of_all_options() -> Recorder {
        Recorder { others: Some(Vec::new()), ..Recorder::default() }
    }

    pub(super) fn saw(&mut self, event: Event) {
        self.clock.saw(event);
    }

    pub(super) fn chose(&mut self, choice: Choice, options: &Options<'_>) {
        let (at, to) = (self.clock.asked(options), NumberedChoice::of(choice, options));
        if choice != expected(options) {
            self.script.0.push(Switch { at, to });
        }
        if let Some(others) = &mut self.others {
            let stay = options.can_stay().then_some(NumberedChoice::Stay);
            let run = (0..options.ready.len()).map(|index| NumberedChoice::Run(options.ready.number(index)));
            let jump = options.can_jump().then_some(NumberedChoice::Jump);
            let all = stay.into_iter().chain(run).chain(jump).filter(|&step| step != to);
            others.extend(all.map(|to| (self.script.0.len(), Switch { at, to })));
        }
        self.clock.answered(to);
    }

    pub(super) fn into_script(self) -> Script {
        self.script
    }

    /// The switches that could have been made after this many.
    pub(super) fn others_after(self, switches: usize) -> Vec<Switch> {
        let others = self.others.unwrap_or_default().into_iter();
        others.filter(|&(before, _)| before >= switches).map(|(_, other)| other).collect()
    }
}

/// Chooses as a script says. Entries for moments that do not come, or for goroutines that cannot run, have no effect.
#[derive(Debug, Default)]
pub(super) struct Player {
    clock: Clock,
    switches: HashMap<Moment, NumberedChoice>,
}

impl Player {
    pub(super) fn new(script: &Script) -> Player {
        Player {
            clock: Clock::default(),
            switches: script.0.iter().map(|switch| (switch.at, switch.to)).collect(),
        }
    }

    pub(super) fn saw(&mut self, event: Event) {
        self.clock.saw(event);
    }

    pub(super) fn choose(&mut self, options: &Options<'_>) -> Choice {
        let moment = self.clock.asked(options);
        let switch = self.switches.get(&moment).and_then(|step| step.choice(options));
        let choice = switch.unwrap_or_else(|| expected(options));
        self.clock.answered(NumberedChoice::of(choice, options));
        choice
    }
}
