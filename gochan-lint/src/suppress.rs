//! `// gochan-lint: allow(id) reason` in the source.
//!
//! Such a comment speaks for its own line, or, if it stands alone, for the line below. `allow-file` speaks for the file.

use crate::diagnostic::Diagnostic;
use crate::source::{SourceFile, Span};

/// A comment that allows something.
#[derive(Debug, Clone)]
pub struct Suppression {
    id: String,
    /// The line it speaks for; none: all.
    line: Option<u32>,
    /// The comment.
    pub span: Span,
    /// It has kept something from being reported.
    pub used: bool,
    /// What is wrong with it.
    pub mistake: Option<String>,
}

const MARK: &str = "gochan-lint:";

/// All such comments of a file.
#[must_use]
pub fn find(source: &SourceFile) -> Vec<Suppression> {
    let mut found = Vec::new();
    for (at, _) in source.text.match_indices(MARK) {
        let line = source.position(at as u32).line;
        let text = source.line(line);
        let column = at - (source.text[..at].rfind('\n').map_or(0, |before| before + 1));
        let Some(slashes) = text[..column].rfind("//") else { continue };
        if !text[slashes + 2..column].trim().is_empty() {
            continue;
        }
        let alone = text[..slashes].trim().is_empty();
        let start = (at - column + slashes) as u32;
        let span = Span { start, end: start + (text.len() - slashes) as u32 };
        let speaks_for = if alone { next_code_line(source, line) } else { line };
        found.extend(parse(text[column + MARK.len()..].trim(), span, speaks_for));
    }
    found
}

fn next_code_line(source: &SourceFile, line: u32) -> u32 {
    let last = source.line_count() as u32;
    (line + 1..=last)
        .find(|&next| {
            let text = source.line(next).trim();
            !text.is_empty() && !text.starts_with("//")
        })
        .unwrap_or(line)
}

fn parse(text: &str, span: Span, line: u32) -> Vec<Suppression> {
    let mistake = |message: &str| {
        vec![Suppression {
            id: String::new(),
            line: None,
            span,
            used: false,
            mistake: Some(message.to_owned()),
        }]
    };
    let (whole_file, rest) = match (text.strip_prefix("allow-file("), text.strip_prefix("allow(")) {
        (Some(rest), _) => (true, rest),
        (None, Some(rest)) => (false, rest),
        _ => return mistake("write `gochan-lint: allow(id) reason`"),
    };
    let Some((ids, reason)) = rest.split_once(')') else {
        return mistake("the `)` after the lint's id is missing");
    };
    if reason.trim().is_empty() {
        return mistake("say after the `)` why this is allowed here");
    }
    let one = |id: &str| {
        let id = id.trim().to_owned();
        let unknown = crate::lints::find(&id).is_none().then(|| format!("there is no lint `{id}`"));
        Suppression { id, line: (!whole_file).then_some(line), span, used: false, mistake: unknown }
    };
    ids.split(',').map(one).collect()
}

/// Keeps what no comment of the file allows.
pub fn filter(source: &SourceFile, comments: &mut [Suppression], found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut kept = Vec::new();
    for diagnostic in found {
        let line = source.position(diagnostic.span.start).line;
        let mut allowed = false;
        for comment in comments.iter_mut() {
            let speaks = comment.mistake.is_none()
                && comment.id == diagnostic.lint
                && comment.line.is_none_or(|spoken_for| spoken_for == line);
            comment.used |= speaks;
            allowed |= speaks;
        }
        if !allowed {
            kept.push(diagnostic);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<(String, Option<u32>, bool)> {
        let source = SourceFile::new("x.rs".into(), text.to_owned());
        find(&source).into_iter().map(|found| (found.id, found.line, found.mistake.is_some())).collect()
    }

    #[test]
    fn a_comment_speaks_for_its_line_or_the_next_with_code() {
        assert_eq!(
            lines("f(); // gochan-lint: allow(double_close) once in a test\n"),
            [("double_close".to_owned(), Some(1), false)]
        );
        assert_eq!(
            lines("// gochan-lint: allow(double_close, lost_cancel) why\n// more\n\nf();\n"),
            [("double_close".to_owned(), Some(4), false), ("lost_cancel".to_owned(), Some(4), false)]
        );
        assert_eq!(
            lines("// gochan-lint: allow-file(double_close) generated\n"),
            [("double_close".to_owned(), None, false)]
        );
    }

    #[test]
    fn mistakes_in_comments_are_noticed() {
        assert!(lines("// gochan-lint: allow(double_close)\n")[0].2, "no reason");
        assert!(lines("// gochan-lint: alow(double_close) x\n")[0].2);
        assert!(lines("// gochan-lint: allow(no_such) x\n")[0].2);
        assert!(lines("let x = \"gochan-lint: allow(x)\";\n").is_empty());
    }
}
