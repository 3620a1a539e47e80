//! The events of a run, and how a report shows them.
//!
//! Points report their operation and the caller's line, in any build. Destructors and futures have no caller's line:
//! for them the stack is recorded, if a report will show it.

use super::stack::{self, root_of};
use crate::base::location::SourceLocation;
use crate::sched::park::WaitReason;
use crate::sched::worker::driver::Operation;
use crate::test::director::Event;
use std::backtrace::Backtrace;
use std::collections::HashMap;
use std::fmt::Write;
use std::panic::Location;
use std::path::PathBuf;
use std::time::Duration;

/// The events of a run, and the stacks of those without a known location.
#[derive(Debug, Default)]
pub(super) struct Trace {
    events: Vec<Event>,
    operations: usize,
    /// By the index of the event, for the events that are shown.
    stacks: HashMap<usize, Backtrace>,
}

/// The number of lines shown at the start and the end of a long trace.
const FIRST: usize = 40;
const LAST: usize = 160;
/// One line may stand for two operations: its own, and the arrival at it.
const OF_A_LINE: usize = 2;

impl Trace {
    /// The number of operations.
    pub(super) fn operations(&self) -> usize {
        self.operations
    }

    /// Called on the stack of the goroutine that has done an operation. Records the stack if the location is not known
    /// and the operation will be shown, given the total number of operations.
    pub(super) fn add(&mut self, event: Event, in_all: Option<usize>) {
        if let Event::Operated(..) | Event::Arrived(..) = event {
            if let Some(in_all) = in_all
                && (self.operations < OF_A_LINE * FIRST || self.operations + OF_A_LINE * LAST >= in_all)
                && !self.operation_of(event).is_some_and(|operation| {
                    operation == Operation::END || operation.place.is_some_and(is_callers)
                })
            {
                self.stacks.insert(self.events.len(), Backtrace::force_capture());
            }
            self.operations += 1;
        }
        self.events.push(event);
    }

    /// The operation of an event that comes after all others.
    fn operation_of(&self, event: Event) -> Option<Operation> {
        match event {
            Event::Arrived(_, operation) | Event::Operated(_, Some(operation)) => Some(operation),
            Event::Operated(number, None) => {
                let mut before = self.events.iter().rev().filter(|before| before.goroutine() == Some(number));
                before.next().and_then(|&before| begun_by(before))
            }
            _ => None,
        }
    }

    /// True if the same events have happened in the same order.
    pub(super) fn is_like(&self, other: &Trace) -> bool {
        self.events == other.events
    }

    /// One line for each step, as shown to the user of the test at `place`.
    pub(super) fn render(&self, place: &Location<'_>) -> String {
        let mut story = Story { root: root_of(place), lines: Vec::new(), goroutines: HashMap::new() };
        let mut effects = Vec::new();
        for (index, &event) in self.events.iter().enumerate() {
            let (who, what) = match event {
                Event::Spawned(number) | Event::Woken(number) => {
                    let effect = match event {
                        Event::Spawned(_) => format!("starts goroutine {number}"),
                        _ => format!("wakes {number}"),
                    };
                    match story.lines.last_mut() {
                        // The clock's operations.
                        Some(line) if line.who.is_none() && effects.is_empty() => line.effects.push(effect),
                        // The first goroutine has no cause.
                        None if number == 1 => {}
                        _ => effects.push(effect),
                    }
                    continue;
                }
                Event::Started(number) => {
                    story.lines.push(Line::new(Some(number), "begins".to_owned()));
                    continue;
                }
                Event::Operated(number, operation) => {
                    (Some(number), story.operation(number, operation, self.stacks.get(&index)))
                }
                Event::Arrived(number, operation) => {
                    (Some(number), story.operation(number, Some(operation), self.stacks.get(&index)))
                }
                Event::Parked(number, reason, place) => {
                    let place = place.map(|place| format!(" at {place}")).unwrap_or_default();
                    (Some(number), format!("waits in {reason}{place}"))
                }
                Event::Ended(number) => (Some(number), "ends".to_owned()),
                Event::Jumped { by: Duration::ZERO, .. } => (None, "what is due comes".to_owned()),
                Event::Jumped { by, all_wait: true } => (None, format!("all wait; {by:?} pass")),
                Event::Jumped { by, all_wait: false } => (None, format!("{by:?} pass")),
                Event::Quiet => (None, "all wait".to_owned()),
            };
            if let Some(last) = story.lines.last_mut()
                && last.who == who
                && last.effects.is_empty()
                && let Some(begun) = last.arrived_at.take()
                && Story::is_of(event, begun)
            {
                // No event has come between the arrival at the operation and its end or wait.
                story.lines.pop();
            }
            story.note(event);
            let mut line = Line::new(who, what);
            line.effects.append(&mut effects);
            if let Event::Arrived(_, operation) = event {
                line.arrived_at = Some(operation);
            }
            story.lines.push(line);
        }
        render_lines(&story.lines)
    }
}

