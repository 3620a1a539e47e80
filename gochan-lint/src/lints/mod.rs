//! The lints. Each is a file that says everything about it: id, level, explanation, examples, and the check.

mod add_in_goroutine;
mod double_close;
mod double_lock;
mod loop_variable;
mod lost_cancel;
mod missing_call;
mod missing_done;
mod once_recursion;
mod prelude;
mod range_own_send;
mod receiver_close;
mod self_deadlock_send;
mod send_after_close;
mod shared_static_mut;
#[cfg(test)]
mod tests;
mod unbuffered_signal;
mod unguarded_map;
mod wait_before_drain;

use crate::diagnostic::{Diagnostic, Level};
use crate::flow::Code;
use crate::link::Program;

/// A lint.
pub struct Lint {
    /// What it is called in flags, configuration and comments.
    pub id: &'static str,
    /// How it is reported unless somebody says otherwise.
    pub level: Level,
    /// One line.
    pub summary: &'static str,
    /// What it reports, why that is a bug, what it looks like at run time, and what checks of other tools are near it.
    pub explanation: &'static str,
    /// Code it reports.
    pub bad: &'static str,
    /// The same, mended.
    pub good: &'static str,
    /// Looks for it.
    pub check: Check,
}

/// How a lint looks at the program.
#[derive(Clone, Copy)]
pub enum Check {
    /// Function by function.
    Function(fn(Code<'_>, &mut Vec<Diagnostic>)),
    /// All at once.
    Program(fn(&Program, &mut Vec<Diagnostic>)),
    /// File by file.
    File(fn(&Program, usize, &mut Vec<Diagnostic>)),
}

/// Every lint, by id.
pub const ALL: &[&Lint] = &[
    &add_in_goroutine::LINT,
    &double_close::LINT,
    &double_lock::LINT,
    &loop_variable::LINT,
    &lost_cancel::LINT,
    &missing_call::LINT,
    &missing_done::LINT,
    &once_recursion::LINT,
    &range_own_send::LINT,
    &receiver_close::LINT,
    &self_deadlock_send::LINT,
    &send_after_close::LINT,
    &shared_static_mut::LINT,
    &unbuffered_signal::LINT,
    &unguarded_map::LINT,
    &wait_before_drain::LINT,
];

/// The lint with this id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Lint> {
    ALL.iter().copied().find(|lint| lint.id == id)
}

/// Everything that the lints find, by place.
#[must_use]
pub fn run(program: &Program, is_on: impl Fn(&Lint) -> bool) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for lint in ALL.iter().filter(|lint| is_on(lint)) {
        match lint.check {
            Check::Function(check) => {
                (0..program.functions.len()).for_each(|index| check(Code::of(program, index), &mut found));
            }
            Check::Program(check) => check(program, &mut found),
            Check::File(check) => (0..program.units.len()).for_each(|unit| check(program, unit, &mut found)),
        }
    }
    found.sort_by(|a, b| (a.unit, a.span, a.lint).cmp(&(b.unit, b.span, b.lint)));
    found.dedup_by(|a, b| (a.unit, a.span, a.lint) == (b.unit, b.span, b.lint));
    found
}
