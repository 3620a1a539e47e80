use super::*;
use crate::link::{Program, Unit};
use crate::source::SourceFile;

/// The findings in a piece of code, which is put into a function.
pub(crate) fn findings(code: &str) -> Vec<(&'static str, String)> {
    let text = format!("use gochan::prelude::*;\nfn example() {{\n{code}\n}}\n");
    findings_in(text)
}

pub(crate) fn findings_in(text: String) -> Vec<(&'static str, String)> {
    let file = crate::read::read(&text, Some("gochan")).unwrap_or_else(|error| panic!("{error:?}\n{text}"));
    let unit = Unit { source: SourceFile::new("example.rs".into(), text), file, package: 0 };
    let program = Program::link(vec![unit], &["example".to_owned()]);
    run(&program, |_| true)
        .into_iter()
        .map(|found| (found.lint, program.units[0].source.snippet(found.span).to_owned()))
        .collect()
}

#[test]
fn every_lint_finds_its_bad_example_and_nothing_in_its_good_one() {
    let mut wrong = String::new();
    for lint in ALL {
        let bad = findings(lint.bad);
        if !bad.iter().any(|(id, _)| *id == lint.id) {
            wrong += &format!("{}: nothing found in\n{}\n", lint.id, lint.bad);
        }
        let good = findings(lint.good);
        if !good.is_empty() {
            wrong += &format!("{}: {good:?} in\n{}\n", lint.id, lint.good);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn ids_are_sorted_and_unique() {
    assert!(ALL.is_sorted_by(|a, b| a.id < b.id));
}

/// A lint needs a `mod` and an entry in [`ALL`]; without the latter its file would compile and check nothing.
#[test]
fn every_file_here_is_a_lint_of_its_name_that_is_listed() {
    const OTHERS: [&str; 4] = ["lint", "mod", "prelude", "tests"];
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lints");
    let files = folder.read_dir().unwrap().map(|entry| entry.unwrap().path());
    let stems = files.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned());
    let mut files: Vec<String> = stems.filter(|stem| !OTHERS.contains(&stem.as_str())).collect();
    files.sort();
    let ids: Vec<&str> = ALL.iter().map(|lint| lint.id).collect();
    assert_eq!(files, ids, "a file in src/lints that lints::ALL does not list, or the other way round");
}
