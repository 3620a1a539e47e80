//! What a director chose in a run, as far as it was not what one would expect, and how to choose so again.
//!
//! The *expected* choice is that the current goroutine goes on, or, if it has stopped, that the one runs that has been able
//! to for the longest. A [`Script`] lists the others, its *switches*, each with the moment that it belongs to. A moment is
//! told by what the goroutine that ran last had done so far, and not by the number of the choice: without the switches that
//! came before, it is still the same line of the program. So a script can be replayed with some switches left out.

use crate::sched::bubble::{Choice, Event, Operation, Options};
use std::collections::HashMap;

/// The switches of a run, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Script(pub(super) Vec<Switch>);

/// A choice that was not the expected one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Switch {
    pub(super) at: Moment,
    pub(super) to: Step,
}

/// When a director is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Moment {
    /// The goroutine that ran last; 0 before the first.
    goroutine: u32,
    /// How many operations it had arrived at.
    arrivals: u32,
    /// How many steps it had taken since then.
    steps: u32,
    /// It does not run any more.
    is_over: bool,
    /// How many choices there were before of which all that is the same.
    choices: u32,
}

/// A [`Choice`] that means the same where the list of those that can run is another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Step {
    Stay,
    /// The goroutine of this number is next.
    Run(u32),
    Jump,
}

impl Step {
    pub(super) fn of(choice: Choice, options: &Options<'_>) -> Step {
        match choice {
            Choice::Stay => Step::Stay,
            Choice::Run(index) => Step::Run(options.ready.number(index)),
            Choice::Jump => Step::Jump,
        }
    }

    /// None if it is not among the options.
    pub(super) fn choice(self, options: &Options<'_>) -> Option<Choice> {
        match self {
            Step::Stay => options.can_stay().then_some(Choice::Stay),
            Step::Run(number) => {
                let mut all = 0..options.ready.len();
                all.find(|&index| options.ready.number(index) == number).map(Choice::Run)
            }
            Step::Jump => options.can_jump().then_some(Choice::Jump),
        }
    }
}

/// The choice of a director that is asked nothing special.
pub(super) fn expected(options: &Options<'_>) -> Choice {
    if options.can_stay() { Choice::Stay } else { Choice::Run(0) }
}

/// Tells the moments of a run apart.
#[derive(Debug, Default)]
struct Clock {
    /// The goroutine that runs or ran last.
    last: u32,
    goroutines: HashMap<u32, Progress>,
}

/// How far a goroutine has come.
#[derive(Debug, Default)]
struct Progress {
    arrivals: u32,
    steps: u32,
    /// The choices since the last step: while it ran, and when it did not any more.
    choices: [u32; 2],
    /// What it has arrived at and not yet done. A select arrives at each of its arms, as far as it looks.
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

    fn answered(&mut self, step: Step) {
        if let Step::Run(number) = step {
            self.last = number;
        }
    }
}

/// Writes the script of a run. To be told all that the director is.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    clock: Clock,
    script: Script,
    /// What could have been chosen otherwise, and after how many switches; if that is asked for.
    others: Option<Vec<(usize, Switch)>>,
}

impl Recorder {
    /// One that notes as well what else could have been chosen.
    pub(super) fn of_all_options() -> Recorder {
        Recorder { others: Some(Vec::new()), ..Recorder::default() }
    }

    pub(super) fn saw(&mut self, event: Event) {
        self.clock.saw(event);
    }

    pub(super) fn chose(&mut self, choice: Choice, options: &Options<'_>) {
        let (at, to) = (self.clock.asked(options), Step::of(choice, options));
        if choice != expected(options) {
            self.script.0.push(Switch { at, to });
        }
        if let Some(others) = &mut self.others {
            let stay = options.can_stay().then_some(Step::Stay);
            let run = (0..options.ready.len()).map(|index| Step::Run(options.ready.number(index)));
            let jump = options.can_jump().then_some(Step::Jump);
            let all = stay.into_iter().chain(run).chain(jump).filter(|&step| step != to);
            others.extend(all.map(|to| (self.script.0.len(), Switch { at, to })));
        }
        self.clock.answered(to);
    }

    pub(super) fn into_script(self) -> Script {
        self.script
    }

    /// The switches that could have been made after so many.
    pub(super) fn others_after(self, switches: usize) -> Vec<Switch> {
        let others = self.others.unwrap_or_default().into_iter();
        others.filter(|&(before, _)| before >= switches).map(|(_, other)| other).collect()
    }
}

/// Chooses as a script says. What it says of moments that do not come, or that goroutines run that cannot, counts for
/// nothing.
#[derive(Debug, Default)]
pub(super) struct Player {
    clock: Clock,
    switches: HashMap<Moment, Step>,
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
        self.clock.answered(Step::of(choice, options));
        choice
    }
}
