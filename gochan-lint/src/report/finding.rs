//! The parts of a report.

use crate::diagnostic::{Diagnostic, Level};
use crate::source::SourceFile;

/// A finding with the context that a report needs.
#[derive(Debug)]
pub struct Finding<'a> {
    /// What was found.
    pub diagnostic: &'a Diagnostic,
    /// Its level.
    pub level: Level,
    /// The file that it is in.
    pub source: &'a SourceFile,
    /// The package.
    pub package: &'a str,
}

/// With or without colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Text only.
    Plain,
    /// With the escape sequences of a terminal.
    Coloured,
}

/// The format of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Like rustc, with the source.
    Human,
    /// One line per finding.
    Short,
    /// Cargo's messages, one JSON object per line.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Annotations of GitHub's workflows.
    Github,
}

/// The level in rustc's words.
pub(super) fn word(level: Level) -> &'static str {
    if level >= Level::Deny { "error" } else { "warning" }
}
