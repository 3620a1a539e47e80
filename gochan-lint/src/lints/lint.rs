//! What a lint is.

use crate::analysis::Code;
use crate::diagnostic::{Diagnostic, Level};
use crate::link::Program;

/// A lint.
pub struct Lint {
    /// Its name in flags, configuration and comments.
    pub id: &'static str,
    /// Its default level.
    pub level: Level,
    /// A summary of one line.
    pub summary: &'static str,
    /// What it reports, and why that is a bug.
    pub explanation: &'static str,
    /// The symptoms at run time.
    pub at_run_time: &'static str,
    /// The most similar checks of other tools.
    pub near: &'static str,
    /// Code it reports.
    pub bad: &'static str,
    /// The same code without the mistake.
    pub good: &'static str,
    /// The check.
    pub check: Check,
}

/// What a lint checks at a time.
#[derive(Clone, Copy)]
pub enum Check {
    /// One function.
    Function(fn(Code<'_>, &mut Vec<Diagnostic>)),
    /// The whole program.
    Program(fn(&Program, &mut Vec<Diagnostic>)),
    /// One file.
    File(fn(&Program, usize, &mut Vec<Diagnostic>)),
}
