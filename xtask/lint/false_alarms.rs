//! What the lints report in code that does not use gochan, read as though it did, each folder as one crate. Every
//! finding is a false alarm.

use crate::files;
use gochan_lint::link::{Program, Unit};
use gochan_lint::source::SourceFile;
use gochan_lint::{lints, read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

pub(crate) fn run(folders: &[PathBuf]) -> ExitCode {
    let (mut lines, mut findings) = (0, 0);
    for folder in folders {
        let units = units(folder);
        lines += units.iter().map(|unit| unit.source.text.lines().count()).sum::<usize>();
        let program = Program::link(units, &["corpus".to_owned()]);
        for found in lints::run(&program, |_| true) {
            let source = &program.units[found.unit].source;
            let place = source.position(found.span.start);
            let path = source.path.display();
            println!("{path}:{}:{}: {}: {}", place.line, place.column, found.lint, found.message);
            findings += 1;
        }
    }
    println!("{} crates, {lines} lines, {findings} findings", folders.len());
    ExitCode::from(u8::from(findings > 0))
}

/// The files of a folder that can be read and parsed.
fn units(folder: &Path) -> Vec<Unit> {
    let mut paths = Vec::new();
    files(folder, &mut paths);
    let unit = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).ok()?;
        let file = read::read(&text, Some("gochan")).ok()?;
        Some(Unit { source: SourceFile::new(path, text), file, package: 0 })
    };
    paths.into_iter().filter_map(unit).collect()
}
