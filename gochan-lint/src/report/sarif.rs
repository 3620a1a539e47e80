//! SARIF 2.1.0, the format of code-scanning services.

use super::{Finding, word};
use crate::lints;
use serde_json::{Value, json};

pub(super) fn render(findings: &[Finding<'_>]) -> String {
    let rules: Vec<Value> = lints::ALL
        .iter()
        .map(|lint| {
            json!({
                "id": lint.id,
                "shortDescription": { "text": lint.summary },
                "fullDescription": { "text": lint.explanation },
            })
        })
        .collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "gochan-lint",
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules,
            }},
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
    let index = lints::ALL.iter().position(|lint| lint.id == diagnostic.lint);
    json!({
        "ruleId": diagnostic.lint,
        "ruleIndex": index,
        "level": word(finding.level),
        "message": { "text": diagnostic.message },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": finding.source.path.to_string_lossy().replace('\\', "/") },
            "region": {
                "startLine": start.line, "startColumn": start.column,
                "endLine": end.line, "endColumn": end.column,
            },
        }}],
    })
}
