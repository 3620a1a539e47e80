//! cargo's `compiler-message`, one object per line, which editors read when the linter replaces `cargo check`.

use super::finding::{Finding, Style, word};
use crate::source::{SourceFile, Span};
use serde_json::{Value, json};

pub(super) fn line(finding: &Finding<'_>) -> String {
    let diagnostic = finding.diagnostic;
    let source = finding.source;
    let mut spans = vec![span(source, diagnostic.span, Rank::Primary, &diagnostic.label, None)];
    spans.extend(diagnostic.notes.iter().map(|(at, note)| span(source, *at, Rank::Secondary, note, None)));
    let mut children = Vec::new();
    if let Some(help) = &diagnostic.help {
        children.push(child(help, Vec::new()));
    }
    if let Some(fix) = &diagnostic.fix {
        let edits = fix.edits.iter().map(|(at, new)| span(source, *at, Rank::Primary, "", Some(new)));
        children.push(child(&fix.title, edits.collect()));
    }
    let rendered = super::human::render(std::slice::from_ref(finding), Style::Plain);
    let message = json!({
        "reason": "compiler-message",
        "package_id": finding.package,
        "target": { "name": finding.package, "kind": ["lib"], "src_path": source.path },
        "message": {
            "$message_type": "diagnostic",
            "message": diagnostic.message,
            "code": { "code": diagnostic.lint, "explanation": Value::Null },
            "level": word(finding.level),
            "spans": spans,
            "children": children,
            "rendered": rendered,
        },
    });
    format!("{message}\n")
}

/// A file that could not be parsed, as an error without a lint.
pub(super) fn broken(broken: &crate::run::Broken) -> String {
    let (line, column) = broken.place.unwrap_or((1, 1));
    let package = &broken.package;
    let rendered =
        format!("error: {}:{line}:{column}: not linted: {}\n", broken.path.display(), broken.message);
    let message = json!({
        "reason": "compiler-message",
        "package_id": package,
        "target": { "name": package, "kind": ["lib"], "src_path": broken.path },
        "message": {
            "$message_type": "diagnostic",
            "message": format!("not linted: {}", broken.message),
            "code": Value::Null,
            "level": "error",
            "spans": [{
                "file_name": broken.path,
                "byte_start": broken.byte,
                "byte_end": broken.byte,
                "line_start": line,
                "line_end": line,
                "column_start": column,
                "column_end": column,
                "is_primary": true,
                "text": [],
                "label": Value::Null,
                "suggested_replacement": Value::Null,
                "suggestion_applicability": Value::Null,
                "expansion": Value::Null,
            }],
            "children": [],
            "rendered": rendered,
        },
    });
    format!("{message}\n")
}

/// Whether a span is what the message is about, or explains it.
#[derive(Clone, Copy)]
enum Rank {
    Primary,
    Secondary,
}

fn child(message: &str, spans: Vec<Value>) -> Value {
    json!({
        "message": message,
        "code": Value::Null,
        "level": "help",
        "spans": spans,
        "children": [],
        "rendered": Value::Null,
    })
}

fn span(source: &SourceFile, at: Span, rank: Rank, label: &str, replacement: Option<&str>) -> Value {
    let (start, end) = (source.position(at.start), source.position(at.end));
    let text: Vec<Value> = (start.line..=end.line)
        .map(|line| {
            let text = source.line(line);
            let first = if line == start.line { start.column } else { 1 };
            let last = if line == end.line { end.column } else { text.chars().count() as u32 + 1 };
            json!({ "text": text, "highlight_start": first, "highlight_end": last })
        })
        .collect();
    json!({
        "file_name": source.path,
        "byte_start": at.start,
        "byte_end": at.end,
        "line_start": start.line,
        "line_end": end.line,
        "column_start": start.column,
        "column_end": end.column,
        "is_primary": matches!(rank, Rank::Primary),
        "text": text,
        "label": if label.is_empty() { Value::Null } else { label.into() },
        "suggested_replacement": replacement,
        "suggestion_applicability": replacement.map(|_| "MachineApplicable"),
        "expansion": Value::Null,
    })
}
