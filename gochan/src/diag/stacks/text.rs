//! A stack as text, without the functions of the runtime.

use super::frames::Walked;
use super::names::{self, Function, Patience};
use super::order::Missing;
use crate::base::settings::{Traceback, settings};
use std::fmt::{self, Write as _};

/// The call stack of a goroutine, or the reason why it is not known.
///
/// Displayed, it has a line for each function, the innermost first:
///
/// ```text
///         server::queue::push at src/queue.rs:31:14
///         server::feed at src/main.rs:14:13
/// ```
///
/// Functions of the runtime are left out, both those that the goroutine waits in and those that called the goroutine's
/// function, unless `GOCHAN_TRACEBACK` is `system`. Of a deep stack the 64 innermost and the 64 outermost calls are
/// shown.
///
/// The names are looked up when a stack is displayed for the first time, which may take a second in a large program,
/// and are then kept. An executable without symbols has no names; addresses in the executable are shown instead.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stack(Result<Walked, Missing>);

impl Stack {
    pub(crate) fn new(stack: Result<Walked, Missing>) -> Stack {
        Stack(stack)
    }

    pub(crate) fn addresses(&self) -> &[usize] {
        self.0.as_ref().map_or(&[], |walked| &walked.addresses)
    }
}

impl fmt::Debug for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Ok(walked) => write!(f, "Stack({} calls)", walked.addresses.len() + walked.left_out),
            Err(missing) => write!(f, "Stack({missing:?})"),
        }
    }
}

impl fmt::Display for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const INDENT: &str = "        ";
        let walked = match &self.0 {
            Ok(walked) => walked,
            Err(missing) => return writeln!(f, "{INDENT}({missing})"),
        };
        names::learn(walked.addresses.iter().copied(), Patience::LONG);
        let lines = lines(walked, settings().traceback);
        lines.iter().try_for_each(|line| writeln!(f, "{INDENT}{line}"))
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Missing::Runs(Some(worker)) => {
                write!(f, "runs on worker {worker}; only what waits shows its stack")
            }
            Missing::Runs(None) => f.write_str("runs; only what waits shows its stack"),
            Missing::Busy(worker) => write!(f, "no stack: worker {worker} is busy with another goroutine"),
            Missing::Silent => f.write_str("no stack: its thread has not answered"),
            Missing::Gone => f.write_str("no stack: it has ended meanwhile"),
            Missing::Full => f.write_str("no stack: there is no room left on it"),
            Missing::Elsewhere => f.write_str("no stack: it waits on a stack of its own making"),
            Missing::Crowd => f.write_str("no stack: there are too many goroutines to look at each"),
        }
    }
}

fn lines(walked: &Walked, traceback: Traceback) -> Vec<String> {
    let (innermost, outermost) = walked.parts();
    let named = |addresses: &[usize]| -> Vec<Function> {
        addresses.iter().flat_map(|&address| names::at(address).to_vec()).collect()
    };
    let (mut first, mut last) = (named(innermost), named(outermost));
    if traceback != Traceback::System {
        let outer = if outermost.is_empty() { &mut first } else { &mut last };
        let called = outer.iter().rposition(|function| !is_of_runtime(function)).map_or(0, |index| index + 1);
        // A goroutine of the runtime itself is shown whole.
        if called > 0 && !walked.is_cut {
            outer.truncate(called);
        }
        let waits = begin_of_user(&first);
        first.drain(..waits);
    }
    let mut lines: Vec<String> = first.iter().map(line).collect();
    if walked.left_out > 0 {
        lines.push(format!("... {} more ...", walked.left_out));
    }
    lines.extend(last.iter().map(line));
    if walked.is_cut {
        lines.push("... and more".to_owned());
    }
    lines
}

/// The end of the runtime's functions that a goroutine waits in.
fn begin_of_user(functions: &[Function]) -> usize {
    let Some(user) = functions.iter().position(|function| !is_of_runtime(function)) else { return 0 };
    functions[..user].iter().rposition(is_of_this_crate).map_or(0, |index| index + 1)
}

