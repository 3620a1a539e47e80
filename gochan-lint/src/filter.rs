//! Levels and comments: which findings are reported, and as what.

use crate::diagnostic::{Diagnostic, Level};
use crate::hosts::Hosts;
use crate::levels::Levels;
use crate::link::Program;
use crate::source::Span;
use crate::suppress::{self, Suppression};

/// The id that mistakes in comments are reported under.
pub const UNUSED: &str = "unused_allow";

/// Applies levels and comments.
#[must_use]
pub fn filter(
    program: &Program,
    levels: &[Levels],
    hosts: &Hosts,
    found: Vec<Diagnostic>,
) -> Vec<(Level, Diagnostic)> {
    let mut by_unit: Vec<Vec<Diagnostic>> = program.units.iter().map(|_| Vec::new()).collect();
    for diagnostic in found {
        let unit = &program.units[diagnostic.unit];
        let levels = levels[unit.package].for_file(&unit.source.path);
        if levels.of(diagnostic.lint) > Level::Allow {
            by_unit[diagnostic.unit].push(diagnostic);
        }
    }
    let mut kept = Vec::new();
    for (index, found) in by_unit.into_iter().enumerate() {
        // The findings of a block are reported with its file, whose comments apply once.
        if hosts.file_of(index) != index {
            continue;
        }
        let unit = &program.units[index];
        let levels = levels[unit.package].for_file(&unit.source.path);
        let mut comments = suppress::find(&unit.source);
        let (forbidden, others): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|found| levels.of(found.lint) == Level::Forbid);
        let mut reported = suppress::filter(&unit.source, &mut comments, others);
        reported.extend(forbidden);
        // In a Markdown file such comments are examples.
        let shows = unit.source.path.extension().is_some_and(|extension| extension == "md");
        let complaints = comments.iter().filter_map(|comment| complaint(index, comment, levels));
        reported.extend(complaints.filter(|_| !shows));
        reported.sort_by_key(|found| (found.span, found.lint));
        kept.extend(reported.into_iter().map(|found| {
            let level = if found.lint == UNUSED { Level::Warn } else { levels.of(found.lint) };
            (level, found)
        }));
    }
    kept.sort_by(|(_, a): &(Level, Diagnostic), (_, b)| {
        let path = |found: &Diagnostic| &program.units[found.unit].source.path;
        (path(a), a.span, a.lint).cmp(&(path(b), b.span, b.lint))
    });
    kept
}

fn complaint(unit: usize, comment: &Suppression, levels: &Levels) -> Option<Diagnostic> {
    let (message, help) = match &comment.mistake {
        Some(mistake) => (mistake.clone(), "the form is `// gochan-lint: allow(id) reason`"),
        None if comment.used || crate::lints::NARROWED.contains(&comment.id.as_str()) => return None,
        None => match levels.of(&comment.id) {
            // The comment is needed again once the lint is turned on.
            Level::Allow => return None,
            Level::Forbid => {
                (format!("`{}` is forbidden, and no comment allows it", comment.id), "remove this")
            }
            Level::Warn | Level::Deny => ("this allows what is not reported here".to_owned(), "remove it"),
        },
    };
    let span: Span = comment.span;
    Some(Diagnostic::new(UNUSED, unit, span, message).help(help))
}
