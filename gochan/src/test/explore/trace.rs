//! What happened in a run, and how a report shows it.

use crate::sched::bubble::Event;
use std::backtrace::Backtrace;
use std::collections::HashMap;
use std::fmt::Write;
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The events of a run, and where in the source its operations are if somebody wanted to know.
#[derive(Debug, Default)]
pub(super) struct Trace {
    events: Vec<Event>,
    operations: usize,
    /// Of operations, by which one it is; those that are shown.
    stacks: HashMap<usize, Backtrace>,
}

/// Lines at the begin and the end of a long trace that are shown.
const FIRST: usize = 40;
const LAST: usize = 160;

impl Trace {
    /// How many operations there were.
    pub(super) fn operations(&self) -> usize {
        self.operations
    }

    /// Called on the stack of the goroutine that has done an operation. Notes its place if it will be shown, given how
    /// many there will be in all.
    pub(super) fn add(&mut self, event: Event, in_all: Option<usize>) {
        if let Event::Operated(_) | Event::Arrived(_) = event {
            if let Some(in_all) = in_all
                && (self.operations < FIRST || self.operations + LAST >= in_all)
            {
                self.stacks.insert(self.operations, Backtrace::force_capture());
            }
            self.operations += 1;
        }
        self.events.push(event);
    }

    /// True if the same things have happened in the same order.
    pub(super) fn is_like(&self, other: &Trace) -> bool {
        self.events == other.events
    }

