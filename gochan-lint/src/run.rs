//! A whole run: find, read, link, look, filter.

use crate::diagnostic::{Diagnostic, Level};
use crate::ir;
use crate::levels::Levels;
use crate::link::{Program, Unit};
use crate::source::{SourceFile, Span};
use crate::suppress::{self, Suppression};
use crate::workspace::{self, Workspace};
use crate::{cache, doctest, lints, read};
use rayon::prelude::*;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// What a run has seen and found.
#[derive(Debug)]
pub struct Outcome {
    /// The files.
    pub program: Program,
    /// The name of each package.
    pub packages: Vec<String>,
    /// What to report, with its level, by place.
    pub findings: Vec<(Level, Diagnostic)>,
    /// Files that could not be read or parsed, and why.
    pub broken: Vec<Broken>,
}

/// A file that could not be linted.
#[derive(Debug, Clone)]
pub struct Broken {
    /// Which.
    pub path: PathBuf,
    /// Where, if it is a matter of syntax: line and column.
    pub place: Option<(u32, u32)>,
    /// Why.
    pub message: String,
}

/// What comments got wrong, reported as these ids.
pub const UNUSED: &str = "unused_allow";

/// Lints the members of a workspace.
///
/// # Errors
/// If the configuration is wrong: the text says where.
pub fn run(
    workspace: &Workspace,
    doc: bool,
    flags: &dyn Fn(&mut Levels) -> Result<(), String>,
) -> Result<Outcome, String> {
    let mut levels = Vec::new();
    let mut packages = Vec::new();
    for member in &workspace.members {
        let mut own = Levels::default();
        own.configure(&workspace.config)?;
        own.configure(&member.config).map_err(|error| format!("package `{}`: {error}", member.name))?;
        flags(&mut own)?;
        levels.push(own);
        packages.push(member.name.clone());
    }
    let may_report = |lint: &&&lints::Lint| levels.iter().any(|levels| levels.may_report(lint.id));
    let on: Vec<&str> = lints::ALL.iter().filter(may_report).map(|lint| lint.id).collect();
    let is_on = |lint: &lints::Lint| on.contains(&lint.id);
    let members = workspace
        .members
        .iter()
        .map(|member| format!("{} {:?} {} {:?}", member.name, member.gochan, member.tracing, member.roots));
    let key = on.iter().map(|id| (*id).to_owned()).chain(members).collect::<Vec<_>>();
    let key = cache::key(&key);
    // Files that are included as documentation are not among those that the cache looks at.
    let cached = if doc { None } else { cache::load(&workspace.target, &workspace.root, &key) };
    if let Some((units, found)) = cached {
        let program = Program::link(units, &packages);
        let findings = filter(&program, &levels, &[], found);
        return Ok(Outcome { program, packages, findings, broken: Vec::new() });
    }
    let mut units = Vec::new();
    let mut broken = Vec::new();
    let mut missing = Vec::new();
    for (package, member) in workspace.members.iter().enumerate() {
        missing.extend(workspace::follow(&member.roots, |batch| {
            let read: Vec<_> = batch
                .into_par_iter()
                .map(|path| (read_file(&path, &workspace.root, member.gochan.as_deref()), path))
                .collect();
            let mut modules = Vec::new();
            for (result, path) in read {
                match result {
                    Ok((source, mut file)) => {
                        file.tracing = member.tracing;
                        modules.push((path, file.modules.clone()));
                        units.push(Unit { source, file, package });
                    }
                    Err(problem) => broken.push(problem),
                }
            }
            modules
        }));
    }
    let files = units.len();
    let hosts = if doc { documentation(workspace, &mut units) } else { Vec::new() };
    // A block is a crate of its own, without a name.
    let mut names = packages.clone();
    for (_, package) in hosts.iter().skip(files) {
        names.push(String::new());
        packages.push(packages[*package].clone());
        levels.push(levels[*package].clone());
    }
    let program = Program::link(units, &names);
    let mut found = lints::run(&program, is_on);
    for finding in &mut found {
        finding.unit = hosts.get(finding.unit).map_or(finding.unit, |(host, _)| *host);
    }
    if broken.is_empty() && !doc {
        cache::store(&workspace.target, key, &program.units, missing, &found);
    }
    let findings = filter(&program, &levels, &hosts, found);
    Ok(Outcome { program, packages, findings, broken })
}

