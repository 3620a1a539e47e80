//! What the last run found, for a workspace that has not changed since.
//!
//! The cache lies in cargo's target folder. It is used only if every file that was read has the same content, no file
//! has come where one was looked for in vain, and linter, lints and packages are the same; otherwise everything is
//! read again. A cache that cannot be read or written costs time and nothing else.

use crate::diagnostic::{Diagnostic, Fix};
use crate::ir;
use crate::link::Unit;
use crate::lints;
use crate::source::{SourceFile, Span};
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

/// What a run depends on beside the files.
#[must_use]
pub fn key(parts: &[String]) -> String {
    let stamp =
        std::env::current_exe().and_then(std::fs::metadata).and_then(|exe| Ok((exe.len(), exe.modified()?)));
    format!("{} {:?} {parts:?}", env!("CARGO_PKG_VERSION"), stamp.ok())
}

fn place(target: &Path) -> PathBuf {
    target.join("gochan-lint").join("cache.json")
}

/// The sources and findings of the last run, if nothing has changed.
#[must_use]
pub fn load(target: &Path, root: &Path, key: &str) -> Option<(Vec<Unit>, Vec<Diagnostic>)> {
    let stored: Stored = serde_json::from_slice(&std::fs::read(place(target)).ok()?).ok()?;
    if stored.key != key || stored.missing.iter().any(|path| path.exists()) {
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
    Some((units?, findings?))
}

/// Keeps what a run has found.
pub fn store(target: &Path, key: String, units: &[Unit], missing: Vec<PathBuf>, findings: &[Diagnostic]) {
    let files = units.iter().map(|unit| StoredFile {
        path: unit.source.path.clone(),
        package: unit.package,
        hash: hash(&unit.source.text),
    });
    let stored =
        Stored { key, files: files.collect(), missing, findings: findings.iter().map(keep).collect() };
    let path = place(target);
    let Some(folder) = path.parent() else { return };
    let Ok(text) = serde_json::to_vec(&stored) else { return };
    // Two runs at once: whoever comes last has it, whole.
    let draft = folder.join(format!("cache.{}.tmp", std::process::id()));
    if std::fs::create_dir_all(folder).is_ok() && std::fs::write(&draft, text).is_ok() {
        let _ = std::fs::rename(&draft, &path);
    }
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
