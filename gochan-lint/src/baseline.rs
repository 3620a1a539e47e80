//! `--baseline FILE`: findings that were there when the linter was adopted are not reported.
//!
//! The file counts findings by lint, file and the text of their line, so code can move without its findings becoming
//! new.

use crate::run::Outcome;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

const HEAD: &str =
    "# What cargo gochan-lint knows already: count, lint, file, line. Written by --update-baseline.\n";

/// Removes the findings that the file lists, and returns how many there were. Writes the file first if it does not
/// exist, or if `renew` is set.
///
/// # Errors
/// If the file cannot be read, written or understood.
pub fn apply(path: &Path, outcome: &mut Outcome, renew: bool) -> Result<usize, String> {
    if renew || !path.exists() {
        std::fs::write(path, write(outcome)).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut known =
        parse(&text).map_err(|line| format!("{}:{line}: not a line of a baseline", path.display()))?;
    let keys: Vec<String> = (0..outcome.findings.len()).map(|index| key(outcome, index)).collect();
    let before = keys.len();
    let mut keys = keys.into_iter();
    outcome.findings.retain(|_| {
        let left = keys.next().and_then(|key| known.get_mut(&key));
        match left {
            Some(left) if *left > 0 => {
                *left -= 1;
                false
            }
            _ => true,
        }
    });
    Ok(before - outcome.findings.len())
}

/// Identifies a finding independently of where its line is in the file.
fn key(outcome: &Outcome, index: usize) -> String {
    let diagnostic = &outcome.findings[index].1;
    let source = &outcome.program.units[diagnostic.unit].source;
    let line = source.line(source.position(diagnostic.span.start).line).trim();
    let path = source.path.to_string_lossy().replace('\\', "/");
    format!("{}\t{path}\t{}", diagnostic.lint, line.replace('\t', " "))
}

fn write(outcome: &Outcome) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for index in 0..outcome.findings.len() {
        *counts.entry(key(outcome, index)).or_default() += 1;
    }
    let mut text = HEAD.to_owned();
    for (key, count) in counts {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{count}\t{key}");
    }
    text
}

fn parse(text: &str) -> Result<BTreeMap<String, usize>, usize> {
    let lines = text.lines().zip(1..).filter(|(line, _)| !line.is_empty() && !line.starts_with('#'));
    let entry = |(line, number): (&str, usize)| {
        let (count, key) = line.split_once('\t').ok_or(number)?;
        Ok((key.to_owned(), count.parse().map_err(|_| number)?))
    };
    lines.map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counts_and_keys() {
        let known = parse("# head\n2\tmissing_call\tsrc/a.rs\tgo!(f);\n").unwrap();
        assert_eq!(known["missing_call\tsrc/a.rs\tgo!(f);"], 2);
        assert_eq!(parse("1\ta\nnonsense\n"), Err(2));
    }
}
