//! What the lints say of code that does not use gochan, read as though it did, each folder as one crate:
//! `cargo run --release -p gochan-lint --example clean_corpus -- DIR …`. Every finding is a false alarm.

use gochan_lint::link::{Program, Unit};
use gochan_lint::source::SourceFile;
use gochan_lint::{lints, read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn files(path: &Path, found: &mut Vec<PathBuf>) {
    if path.is_dir() {
        let entries = path.read_dir().into_iter().flatten().flatten();
        entries.for_each(|entry| files(&entry.path(), found));
    } else if path.extension().is_some_and(|extension| extension == "rs") {
        found.push(path.to_owned());
    }
}

fn main() -> ExitCode {
    let (mut crates, mut lines, mut findings) = (0, 0, 0);
    for folder in std::env::args().skip(1) {
        let mut paths = Vec::new();
        files(Path::new(&folder), &mut paths);
        let unit = |path: PathBuf| {
            let text = std::fs::read_to_string(&path).ok()?;
            let file = read::read(&text, Some("gochan")).ok()?;
            Some(Unit { source: SourceFile::new(path, text), file, package: 0 })
        };
        let units: Vec<Unit> = paths.into_iter().filter_map(unit).collect();
        crates += 1;
        lines += units.iter().map(|unit| unit.source.text.lines().count()).sum::<usize>();
        let program = Program::link(units, &["corpus".to_owned()]);
        for found in lints::run(&program, |_| true) {
            let source = &program.units[found.unit].source;
            let place = source.position(found.span.start);
            println!(
                "{}:{}:{}: {}: {}",
                source.path.display(),
                place.line,
                place.column,
                found.lint,
                found.message
            );
            findings += 1;
        }
    }
    println!("{crates} crates, {lines} lines, {findings} findings");
    ExitCode::from(u8::from(findings > 0))
}
