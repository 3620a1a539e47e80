//! One line per finding, for editors and grep.

use super::finding::{Finding, word};

pub(super) fn line(finding: &Finding<'_>) -> String {
    let place = finding.source.position(finding.diagnostic.span.start);
    format!(
        "{}:{}:{}: {}[{}]: {}\n",
        finding.source.path.display(),
        place.line,
        place.column,
        word(finding.level),
        finding.diagnostic.lint,
        finding.diagnostic.message
    )
}
