//! Identifies an operation by its stack if its location is not known otherwise: one in a destructor, or in a future.
//!
//! Function names and lines are those of the build: an optimised build without debug information has few names and no
//! lines.

use std::panic::Location;
use std::path::{Path, PathBuf};

/// The description of an operation, from the stack that it was seen on.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// The operation, as its caller knows it.
    pub(super) name: Option<String>,
    /// The line that called it.
    pub(super) line: Option<String>,
    /// The function that called it.
    pub(super) function: Option<String>,
}

/// Prefixes of the source paths of the test's workspace.
pub(super) fn root_of(place: &Location<'_>) -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    here.ancestors().find(|above| above.join(place.file()).exists()).map(Path::to_owned)
}

/// The operation of gochan on a stack, and its call in the user's code. The printed form is all that std offers of a
/// stack.
pub(super) fn operation(stack: &str, root: Option<&Path>) -> Seen {
    let mut seen = Seen::default();
    let mut lines = stack.lines().map(str::trim).peekable();
    while let Some(line) = lines.next() {
        // `12: path::of::function`, or without the number if it was inlined into the next one.
        let symbol = line.split_once(": ").filter(|(number, _)| number.parse::<u32>().is_ok());
        let symbol = symbol.map_or(line, |(_, symbol)| symbol);
        let at = lines.next_if(|next| next.starts_with("at ")).map(|at| &at["at ".len()..]);
        match owner_of(symbol) {
            Owner::Scheduler | Owner::Rust => {}
            Owner::Gochan => seen.name = Some(name_of(symbol)),
            Owner::User => {
                seen.line = at.map(|at| relative(at, root));
                seen.function = Some(symbol.to_owned());
                break;
            }
        }
    }
    seen
}

enum Owner {
    /// Not operations themselves, but functions that operations end up in.
    Scheduler,
    Gochan,
    Rust,
    User,
}

fn owner_of(symbol: &str) -> Owner {
    let path = symbol.trim_start_matches(['<', '&', '*', '[', '(']);
    let begins = |krates: &[&str]| krates.iter().any(|krate| path.starts_with(krate));
    if begins(&[
        "gochan::test::bubble::",
        "gochan::points::",
        "gochan::sched::worker::",
        "gochan::test::explore::",
    ]) || symbol.contains(" as gochan::test::bubble::")
        || path == "gochan::sched::here::spend"
    {
        Owner::Scheduler
    } else if begins(&["gochan::"]) || symbol.contains(" as gochan::") {
        Owner::Gochan
    } else if begins(&["core::", "std::", "alloc::", "corosensei::", "__rust", "rust_", "stack_init_"])
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
    // For the implementation of a trait, the type that implements it.
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

/// The position of the bracket that closes the one at the start of `path`.
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

fn relative(at: &str, root: Option<&Path>) -> String {
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

    #[test]
    fn names_are_what_the_caller_wrote() {
        for (symbol, name) in [
            ("gochan::chan::handle::Chan<T>::send", "Chan::send"),
            ("<gochan::chan::handle::Chan<i32>>::send", "Chan::send"),
            ("gochan::sync::waitgroup::WaitGroup::done", "WaitGroup::done"),
            ("gochan::spawn::start::go", "go"),
            ("gochan::__private::go::<i32, test::main::{closure#0}>", "go"),
            ("gochan::select::run::run", "select"),
            ("<gochan::chan::shared::TxRef<T> as core::ops::drop::Drop>::drop", "drop of TxRef"),
            ("<gochan::chan::handle::Chan<T> as gochan::chan::side::SendSide>::send_to", "Chan::send_to"),
        ] {
            assert_eq!(name_of(symbol), name, "{symbol}");
        }
    }

    #[test]
    fn the_operation_is_the_last_of_gochan_before_the_callers_frame() {
        let stack = "   0: gochan::test::bubble::Bubble::pause\n             at ./src/test/bubble.rs:1:2\n      \
                     gochan::chan::core::Core<T>::send\n   1: gochan::chan::handle::Chan<T>::send\n             at \
                     ./src/chan/handle.rs:3:4\n   2: core::ops::function::FnOnce::call_once\n   3: \
                     mine::work\n             at /elsewhere/mine.rs:5:6\n   4: gochan::sched::task::run\n";
        let seen = operation(stack, None);
        assert_eq!(seen.name.as_deref(), Some("Chan::send"));
        assert_eq!(seen.line.as_deref(), Some("/elsewhere/mine.rs:5:6"));
        assert_eq!(seen.function.as_deref(), Some("mine::work"));
    }

    #[test]
    fn what_operations_come_to_is_no_operation() {
        let stack = "   0: gochan::points::reach\n   1: <gochan::sched::worker::Worker>::spend\n   2: \
                     mine::work\n";
        let seen = operation(stack, None);
        assert_eq!((seen.name, seen.line, seen.function), (None, None, Some("mine::work".to_owned())));
    }
}
