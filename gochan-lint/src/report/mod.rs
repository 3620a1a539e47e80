//! Saying what was found, in the form that was asked for.

mod github;
mod human;
mod json;
mod sarif;
mod short;

use crate::diagnostic::{Diagnostic, Level};
use crate::source::SourceFile;

/// A finding with what a report needs beside it.
#[derive(Debug)]
pub struct Finding<'a> {
    /// What was found.
    pub diagnostic: &'a Diagnostic,
    /// How it is reported.
    pub level: Level,
    /// Where.
    pub source: &'a SourceFile,
    /// The package.
    pub package: &'a str,
}

/// In what form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// As rustc does, with the source.
    Human,
    /// A line each.
    Short,
    /// cargo's messages, one JSON object a line.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Annotations of GitHub's workflows.
    Github,
}

/// The whole report. `colour` is for people only; of what could not be read only SARIF tells in the same document.
#[must_use]
pub fn render(
    format: Format,
    findings: &[Finding<'_>],
    broken: &[crate::run::Broken],
    colour: bool,
) -> String {
    match format {
        Format::Human => human::render(findings, colour),
        Format::Short => findings.iter().map(short::line).collect(),
        Format::Json => findings.iter().map(json::line).collect(),
        Format::Sarif => sarif::render(findings, broken),
        Format::Github => findings.iter().map(github::line).collect(),
    }
}

/// A file that could not be linted, in cargo's form.
#[must_use]
pub fn json_broken(broken: &crate::run::Broken) -> String {
    json::broken(broken)
}

/// The same as an annotation.
#[must_use]
pub fn github_broken(broken: &crate::run::Broken) -> String {
    github::broken(broken)
}

fn word(level: Level) -> &'static str {
    if level >= Level::Deny { "error" } else { "warning" }
}