    /// One line for each step, as the test at `place` is to see it.
    pub(super) fn render(&self, place: &Location<'_>) -> String {
        let root = root_of(place);
        let mut operations = 0..;
        let mut lines: Vec<Line> = Vec::new();
        let mut effects = Vec::new();
        for &event in &self.events {
            let (who, what) = match event {
                Event::Spawned(number) | Event::Woken(number) => {
                    let effect = match event {
                        Event::Spawned(_) => format!("starts goroutine {number}"),
                        _ => format!("wakes {number}"),
                    };
                    match lines.last_mut() {
                        // The clock's.
                        Some(line) if line.who.is_none() && effects.is_empty() => line.effects.push(effect),
                        // The first goroutine is nobody's effect.
                        None if number == 1 => {}
                        _ => effects.push(effect),
                    }
                    continue;
                }
                Event::Started(number) => {
                    lines.push(Line::new(Some(number), "begins".to_owned()));
                    continue;
                }
                Event::Operated(number) | Event::Arrived(number) => {
                    let stack = operations.next().and_then(|index| self.stacks.get(&index));
                    let operation = stack.and_then(|stack| operation(&stack.to_string(), &root));
                    let operation = operation.unwrap_or_else(|| "an operation".to_owned());
                    if let Event::Arrived(_) = event {
                        (Some(number), format!("{BEFORE}{operation}"))
                    } else {
                        (Some(number), operation)
                    }
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
            // Nothing has come between the arrival at the operation and its end, or its wait.
            lines.pop_if(|last| last.who == who && last.what.starts_with(BEFORE) && effects.is_empty());
            let mut line = Line::new(who, what);
            line.effects.append(&mut effects);
            lines.push(line);
        }
        render_lines(&lines)
    }
}

const BEFORE: &str = "before ";

struct Line {
    /// None: the clock.
    who: Option<u32>,
    what: String,
    effects: Vec<String>,
}

impl Line {
    fn new(who: Option<u32>, what: String) -> Line {
        Line { who, what, effects: Vec::new() }
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
        let _ = write!(text, "    {:>4}  {who:>9}  {}", index + 1, line.what);
        for effect in &line.effects {
            let _ = write!(text, ", {effect}");
        }
        text.push('\n');
    }
    text
}

/// Where the source paths of the test's workspace begin.
fn root_of(place: &Location<'_>) -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    here.ancestors().find(|above| above.join(place.file()).exists()).map(Path::to_owned)
}

/// The operation of gochan's that a stack is in, and the line it was called from: what the caller wrote. The printed
/// form is all that std gives of a stack.
fn operation(stack: &str, root: &Option<PathBuf>) -> Option<String> {
    let mut last = None;
    let mut lines = stack.lines().map(str::trim).peekable();
    while let Some(line) = lines.next() {
        // `12: path::of::function`, or without the number if it was inlined into the next one.
        let symbol = line.split_once(": ").filter(|(number, _)| number.parse::<u32>().is_ok());
        let symbol = symbol.map_or(line, |(_, symbol)| symbol);
        let at = lines.next_if(|next| next.starts_with("at ")).map(|at| &at["at ".len()..]);
        match owner_of(symbol) {
            Owner::Gochan => last = Some(name_of(symbol)),
            Owner::Rust => {}
            Owner::User => {
                let name = last?;
                return Some(match at {
                    Some(at) => format!("{name} at {}", relative(at, root)),
                    None => format!("{name} in {symbol}"),
                });
            }
        }
    }
    last
}

enum Owner {
    Gochan,
    Rust,
    User,
}

fn owner_of(symbol: &str) -> Owner {
    let path = symbol.trim_start_matches(['<', '&', '*', '[', '(']);
    let begins = |krates: &[&str]| krates.iter().any(|krate| path.starts_with(krate));
    if begins(&["gochan::"]) || symbol.contains(" as gochan::") {
        Owner::Gochan
    } else if begins(&["core::", "std::", "alloc::", "corosensei::", "__rust", "rust_"])
        || symbol.contains(" as core::ops::")
    {
        Owner::Rust
    } else {
        Owner::User
    }
}

/// `Chan::send` for `gochan::chan::handle::Chan<T>::send`, `<gochan::…::Chan<i32>>::send` and the like.
fn name_of(symbol: &str) -> String {
    if symbol.contains("gochan::select::") {
        return "select".to_owned();
    }
    let symbol = symbol.split("::{{closure}}").next().unwrap_or(symbol);
    let symbol = symbol.split("::{closure").next().unwrap_or(symbol);
    if let Some((of, _)) = symbol.split_once(" as core::ops::drop::Drop>") {
        return format!("drop of {}", last_component(&without_generics(of.trim_start_matches('<'))));
    }
    // Of an implementation of a trait, the type that it is for.
    let mut flat = without_generics(symbol);
    if flat.starts_with("::")
        && let Some(end) = closing(symbol)
    {
        let of = symbol[1..end].split(" as ").next().unwrap_or_default();
        flat = format!("{}{}", without_generics(of), without_generics(&symbol[end + 1..]));
    }
    let mut components = flat.rsplit("::");
    let method = components.next().unwrap_or_default().to_owned();
    match components.next() {
        Some(of) if of.starts_with(|c: char| c.is_ascii_uppercase()) => format!("{of}::{method}"),
        _ => method,
    }
}

fn last_component(path: &str) -> &str {
    path.rsplit("::").next().unwrap_or(path)
}

/// Leaves out everything between angle brackets.
fn without_generics(path: &str) -> String {
    let mut depth = 0;
    let mut flat = String::new();
    for c in path.chars() {
        match c {
            '<' => depth += 1,
            '>' => depth -= 1,
            c if depth == 0 => flat.push(c),
            _ => {}
        }
    }
    flat.replace("::::", "::").trim_end_matches("::").to_owned()
}

/// Where the bracket that opens `path` is closed.
fn closing(path: &str) -> Option<usize> {
    let mut depth = 0;
    path.char_indices().find_map(|(index, c)| {
        match c {
            '<' => depth += 1,
            '>' => depth -= 1,
            _ => {}
        }
        (depth == 0).then_some(index)
    })
}

fn relative(at: &str, root: &Option<PathBuf>) -> String {
    let Some(root) = root else { return at.to_owned() };
    let absolute = match at.strip_prefix("./") {
        Some(below) => std::env::current_dir().map_or_else(|_| PathBuf::from(below), |here| here.join(below)),
        None => PathBuf::from(at),
    };
    absolute.strip_prefix(root).map_or_else(|_| at.to_owned(), |path| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sched::park::WaitReason;

    #[test]
    fn names_are_what_the_caller_wrote() {
        for (symbol, name) in [
            ("gochan::chan::handle::Chan<T>::send", "Chan::send"),
            ("<gochan::chan::handle::Chan<i32>>::send", "Chan::send"),
            ("gochan::sync::waitgroup::WaitGroup::done", "WaitGroup::done"),
            ("gochan::sched::go", "go"),
            ("gochan::__private::go::<i32, test::main::{closure#0}>", "go"),
            ("gochan::select::run::run", "select"),
            ("<gochan::chan::shared::TxRef<T> as core::ops::drop::Drop>::drop", "drop of TxRef"),
            ("<gochan::chan::handle::Chan<T> as gochan::chan::side::SendSide>::send_to", "Chan::send_to"),
        ] {
            assert_eq!(name_of(symbol), name, "{symbol}");
        }
    }

    #[test]
    fn an_arrival_shows_only_if_others_ran_before_the_operation_began() {
        let mut trace = Trace::default();
        for event in [
            Event::Started(1),
            Event::Arrived(1),
            Event::Operated(1),
            Event::Arrived(1),
            Event::Started(2),
            Event::Arrived(2),
            Event::Parked(2, WaitReason::Recv, None),
            Event::Operated(1),
        ] {
            trace.add(event, None);
        }
        let text = trace.render(Location::caller());
        let lines: Vec<_> = text.lines().skip(1).map(|line| &line[line.len().min(21)..]).collect();
        assert_eq!(
            lines,
            [
                "begins",
                "an operation",
                "before an operation",
                "begins",
                "waits in chan receive",
                "an operation"
            ],
            "{text}"
        );
    }

    #[test]
    fn the_operation_is_the_last_of_gochan_before_the_callers_frame() {
        let stack = "   0: gochan::sched::bubble::Bubble::pause\n             at ./src/sched/bubble.rs:1:2\n      \
                     gochan::chan::core::Core<T>::send\n   1: gochan::chan::handle::Chan<T>::send\n             at \
                     ./src/chan/handle.rs:3:4\n   2: core::ops::function::FnOnce::call_once\n   3: \
                     mine::work\n             at /elsewhere/mine.rs:5:6\n   4: gochan::sched::task::run\n";
        assert_eq!(operation(stack, &None).as_deref(), Some("Chan::send at /elsewhere/mine.rs:5:6"));
    }
}