fn line(function: &Function) -> String {
    let mut line = match &function.name {
        Some(name) => shortened(name),
        None => return function.place.clone().unwrap_or_default(),
    };
    if let Some(place) = &function.place {
        let _ = write!(line, " at {place}");
    }
    line
}

/// The crate of a function, as far as its name tells.
fn crate_of(function: &Function) -> Option<&str> {
    let name = function.name.as_deref()?;
    // `<T as Trait>::method` belongs to the crate of `T`, or to that of the trait.
    let path = name.trim_start_matches(['<', '&', '*', '(', '[']);
    let path =
        ["mut ", "const ", "dyn "].iter().fold(path, |path, word| path.strip_prefix(word).unwrap_or(path));
    path.split_once("::").map(|(first, _)| first)
}

fn is_of_this_crate(function: &Function) -> bool {
    matches!(crate_of(function), Some("gochan" | "corosensei"))
        || function
            .name
            .as_deref()
            .is_some_and(|name| name.starts_with("stack_") && name.contains("_trampoline"))
}

fn is_of_runtime(function: &Function) -> bool {
    const OF_SYSTEM: [&str; 8] = [
        "__rust_try",
        "start_thread",
        "clone3",
        "__clone3",
        "clone",
        "_start",
        "__libc_start_main",
        "__libc_start_call_main",
    ];
    is_of_this_crate(function)
        || matches!(crate_of(function), Some("core" | "std" | "alloc"))
        || function.name.as_deref().is_some_and(|name| OF_SYSTEM.contains(&name))
}

/// Removes the generic parameters of functions, `::<…>`, which may fill a screen.
fn shortened(name: &str) -> String {
    let (mut short, mut rest) = (String::with_capacity(name.len()), name);
    while let Some((before, after)) = rest.split_once("::<") {
        short.push_str(before);
        let mut open = 1;
        let end = after.char_indices().find(|&(at, letter)| {
            match letter {
                '<' => open += 1,
                '>' if !after[..at].ends_with('-') => open -= 1,
                _ => {}
            }
            open == 0
        });
        rest = end.map_or("", |(at, _)| &after[at + 1..]);
    }
    short.push_str(rest);
    short
}

#[cfg(test)]
mod tests {
    use crate::diag::stacks::text::*;

    #[test]
    fn parameters_of_functions_are_left_out_and_those_of_types_are_not() {
        let names = [
            ("app::feed", "app::feed"),
            ("app::feed::<u32, app::Queue<u8>>", "app::feed"),
            ("app::map::<fn(u8) -> u8>::{closure#0}", "app::map::{closure#0}"),
            (
                "<app::Queue<u8> as core::iter::Iterator>::next",
                "<app::Queue<u8> as core::iter::Iterator>::next",
            ),
            ("app::open::<u8", "app::open"),
        ];
        for (name, short) in names {
            assert_eq!(shortened(name), short);
        }
    }

    #[test]
    fn the_functions_of_the_runtime_are_known_by_their_crate() {
        let function = |name: &str| Function { name: Some(name.to_owned()), place: None };
        let of_runtime = [
            "gochan::chan::recv",
            "<gochan::Chan<T> as Iterator>::next",
            "<&mut core::Ref>::f",
            "__rust_try",
        ];
        for name in of_runtime {
            assert!(is_of_runtime(&function(name)), "{name}");
        }
        for name in
            ["main", "app::gochan::recv", "gochan_extra::recv", "<app::T as core::clone::Clone>::clone"]
        {
            assert!(!is_of_runtime(&function(name)), "{name}");
        }
        let waits =
            ["core::call", "gochan::park", "gochan::recv", "core::iter::fold", "app::sum", "gochan::run"];
        assert_eq!(begin_of_user(&waits.map(function)), 3);
    }
}
