//! The findings of the last run, for a workspace that has not changed since.
//!
//! The cache is in cargo's target folder. It is used only if every file that was read has the same content, no missing
//! file has been added, and the linter, the lints and the packages are the same; otherwise everything is read again. A
//! cache that cannot be read or written costs time and nothing else.

use crate::diagnostic::{Broken, Diagnostic, Fix, Unread};
use crate::ir;
use crate::link::Unit;
use crate::lints;
use crate::source::{SourceFile, Span};
use crate::workspace::Workspace;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

#[derive(Serialize, Deserialize)]
struct Stored {
    key: String,
    files: Vec<StoredFile>,
    missing: Vec<PathBuf>,
    findings: Vec<Found>,
    broken: Vec<StoredBroken>,
    unread: Vec<Unread>,
}

/// A file that could not be read or parsed, and the hash of its bytes.
#[derive(Serialize, Deserialize)]
struct StoredBroken {
    file: Broken,
    hash: Option<u64>,
}

#[derive(Serialize, Deserialize)]
struct StoredFile {
    path: PathBuf,
    package: usize,
    hash: u64,
}

/// [`Diagnostic`] as it is stored.
#[derive(Serialize, Deserialize)]
struct Found {
    lint: String,
    unit: usize,
    span: Range,
    message: String,
    label: String,
    notes: Vec<(Range, String)>,
    help: Option<String>,
    fix: Option<(String, Vec<(Range, String)>)>,
}

type Range = (u32, u32);

/// What a run depends on, apart from the files.
#[must_use]
pub fn key(parts: &[String]) -> String {
    let stamp =
        std::env::current_exe().and_then(std::fs::metadata).and_then(|exe| Ok((exe.len(), exe.modified()?)));
    format!("{} {:?} {parts:?}", env!("CARGO_PKG_VERSION"), stamp.ok())
}

fn place(target: &Path) -> PathBuf {
    target.join("gochan-lint").join("cache.json")
}

/// The sources, the findings, the broken files and what was not looked at in a run.
pub type Loaded = (Vec<Unit>, Vec<Diagnostic>, Vec<Broken>, Vec<Unread>);

/// Those of the last run, if nothing has changed.
#[must_use]
pub fn load(target: &Path, root: &Path, key: &str) -> Option<Loaded> {
    let stored: Stored = serde_json::from_slice(&std::fs::read(place(target)).ok()?).ok()?;
    if stored.key != key || stored.missing.iter().any(|path| path.exists()) {
        return None;
    }
    if stored.broken.iter().any(|broken| hash_of_file(root, &broken.file) != broken.hash) {
        return None;
    }
    let units: Option<Vec<Unit>> = stored
        .files
        .into_par_iter()
        .map(|file| {
            let text = std::fs::read_to_string(root.join(&file.path)).ok()?;
            let source = SourceFile::new(file.path, text);
            let same = hash(&source.text) == file.hash;
            same.then_some(Unit { source, file: ir::File::default(), package: file.package })
        })
        .collect();
    let findings: Option<Vec<Diagnostic>> = stored.findings.into_iter().map(restore).collect();
    let broken = stored.broken.into_iter().map(|broken| broken.file).collect();
    Some((units?, findings?, broken, stored.unread))
}

/// Stores the findings of a run.
pub fn store(
    workspace: &Workspace,
    key: String,
    units: &[Unit],
    missing: Vec<PathBuf>,
    findings: &[Diagnostic],
    (broken, unread): (&[Broken], &[Unread]),
) {
    let files = units.iter().map(|unit| StoredFile {
        path: unit.source.path.clone(),
        package: unit.package,
        hash: hash(&unit.source.text),
    });
    let broken = broken
        .iter()
        .map(|file| StoredBroken { hash: hash_of_file(&workspace.root, file), file: file.clone() });
    let (files, broken) = (files.collect(), broken.collect());
    let findings = findings.iter().map(keep).collect();
    let stored = Stored { key, files, missing, findings, broken, unread: unread.to_vec() };
    let path = place(&workspace.target);
    let Some(folder) = path.parent() else { return };
    let Ok(text) = serde_json::to_vec(&stored) else { return };
    // Of two runs at once, the later one replaces the whole file.
    let draft = folder.join(format!("cache.{}.tmp", std::process::id()));
    if std::fs::create_dir_all(folder).is_ok() && std::fs::write(&draft, text).is_ok() {
        let _ = std::fs::rename(&draft, &path);
    }
}

fn hash_of_file(root: &Path, file: &Broken) -> Option<u64> {
    let bytes = std::fs::read(root.join(&file.path)).ok()?;
    Some(hash(&String::from_utf8_lossy(&bytes)))
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

fn keep(found: &Diagnostic) -> Found {
    let range = |span: Span| (span.start, span.end);
    let all =
        |spans: &[(Span, String)]| spans.iter().map(|(span, text)| (range(*span), text.clone())).collect();
    Found {
        lint: found.lint.to_owned(),
        unit: found.unit,
        span: range(found.span),
        message: found.message.clone(),
        label: found.label.clone(),
        notes: all(&found.notes),
        help: found.help.clone(),
        fix: found.fix.as_ref().map(|fix| (fix.title.clone(), all(&fix.edits))),
    }
}

fn restore(found: Found) -> Option<Diagnostic> {
    let span = |(start, end): Range| Span { start, end };
    let all =
        |spans: Vec<(Range, String)>| spans.into_iter().map(|(range, text)| (span(range), text)).collect();
    Some(Diagnostic {
        lint: lints::find(&found.lint)?.id,
        unit: found.unit,
        span: span(found.span),
        message: found.message,
        label: found.label,
        notes: all(found.notes),
        help: found.help,
        fix: found.fix.map(|(title, edits)| Fix { title, edits: all(edits) }),
    })
}
