//! The report, in the requested format.

mod finding;
mod github;
mod human;
mod json;
mod sarif;
mod short;

pub use finding::{Finding, Format, Style};

use crate::run::Broken;

/// The whole report. The style affects `Format::Human` only; files that could not be read are part of SARIF documents
/// only.
#[must_use]
pub fn render(format: Format, findings: &[Finding<'_>], broken: &[Broken], style: Style) -> String {
    match format {
        Format::Human => human::render(findings, style),
        Format::Short => findings.iter().map(short::line).collect(),
        Format::Json => findings.iter().map(json::line).collect(),
        Format::Sarif => sarif::render(findings, broken),
        Format::Github => findings.iter().map(github::line).collect(),
    }
}

/// A file that could not be linted, in cargo's form.
#[must_use]
pub fn json_broken(broken: &Broken) -> String {
    json::broken(broken)
}

/// The same as an annotation for GitHub.
#[must_use]
pub fn github_broken(broken: &Broken) -> String {
    github::broken(broken)
}
