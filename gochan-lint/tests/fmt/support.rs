//! Texts in, texts out.

use gochan_lint::fmt::{Formatted, Job, Mode, format};
use std::path::{Path, PathBuf};

/// The folder of the repository.
pub(super) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

pub(super) fn job(path: PathBuf, text: String) -> Job {
    let folder = repository().to_owned();
    Job { path, folder, text, edition: "2024".to_owned(), gochan: "gochan".to_owned() }
}

/// The insides of the macros of many texts, formatted.
pub(super) fn formatted(jobs: &[Job]) -> Vec<Formatted> {
    format(jobs, Mode::Macros).unwrap()
}

/// A text of statements, each formatted as the body of a function, in a file that imports gochan.
pub(super) fn statements(text: &str) -> String {
    inside("use gochan::prelude::*;\n\nfn f() {\n", text)
}

/// The same after another start of a file.
pub(super) fn inside(start: &str, text: &str) -> String {
    let indented = |text: &str| -> String {
        text.lines()
            .map(|line| if line.is_empty() { "\n".to_owned() } else { format!("    {line}\n") })
            .collect()
    };
    let whole = format!("{start}{}}}\n", indented(text));
    let all = formatted(&[job("statements.rs".into(), whole)]).remove(0).unwrap();
    let body = all.strip_prefix(start).unwrap().strip_suffix("}\n").unwrap();
    body.lines().map(|line| format!("{}\n", line.strip_prefix("    ").unwrap_or(line))).collect()
}

/// Checks that each text becomes the one after it, and that this one stays as it is.
#[track_caller]
pub(super) fn becomes(before: &str, after: &str) {
    let (before, after) = (format!("{}\n", before.trim()), format!("{}\n", after.trim()));
    assert_eq!(statements(&before), after);
    assert_eq!(statements(&after), after, "not at rest");
}

#[track_caller]
pub(super) fn stays(text: &str) {
    becomes(text, text);
}

/// The text without what rustfmt adds or removes with the layout.
pub(super) fn essence(text: &str) -> String {
    text.chars().filter(|char| !char.is_whitespace() && !",;(){}[]".contains(*char)).collect()
}

/// The Rust files below a folder.
pub(super) fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}
