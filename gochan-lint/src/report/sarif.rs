//! SARIF 2.1.0, the format of code-scanning services.
//!
//! By hand: the crate with its types (`serde-sarif`) generates them at build time, with a second `syn` and a schema
//! compiler, which would take longer to build than this command.

use super::finding::{Finding, word};
use crate::diagnostic::Level;
use crate::filter::UNUSED;
use crate::lints;
use crate::run::Broken;
use serde_json::{Value, json};
use std::path::Path;

pub(super) fn render(findings: &[Finding<'_>], broken: &[Broken]) -> String {
    let rules = lints::ALL.iter().map(|lint| {
        let level = if lint.level == Level::Allow { "none" } else { word(lint.level) };
        json!({
            "id": lint.id,
            "shortDescription": { "text": lint.summary },
            "fullDescription": { "text": lint.explanation },
            "defaultConfiguration": { "level": level, "enabled": lint.level > Level::Allow },
        })
    });
    let unused = json!({
        "id": UNUSED,
        "shortDescription": { "text": "a comment that allows what is not reported there, or is not understood" },
    });
    let notifications = broken.iter().map(|broken| {
        let (line, column) = broken.place.unwrap_or((1, 1));
        json!({
            "level": "error",
            "message": { "text": format!("not linted: {}", broken.message) },
            "locations": [{ "physicalLocation": {
                "artifactLocation": { "uri": uri(&broken.path) },
                "region": { "startLine": line, "startColumn": column },
            }}],
        })
    });
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "gochan-lint",
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules.chain([unused]).collect::<Vec<_>>(),
            }},
            "invocations": [{
                "executionSuccessful": broken.is_empty(),
                "toolExecutionNotifications": notifications.collect::<Vec<_>>(),
            }],
            "columnKind": "unicodeCodePoints",
            "results": findings.iter().map(result).collect::<Vec<_>>(),
        }],
    });
    format!("{log:#}\n")
}

fn result(finding: &Finding<'_>) -> Value {
    let diagnostic = finding.diagnostic;
    let (start, end) =
        (finding.source.position(diagnostic.span.start), finding.source.position(diagnostic.span.end));
    // The rule after the lints is the one for comments.
    let index = lints::ALL.iter().position(|lint| lint.id == diagnostic.lint).unwrap_or(lints::ALL.len());
    json!({
        "ruleId": diagnostic.lint,
        "ruleIndex": index,
        "level": word(finding.level),
        "message": { "text": diagnostic.message },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": uri(&finding.source.path) },
            "region": {
                "startLine": start.line, "startColumn": start.column,
                "endLine": end.line, "endColumn": end.column,
            },
        }}],
    })
}

/// A path as a URI reference: reserved and non-ASCII characters are percent-encoded.
fn uri(path: &Path) -> String {
    let mut uri = String::new();
    for byte in path.to_string_lossy().replace('\\', "/").bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                uri.push(byte.into());
            }
            byte => uri += &format!("%{byte:02X}"),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::uri;
    use std::path::Path;

    #[test]
    fn a_path_is_a_reference() {
        assert_eq!(uri(Path::new("src/main.rs")), "src/main.rs");
        assert_eq!(uri(Path::new("odd name/ü%.rs")), "odd%20name/%C3%BC%25.rs");
    }
}
