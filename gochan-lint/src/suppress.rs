//! `// gochan-lint: allow(id) reason` in the source.
//!
//! Such a comment applies to its own line or, if it has a line to itself, to the line below, and past attributes to the
//! item or statement that they belong to. `allow-file` applies to the file.

use crate::diagnostic::Diagnostic;
use crate::source::{SourceFile, Span};
use std::collections::HashSet;

/// A comment that allows something.
#[derive(Debug, Clone)]
pub struct Suppression {
    /// The id of the lint.
    pub id: String,
    /// The first and the last line it applies to, or `None` for the whole file.
    lines: Option<(u32, u32)>,
    /// The place of the comment.
    pub span: Span,
    /// It has suppressed a finding.
    pub used: bool,
    /// What is wrong with it, if anything.
    pub mistake: Option<String>,
}

const MARK: &str = "gochan-lint:";

/// All such comments of a file.
#[must_use]
pub fn find(source: &SourceFile) -> Vec<Suppression> {
    let mut found = Vec::new();
    if !source.text.contains(MARK) {
        return found;
    }
    let comments = line_comments(&source.text);
    for (at, _) in source.text.match_indices(MARK) {
        let line = source.position(at as u32).line;
        let text = source.line(line);
        let column = at - (source.text[..at].rfind('\n').map_or(0, |before| before + 1));
        let Some(slashes) = text[..column].rfind("//") else { continue };
        if !text[slashes + 2..column].trim().is_empty() {
            continue;
        }
        if !comments.contains(&(at - column + slashes)) {
            continue;
        }
        let alone = text[..slashes].trim().is_empty();
        let start = (at - column + slashes) as u32;
        let span = Span { start, end: start + (text.len() - slashes) as u32 };
        let speaks_for = if alone { next_code_lines(source, line) } else { (line, line) };
        found.extend(parse(text[column + MARK.len()..].trim(), span, speaks_for));
    }
    found
}

/// Where plain `//` comments begin, outside of strings and without doc comments.
fn line_comments(text: &str) -> HashSet<usize> {
    let bytes = text.as_bytes();
    let mut found = HashSet::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let name_before = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
        if rest.starts_with(b"//") {
            let documents = rest.starts_with(b"///") || rest.starts_with(b"//!");
            if !documents {
                found.insert(at);
            }
            at += rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
        } else if rest.starts_with(b"/*") {
            let mut depth = 0;
            while at < bytes.len() {
                match &bytes[at..] {
                    [b'/', b'*', ..] => {
                        depth += 1;
                        at += 2;
                    }
                    [b'*', b'/', ..] => {
                        depth -= 1;
                        at += 2;
                    }
                    _ => at += 1,
                }
                if depth == 0 {
                    break;
                }
            }
        } else if rest[0] == b'r' && !name_before && raw_string(rest).is_some() {
            at += raw_string(rest).unwrap_or(1);
        } else if rest[0] == b'"' {
            at += 1;
            while at < bytes.len() && bytes[at] != b'"' {
                at += if bytes[at] == b'\\' { 2 } else { 1 };
            }
            at += 1;
        } else if rest.starts_with(b"'\"'") || rest.starts_with(b"'\\") {
            // A character, not a lifetime.
            at += if rest[1] == b'\\' { 4 } else { 3 };
        } else {
            at += 1;
        }
    }
    found
}

/// The length of a raw string that begins here.
fn raw_string(rest: &[u8]) -> Option<usize> {
    let hashes = rest[1..].iter().take_while(|&&byte| byte == b'#').count();
    let open = rest.get(1 + hashes).filter(|&&byte| byte == b'"').map(|_| 2 + hashes)?;
    let close: Vec<u8> = std::iter::once(b'"').chain(std::iter::repeat_n(b'#', hashes)).collect();
    let end = rest[open..].windows(close.len()).position(|window| window == close.as_slice());
    Some(end.map_or(rest.len(), |end| open + end + close.len()))
}

/// The next line with code and, if it begins an attribute, those up to the line after the attributes.
fn next_code_lines(source: &SourceFile, line: u32) -> (u32, u32) {
    let last = source.line_count() as u32;
    let mut first = None;
    let mut open = 0i32;
    for next in line + 1..=last {
        let text = source.line(next).trim();
        if open == 0 && (text.is_empty() || text.starts_with("//")) {
            continue;
        }
        let first = *first.get_or_insert(next);
        if open == 0 && !text.starts_with("#[") {
            return (first, next);
        }
        open += text.matches('[').count() as i32 - text.matches(']').count() as i32;
        // Code on the line of an attribute.
        if open <= 0 && !text.ends_with(']') {
            return (first, next);
        }
    }
    first.map_or((line, line), |first| (first, last))
}

fn parse(text: &str, span: Span, lines: (u32, u32)) -> Vec<Suppression> {
    let mistake = |message: &str| {
        vec![Suppression {
            id: String::new(),
            lines: None,
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
        Suppression { id, lines: (!whole_file).then_some(lines), span, used: false, mistake: unknown }
    };
    ids.split(',').map(one).collect()
}

/// Removes the findings that comments of the file allow.
pub fn filter(source: &SourceFile, comments: &mut [Suppression], found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut kept = Vec::new();
    for diagnostic in found {
        let line = source.position(diagnostic.span.start).line;
        let mut allowed = false;
        for comment in comments.iter_mut() {
            let speaks = comment.mistake.is_none()
                && comment.id == diagnostic.lint
                && comment.lines.is_none_or(|(first, last)| (first..=last).contains(&line));
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

    type Found = (String, Option<(u32, u32)>, bool);

    fn lines(text: &str) -> Vec<Found> {
        let source = SourceFile::new("x.rs".into(), text.to_owned());
        find(&source).into_iter().map(|found| (found.id, found.lines, found.mistake.is_some())).collect()
    }

    #[test]
    fn a_comment_speaks_for_its_line_or_the_next_with_code() {
        assert_eq!(
            lines("f(); // gochan-lint: allow(double_close) once in a test\n"),
            [("double_close".to_owned(), Some((1, 1)), false)]
        );
        assert_eq!(
            lines("// gochan-lint: allow(double_close, lost_cancel) why\n// more\n\nf();\n"),
            [
                ("double_close".to_owned(), Some((4, 4)), false),
                ("lost_cancel".to_owned(), Some((4, 4)), false)
            ]
        );
        assert_eq!(
            lines("// gochan-lint: allow-file(double_close) generated\n"),
            [("double_close".to_owned(), None, false)]
        );
    }

    #[test]
    fn a_comment_reaches_past_attributes() {
        let allowed = |text: &str| lines(text)[0].1;
        assert_eq!(allowed("// gochan-lint: allow(double_close) why\n#[inline]\nfn f() {}\n"), Some((2, 3)));
        assert_eq!(
            allowed(
                "// gochan-lint: allow(double_close) why\n#[cfg(\n  all(),\n)]\n/// Doc.\n#[test]\nfn f() {}\n"
            ),
            Some((2, 7))
        );
        assert_eq!(
            allowed("// gochan-lint: allow(double_close) why\n#[test] fn f() {}\nfn g() {}\n"),
            Some((2, 2))
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
