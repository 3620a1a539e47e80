//! Every program of `tests/corpus` is linted, and each finding must stand where a comment expects it: `//~ id` at the
//! end of the line. Programs without such comments are clean.

use gochan_lint::link::{Program, Unit};
use gochan_lint::source::SourceFile;
use gochan_lint::{lints, read};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

type Places = BTreeSet<(u32, String)>;

fn expected(text: &str) -> Places {
    let mut places = Places::new();
    for (line, number) in text.lines().zip(1..) {
        if let Some((_, marks)) = line.split_once("//~") {
            places.extend(marks.split_whitespace().map(|id| (number, id.to_owned())));
        }
    }
    places
}

fn found(path: &Path, text: &str) -> Places {
    // The marks are no part of the program.
    let unmarked = text.lines().map(|line| format!("{}\n", line.split("//~").next().unwrap_or(line)));
    let text = unmarked.collect::<String>();
    let text = text.as_str();
    let file =
        read::read(text, Some("gochan")).unwrap_or_else(|error| panic!("{}: {error:?}", path.display()));
    let unit = Unit { source: SourceFile::new(path.to_owned(), text.to_owned()), file, package: 0 };
    let program = Program::link(vec![unit], &["corpus".to_owned()]);
    let source = &program.units[0].source;
    let places = lints::run(&program, |_| true).into_iter();
    places.map(|found| (source.position(found.span.start).line, found.lint.to_owned())).collect()
}

fn programs() -> BTreeMap<String, Vec<PathBuf>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let entries = |path: &Path| {
        let mut paths: Vec<PathBuf> =
            path.read_dir().expect("the corpus is there").map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
    };
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    entries(&root).iter().map(|folder| (name(folder), entries(folder))).collect()
}

#[test]
fn every_finding_is_expected_and_every_expectation_found() {
    let mut wrong = String::new();
    for path in programs().into_values().flatten() {
        let text = std::fs::read_to_string(&path).unwrap();
        let (expected, found) = (expected(&text), found(&path, &text));
        let shown = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().display();
        for (line, id) in expected.difference(&found) {
            wrong += &format!("{shown}:{line}: missed {id}\n");
        }
        for (line, id) in found.difference(&expected) {
            wrong += &format!("{shown}:{line}: false {id}\n");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn every_lint_has_programs_with_and_without_findings() {
    let programs = programs();
    for lint in lints::ALL {
        let of_lint = programs.get(lint.id).map_or(&[][..], Vec::as_slice);
        let texts = of_lint.iter().map(|path| expected(&std::fs::read_to_string(path).unwrap()));
        let (bad, good): (Vec<_>, Vec<_>) =
            texts.partition(|places| places.iter().any(|(_, id)| id == lint.id));
        assert!(!bad.is_empty() && !good.is_empty(), "{}: {} bad, {} good", lint.id, bad.len(), good.len());
    }
    let total: usize = programs.values().map(Vec::len).sum();
    assert!(total >= 150, "{total} programs");
}
