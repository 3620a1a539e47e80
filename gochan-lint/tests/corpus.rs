//! Every program of `tests/corpus` is linted, and each finding must stand where a comment expects it: `//~ id` at the
//! end of the line. Programs without such comments are clean.
//!
//! The programs of `tests/corpus` are files, in a folder for each lint. Those of `tests/programs` are folders of files
//! that are linked together: they are about names, types and effects that cross files and crates.

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

/// A file of a crate.
struct Source {
    path: PathBuf,
    text: String,
    package: usize,
}

/// What the lints find in files that are linked together, for each of them.
fn found(sources: &[&Source], packages: &[String]) -> Vec<Places> {
    let units = sources.iter().map(|source| {
        // The marks are no part of the program.
        let unmarked =
            source.text.lines().map(|line| format!("{}\n", line.split("//~").next().unwrap_or(line)));
        let text = unmarked.collect::<String>();
        let file = read::read(&text, Some("gochan"))
            .unwrap_or_else(|error| panic!("{}: {error:?}", source.path.display()));
        Unit { source: SourceFile::new(source.path.clone(), text), file, package: source.package }
    });
    let program = Program::link(units.collect(), packages);
    let mut places = vec![Places::new(); sources.len()];
    for found in lints::run(&program, |_| true) {
        let line = program.units[found.unit].source.position(found.span.start).line;
        places[found.unit].insert((line, found.lint.to_owned()));
    }
    places
}

/// The differences between what a file expects and what was found in it, as text.
fn differences(source: &Source, found: &Places) -> String {
    let expected = expected(&source.text);
    let shown = source.path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().display();
    let missed = expected.difference(found).map(|(line, id)| format!("{shown}:{line}: missed {id}\n"));
    let wrong = found.difference(&expected).map(|(line, id)| format!("{shown}:{line}: false {id}\n"));
    missed.chain(wrong).collect()
}

fn entries(path: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        path.read_dir().expect("the corpus is there").map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

fn tests() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests"))
}

fn programs() -> BTreeMap<String, Vec<PathBuf>> {
    entries(&tests().join("corpus")).iter().map(|folder| (name(folder), entries(folder))).collect()
}

#[test]
fn every_finding_is_expected_and_every_expectation_found() {
    let mut wrong = String::new();
    for path in programs().into_values().flatten() {
        let source = Source { text: std::fs::read_to_string(&path).unwrap(), path, package: 0 };
        wrong += &differences(&source, &found(&[&source], &["corpus".to_owned()])[0]);
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// The files below `folder`, which belong to one crate.
fn sources(folder: &Path, package: usize, found: &mut Vec<Source>) {
    for path in entries(folder) {
        if path.is_dir() {
            sources(&path, package, found);
        } else {
            found.push(Source { text: std::fs::read_to_string(&path).unwrap(), path, package });
        }
    }
}

/// The crates of a program and their names: its folders, or all of it if there is a file beside them.
fn crates(program: &Path) -> (Vec<Source>, Vec<String>) {
    let mut all = Vec::new();
    if entries(program).iter().any(|path| path.is_file()) {
        sources(program, 0, &mut all);
        return (all, vec![name(program)]);
    }
    let folders = entries(program);
    folders.iter().enumerate().for_each(|(package, folder)| sources(folder, package, &mut all));
    (all, folders.iter().map(|folder| name(folder)).collect())
}

#[test]
fn findings_across_files_are_expected_and_every_expectation_found() {
    let mut wrong = String::new();
    let mut programs = 0;
    for program in entries(&tests().join("programs")) {
        let (sources, packages) = crates(&program);
        let together = found(&sources.iter().collect::<Vec<_>>(), &packages);
        for (source, found) in sources.iter().zip(&together) {
            wrong += &differences(source, found);
        }
        let alone: Vec<Places> = sources.iter().flat_map(|source| found(&[source], &packages)).collect();
        assert_ne!(alone, together, "{}: no finding needs a second file", program.display());
        programs += 1;
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(programs >= 5, "{programs} programs");
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
