//! The report for people: the source with its labels, and what to do.

use super::finding::{Finding, Style};
use crate::diagnostic::Level;
use crate::source::Span;
use annotate_snippets::{AnnotationKind, Group, Level as Title, Patch, Renderer, Snippet};
use std::ops::Range;

pub(super) fn render(findings: &[Finding<'_>], style: Style) -> String {
    let renderer = match style {
        Style::Coloured => Renderer::styled(),
        Style::Plain => Renderer::plain(),
    };
    findings.iter().map(|finding| format!("{}\n\n", one(finding, &renderer))).collect()
}

fn range(span: Span) -> Range<usize> {
    span.start as usize..(span.end as usize).max(span.start as usize)
}

fn one(finding: &Finding<'_>, renderer: &Renderer) -> String {
    let diagnostic = finding.diagnostic;
    let path = finding.source.path.display().to_string();
    let text = &*finding.source.text;
    let title = if finding.level >= Level::Deny { Title::ERROR } else { Title::WARNING };
    let mut snippet = Snippet::source(text)
        .path(&path)
        .annotation(AnnotationKind::Primary.span(range(diagnostic.span)).label(&diagnostic.label));
    for (span, note) in &diagnostic.notes {
        snippet = snippet.annotation(AnnotationKind::Context.span(range(*span)).label(note));
    }
    let message = format!("{} [{}]", diagnostic.message, diagnostic.lint);
    let mut group = Group::with_title(title.primary_title(message)).element(snippet);
    if let Some(help) = &diagnostic.help {
        group = group.element(Title::HELP.message(help));
    }
    let mut report = vec![group];
    if let Some(fix) = &diagnostic.fix {
        let patches = fix.edits.iter().map(|(span, new)| Patch::new(range(*span), new));
        let title = Title::HELP.secondary_title(fix.title.as_str());
        report.push(Group::with_title(title).element(Snippet::source(text).path(&path).patches(patches)));
    }
    renderer.render(&report)
}
