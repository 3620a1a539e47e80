//! Annotations that GitHub shows next to the lines of a change.

use super::finding::{Finding, word};

pub(super) fn line(finding: &Finding<'_>) -> String {
    let (start, end) = (
        finding.source.position(finding.diagnostic.span.start),
        finding.source.position(finding.diagnostic.span.end),
    );
    let help = finding.diagnostic.help.as_ref().map_or(String::new(), |help| format!("\n{help}"));
    format!(
        "::{} file={},line={},endLine={},col={},endColumn={},title={}::{}\n",
        word(finding.level),
        property(&finding.source.path.display().to_string()),
        start.line,
        end.line,
        start.column,
        end.column,
        property(&format!("gochan-lint {}", finding.diagnostic.lint)),
        data(&format!("{}{help}", finding.diagnostic.message)),
    )
}

pub(super) fn broken(broken: &crate::run::Broken) -> String {
    let (line, column) = broken.place.unwrap_or((1, 1));
    let path = property(&broken.path.display().to_string());
    let message = data(&format!("not linted: {}", broken.message));
    format!("::error file={path},line={line},col={column},title=gochan-lint::{message}\n")
}

/// Escapes the characters that GitHub requires in a message.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes the characters that GitHub requires in a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
