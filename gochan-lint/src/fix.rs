//! Applies the automatic fixes.

use crate::run::Outcome;
use crate::source::Span;
use std::collections::BTreeMap;
use std::path::Path;

/// Applies the fixes of all findings, and returns how many were applied. Of two that overlap, the first is applied.
///
/// # Errors
/// If a file cannot be written, or has changed since it was read.
pub fn apply(root: &Path, outcome: &Outcome) -> Result<usize, String> {
    let mut by_unit: BTreeMap<usize, Vec<&[(Span, String)]>> = BTreeMap::new();
    for (_, diagnostic) in &outcome.findings {
        if let Some(fix) = &diagnostic.fix {
            by_unit.entry(diagnostic.unit).or_default().push(&fix.edits);
        }
    }
    let mut count = 0;
    for (unit, fixes) in by_unit {
        let source = &outcome.program.units[unit].source;
        let path = root.join(&source.path);
        let now = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        if *now != *source.text {
            return Err(format!("{} has changed meanwhile; nothing was fixed in it", source.path.display()));
        }
        let (text, applied) = edit(&now, &fixes);
        std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        count += applied;
    }
    Ok(count)
}

/// Applies whole fixes only, from the end of the text to its beginning.
pub fn edit(text: &str, fixes: &[&[(Span, String)]]) -> (String, usize) {
    let mut taken: Vec<(Span, &str)> = Vec::new();
    let mut applied = 0;
    for fix in fixes {
        let overlaps = fix.iter().any(|(span, _)| {
            taken.iter().any(|(other, _)| span.start < other.end && other.start < span.end || span == other)
        });
        if !overlaps {
            taken.extend(fix.iter().map(|(span, new)| (*span, new.as_str())));
            applied += 1;
        }
    }
    taken.sort_unstable_by_key(|(span, _)| std::cmp::Reverse(*span));
    let mut text = text.to_owned();
    for (span, new) in taken {
        text.replace_range(span.start as usize..span.end as usize, new);
    }
    (text, applied)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixes_that_overlap_are_applied_once() {
        let at = |start, end, new: &str| (Span { start, end }, new.to_owned());
        let (a, b, c) = ([at(0, 1, "X")], [at(4, 4, "()")], [at(0, 2, "Y")]);
        assert_eq!(edit("abcd", &[&a, &b, &c]), ("Xbcd()".to_owned(), 2));
    }
}