/// The operation that a goroutine is in after an event, if it ends without reporting which one it is.
fn begun_by(event: Event) -> Option<Operation> {
    match event {
        Event::Arrived(_, operation) => Some(operation),
        Event::Parked(_, WaitReason::Select, place) => Some(Operation { name: "select", place }),
        _ => None,
    }
}

/// False for source locations in this crate.
fn is_callers(place: SourceLocation) -> bool {
    let own = file!().strip_suffix("test/explore/trace.rs");
    !own.is_some_and(|own| place.file().starts_with(own))
}

/// A trace that is being printed.
struct Story {
    root: Option<PathBuf>,
    lines: Vec<Line>,
    goroutines: HashMap<u32, Goroutine>,
}

/// The position of a goroutine.
#[derive(Default)]
struct Goroutine {
    /// The operation that it has begun.
    begun: Option<Operation>,
    /// The last location of its caller that was seen.
    place: Option<SourceLocation>,
}

impl Story {
    fn note(&mut self, event: Event) {
        let Some(number) = event.goroutine() else { return };
        let place = match event {
            Event::Arrived(_, operation) | Event::Operated(_, Some(operation)) => operation.place,
            Event::Parked(_, _, place) => place,
            _ => None,
        };
        let goroutine = self.goroutines.entry(number).or_default();
        goroutine.begun = begun_by(event);
        goroutine.place = place.filter(|&place| is_callers(place)).or(goroutine.place);
    }

    /// True if the event ends the operation, waits in it, or arrives at it once more.
    fn is_of(event: Event, begun: Operation) -> bool {
        match event {
            Event::Arrived(_, operation) => operation == begun,
            Event::Operated(_, operation) => operation.is_none_or(|operation| operation == begun),
            Event::Parked(_, _, place) => begun.place.is_none() || place == begun.place,
            Event::Ended(_) => begun == Operation::END,
            _ => false,
        }
    }

    /// The name of a goroutine's operation: `None` is the one that it has begun.
    fn operation(&self, number: u32, operation: Option<Operation>, stack: Option<&Backtrace>) -> String {
        if operation == Some(Operation::END) {
            return Operation::END.name.to_owned();
        }
        let goroutine = self.goroutines.get(&number);
        let operation = operation.or_else(|| goroutine?.begun);
        let place = operation.and_then(|operation| operation.place);
        let seen = stack.map(|stack| stack::operation(&stack.to_string(), self.root.as_deref()));
        let seen = seen.unwrap_or_default();
        let name = match operation {
            Some(operation) => operation.name.to_owned(),
            None => seen.name.unwrap_or_else(|| "an operation".to_owned()),
        };
        if let Some(place) = place.filter(|&place| is_callers(place)) {
            format!("{name} at {place}")
        } else if let Some(line) = seen.line {
            format!("{name} at {line}")
        } else if let Some(place) = place {
            format!("{name} at {place}")
        } else if let Some(before) = goroutine.and_then(|goroutine| goroutine.place) {
            format!("{name}, after {before}")
        } else if let Some(function) = seen.function {
            format!("{name} in {function}")
        } else {
            name
        }
    }
}