/// Adds the code blocks of documentation, each as a crate of its own, and says in which file each unit stands, and of
/// which package.
fn documentation(workspace: &Workspace, units: &mut Vec<Unit>) -> Vec<(usize, usize)> {
    let files = units.len();
    let mut hosts: Vec<(usize, usize)> =
        units.iter().enumerate().map(|(host, unit)| (host, unit.package)).collect();
    let members = workspace.members.len();
    let mut known = HashSet::new();
    for host in 0..files {
        let package = units[host].package;
        let Some(gochan) = workspace.members[package].gochan.clone() else { continue };
        let mut texts =
            vec![(units[host].source.clone(), doctest::blocks(&units[host].source.text), Some(host))];
        for path in doctest::included(&units[host].source, &workspace.root) {
            if known.insert(path.clone())
                && let Ok(text) = std::fs::read_to_string(&path)
            {
                let shown = path.strip_prefix(&workspace.root).unwrap_or(&path).to_owned();
                let blocks = doctest::markdown_blocks(&text);
                texts.push((SourceFile::new(shown, text), blocks, None));
            }
        }
        for (source, blocks, mut host) in texts {
            for block in blocks {
                // What does not parse is an outline.
                let Ok(mut file) = read::read(&block, Some(&gochan)) else { continue };
                file.tracing = workspace.members[package].tracing;
                doctest::mark(&mut file);
                let place = *host.get_or_insert(units.len());
                hosts.push((place, package));
                let own = members + hosts.len() - files - 1;
                units.push(Unit { source: source.clone(), file, package: own });
            }
        }
    }
    hosts
}

fn read_file(path: &Path, root: &Path, gochan: Option<&str>) -> Result<(SourceFile, ir::File), Broken> {
    let shown = path.strip_prefix(root).unwrap_or(path).to_owned();
    let text = std::fs::read_to_string(path).map_err(|error| Broken {
        path: shown.clone(),
        place: None,
        message: error.to_string(),
    })?;
    match read::read(&text, gochan) {
        Ok(file) => Ok((SourceFile::new(shown, text), file)),
        Err(error) => {
            let source = SourceFile::new(shown.clone(), text);
            let place = source.position(error.span.start);
            Err(Broken { path: shown, place: Some((place.line, place.column)), message: error.message })
        }
    }
}

/// Applies levels and comments.
fn filter(
    program: &Program,
    levels: &[Levels],
    hosts: &[(usize, usize)],
    found: Vec<Diagnostic>,
) -> Vec<(Level, Diagnostic)> {
    let mut by_unit: Vec<Vec<Diagnostic>> = program.units.iter().map(|_| Vec::new()).collect();
    for diagnostic in found {
        let unit = &program.units[diagnostic.unit];
        let levels = levels[unit.package].for_file(&unit.source.path);
        if levels.of(diagnostic.lint) > Level::Allow {
            by_unit[diagnostic.unit].push(diagnostic);
        }
    }
    let mut kept = Vec::new();
    for (index, found) in by_unit.into_iter().enumerate() {
        // The comments of a file speak once.
        if hosts.get(index).is_some_and(|(host, _)| *host != index) {
            continue;
        }
        let unit = &program.units[index];
        let levels = levels[unit.package].for_file(&unit.source.path);
        let mut comments = suppress::find(&unit.source);
        let (forbidden, others): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|found| levels.of(found.lint) == Level::Forbid);
        let mut reported = suppress::filter(&unit.source, &mut comments, others);
        reported.extend(forbidden);
        // A Markdown file shows such comments.
        let shows = unit.source.path.extension().is_some_and(|extension| extension == "md");
        let complaints = comments.iter().filter_map(|comment| complaint(index, comment, levels));
        reported.extend(complaints.filter(|_| !shows));
        reported.sort_by_key(|found| (found.span, found.lint));
        kept.extend(reported.into_iter().map(|found| {
            let level = if found.lint == UNUSED { Level::Warn } else { levels.of(found.lint) };
            (level, found)
        }));
    }
    kept.sort_by(|(_, a): &(Level, Diagnostic), (_, b)| {
        let path = |found: &Diagnostic| &program.units[found.unit].source.path;
        (path(a), a.span, a.lint).cmp(&(path(b), b.span, b.lint))
    });
    kept
}

fn complaint(unit: usize, comment: &Suppression, levels: &Levels) -> Option<Diagnostic> {
    let (message, help) = match &comment.mistake {
        Some(mistake) => (mistake.clone(), "the form is `// gochan-lint: allow(id) reason`"),
        None if comment.used => return None,
        None => match levels.of(&comment.id) {
            // Whoever turns the lint on again needs the comment.
            Level::Allow => return None,
            Level::Forbid => {
                (format!("`{}` is forbidden, and no comment allows it", comment.id), "remove this")
            }
            Level::Warn | Level::Deny => ("this allows what is not reported here".to_owned(), "remove it"),
        },
    };
    let span: Span = comment.span;
    Some(Diagnostic::new(UNUSED, unit, span, message).help(help))
}