struct Line {
    /// `None` for the clock.
    who: Option<u32>,
    what: String,
    effects: Vec<String>,
    /// It is only the arrival at an operation, as far as is known.
    arrived_at: Option<Operation>,
}

impl Line {
    fn new(who: Option<u32>, what: String) -> Line {
        Line { who, what, effects: Vec::new(), arrived_at: None }
    }
}

fn render_lines(lines: &[Line]) -> String {
    let mut text = String::from("    step  goroutine\n");
    for (index, line) in lines.iter().enumerate() {
        let left_out = lines.len().saturating_sub(FIRST + LAST);
        if left_out > 0 && (FIRST..FIRST + left_out).contains(&index) {
            if index == FIRST {
                let _ = writeln!(text, "          … {left_out} steps …");
            }
            continue;
        }
        let who = line.who.map_or_else(|| "-".to_owned(), |number| number.to_string());
        let before = if line.arrived_at.is_some() { "before " } else { "" };
        let _ = write!(text, "    {:>4}  {who:>9}  {before}{}", index + 1, line.what);
        for effect in &line.effects {
            let _ = write!(text, ", {effect}");
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEN: Operation = Operation { name: "len", place: None };

    #[test]
    fn an_arrival_shows_only_if_others_ran_before_the_operation_began() {
        let mut trace = Trace::default();
        for event in [
            Event::Started(1),
            Event::Arrived(1, LEN),
            Event::Operated(1, Some(LEN)),
            Event::Arrived(1, LEN),
            Event::Started(2),
            Event::Arrived(2, LEN),
            Event::Parked(2, WaitReason::Recv, None),
            Event::Operated(1, Some(LEN)),
        ] {
            trace.add(event, None);
        }
        let text = trace.render(Location::caller());
        let lines: Vec<_> = text.lines().skip(1).map(|line| &line[line.len().min(21)..]).collect();
        assert_eq!(
            lines,
            ["begins", "len", "before len", "begins", "waits in chan receive", "len"],
            "{text}"
        );
    }

    #[test]
    fn an_end_shows_once() {
        let mut trace = Trace::default();
        for event in [
            Event::Arrived(1, Operation::END),
            Event::Arrived(2, Operation::END),
            Event::Ended(2),
            Event::Ended(1),
        ] {
            trace.add(event, None);
        }
        let text = trace.render(Location::caller());
        let lines: Vec<_> = text.lines().skip(1).map(|line| &line[line.len().min(21)..]).collect();
        assert_eq!(lines, ["before its end", "ends", "ends"], "{text}");
    }

    #[test]
    fn operations_have_the_places_that_they_tell_or_those_known_last() {
        let here = Location::caller();
        let mut trace = Trace::default();
        for event in [
            Event::Arrived(1, Operation { name: "send", place: Some(here) }),
            Event::Operated(1, None),
            Event::Operated(1, None),
            Event::Parked(1, WaitReason::Select, Some(here)),
            Event::Operated(1, None),
            Event::Operated(1, Some(Operation { name: "drop of it", place: None })),
        ] {
            trace.add(event, None);
        }
        let text = trace.render(here);
        let lines: Vec<_> = text.lines().skip(1).map(|line| &line[line.len().min(21)..]).collect();
        let at = |what: &str| format!("{what} at {here}");
        // This file belongs to the crate, which does not count as a caller.
        let expected = [
            at("send"),
            "an operation".to_owned(),
            at("waits in select"),
            at("select"),
            "drop of it".to_owned(),
        ];
        assert_eq!(lines, expected, "{text}");
    }
}
