//! A whole run, from the files of a workspace to the findings that are reported.

pub use crate::diagnostic::{Broken, Unread};
use crate::diagnostic::{Diagnostic, Level};
use crate::hosts::Hosts;
use crate::ir;
use crate::levels::Levels;
use crate::link::{Program, Unit};
use crate::source::SourceFile;
use crate::workspace::{self, Member, Workspace};
use crate::{cache, filter, lints, read};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// The result of a run.
#[derive(Debug)]
pub struct Outcome {
    /// The files.
    pub program: Program,
    /// The name of each package.
    pub packages: Vec<String>,
    /// The findings to report with their levels, sorted by place.
    pub findings: Vec<(Level, Diagnostic)>,
    /// The number of files that were linted.
    pub files: usize,
    /// Files that could not be read or parsed, and why.
    pub broken: Vec<Broken>,
    /// What else was not looked at.
    pub unread: Vec<Unread>,
}

/// Lints the members of a workspace, and with `doc` the code blocks of their documentation.
///
/// # Errors If the configuration is wrong. The text says where.
pub fn run(
    workspace: &Workspace,
    doc: bool,
    flags: &dyn Fn(&mut Levels) -> Result<(), String>,
) -> Result<Outcome, String> {
    let mut outcome = run_all(workspace, doc, flags)?;
    let is_selected = |package: usize| workspace.members.get(package).is_none_or(|member| member.selected);
    let program = &outcome.program;
    outcome.findings.retain(|(_, finding)| is_selected(program.units[finding.unit].package));
    outcome.files = program.units.iter().filter(|unit| is_selected(unit.package)).count();
    Ok(outcome)
}

fn run_all(
    workspace: &Workspace,
    doc: bool,
    flags: &dyn Fn(&mut Levels) -> Result<(), String>,
) -> Result<Outcome, String> {
    let levels = levels_of(workspace, flags)?;
    let packages: Vec<String> = workspace.members.iter().map(|member| member.name.clone()).collect();
    let on = enabled(&levels);
    if doc {
        let sources = read_members(workspace);
        return Ok(lint_with_documentation(workspace, sources, levels, packages, &on));
    }
    // The cache does not check the files that documentation includes, so it is used only without `doc`.
    let key = cache_key(workspace, &on);
    if let Some((units, found, broken, unread)) = cache::load(&workspace.target, &workspace.root, &key) {
        let program = Program::link(units, &packages);
        let findings = filter::filter(&program, &levels, &Hosts::default(), found);
        return Ok(Outcome { program, packages, findings, broken, unread, files: 0 });
    }
    let Sources { units, broken, missing, unread } = read_members(workspace);
    let program = Program::link(units, &packages);
    let found = lints::run(&program, |lint| on.contains(&lint.id));
    cache::store(workspace, key, &program.units, missing, &found, (&broken, &unread));
    let findings = filter::filter(&program, &levels, &Hosts::default(), found);
    Ok(Outcome { program, packages, findings, broken, unread, files: 0 })
}

/// Lints the files together with the code blocks of their documentation.
fn lint_with_documentation(
    workspace: &Workspace,
    sources: Sources,
    mut levels: Vec<Levels>,
    mut packages: Vec<String>,
    on: &[&str],
) -> Outcome {
    let Sources { mut units, broken, unread, .. } = sources;
    let hosts = Hosts::add_blocks(workspace, &mut units);
    // Each block is a crate of its own, without a name.
    let mut crate_names = packages.clone();
    for package in hosts.packages_of_blocks() {
        crate_names.push(String::new());
        packages.push(packages[package].clone());
        levels.push(levels[package].clone());
    }
    let program = Program::link(units, &crate_names);
    let mut found = lints::run(&program, |lint| on.contains(&lint.id));
    for finding in &mut found {
        finding.unit = hosts.file_of(finding.unit);
    }
    let findings = filter::filter(&program, &levels, &hosts, found);
    Outcome { program, packages, findings, broken, unread, files: 0 }
}

/// The levels of each member: the workspace's configuration, then the member's own, then flags.
fn levels_of(
    workspace: &Workspace,
    flags: &dyn Fn(&mut Levels) -> Result<(), String>,
) -> Result<Vec<Levels>, String> {
    let of_member = |member: &Member| {
        let mut own = Levels::default();
        own.configure(&workspace.config)?;
        own.configure(&member.config).map_err(|error| format!("package `{}`: {error}", member.name))?;
        flags(&mut own)?;
        Ok(own)
    };
    workspace.members.iter().map(of_member).collect()
}

/// The lints that at least one member reports.
fn enabled(levels: &[Levels]) -> Vec<&'static str> {
    let ids = lints::ALL.iter().map(|lint| lint.id);
    ids.filter(|id| levels.iter().any(|levels| levels.may_report(id))).collect()
}

/// What the findings depend on apart from the files: the lints that are on, and the members.
fn cache_key(workspace: &Workspace, on: &[&str]) -> String {
    let members = workspace.members.iter().map(|member| {
        format!(
            "{} {:?} {:?} {} {} {:?} {:?}",
            member.name,
            member.gochan,
            member.facades,
            member.selected,
            member.tracing,
            member.edition,
            member.roots
        )
    });
    let parts: Vec<String> = on.iter().map(|id| (*id).to_owned()).chain(members).collect();
    cache::key(&parts)
}

/// The files of a workspace.
#[derive(Default)]
struct Sources {
    units: Vec<Unit>,
    broken: Vec<Broken>,
    /// Paths where files of modules were expected and not found.
    missing: Vec<PathBuf>,
    /// What was not looked at.
    unread: Vec<Unread>,
}

fn read_members(workspace: &Workspace) -> Sources {
    let mut sources = Sources::default();
    for (package, member) in workspace.members.iter().enumerate() {
        let missing = workspace::follow(&member.roots, |batch| {
            sources.read_batch(batch, &workspace.root, member, package)
        });
        for candidates in missing {
            let first = candidates.first().filter(|_| member.selected);
            sources.unread.extend(first.map(|path| Unread {
                path: path.strip_prefix(&workspace.root).unwrap_or(path).to_owned(),
                place: None,
                what: "the file of a module, which is not there".to_owned(),
            }));
            sources.missing.extend(candidates);
        }
    }
    sources
}

impl Sources {
    /// Reads files of one member, and returns the modules that each of them declares.
    fn read_batch(
        &mut self,
        batch: Vec<PathBuf>,
        root: &Path,
        member: &Member,
        package: usize,
    ) -> Vec<(PathBuf, Vec<ir::ModuleDecl>)> {
        let read: Vec<_> = batch.into_par_iter().map(|path| (read_file(&path, root, member), path)).collect();
        let mut modules = Vec::new();
        for (result, path) in read {
            match result {
                Ok((source, mut file)) => {
                    file.tracing = member.tracing;
                    modules.push((path, file.modules.clone()));
                    if member.selected {
                        self.unread.extend(unread_in(&source, &file));
                    }
                    self.units.push(Unit { source, file, package });
                }
                Err(failed) => {
                    let (problem, around) = *failed;
                    if let Some((source, mut file)) = around {
                        file.tracing = member.tracing;
                        modules.push((path, file.modules.clone()));
                        self.units.push(Unit { source, file, package });
                    }
                    self.broken.extend(Some(problem).filter(|_| member.selected));
                }
            }
        }
        modules
    }
}

/// The macros of a file whose input was not read.
fn unread_in(source: &SourceFile, file: &ir::File) -> Vec<Unread> {
    let unread = file.unread.iter().map(|(span, name)| {
        let place = source.position(span.start);
        Unread {
            path: source.path.clone(),
            place: Some((place.line, place.column)),
            what: format!("the input of the macro `{name}!`"),
        }
    });
    unread.collect()
}

type Read = (SourceFile, ir::File);

/// Reads a file; one that does not parse as far as its items do.
fn read_file(path: &Path, root: &Path, member: &Member) -> Result<Read, Box<(Broken, Option<Read>)>> {
    let shown = path.strip_prefix(root).unwrap_or(path).to_owned();
    let text = std::fs::read_to_string(path).map_err(|error| {
        let (path, package) = (shown.clone(), member.name.clone());
        Box::new((Broken { path, package, byte: 0, place: None, message: error.to_string() }, None))
    })?;
    match read::read_with(member.edition, &text, member.gochan.as_deref(), &member.facades) {
        Ok(file) => Ok((SourceFile::new(shown, text), file)),
        Err(error) => {
            let source = SourceFile::new(shown.clone(), text);
            let place = source.position(error.span.start);
            let broken = Broken {
                path: shown,
                package: member.name.clone(),
                byte: error.span.start,
                place: Some((place.line, place.column)),
                message: error.message,
            };
            Err(Box::new((broken, error.around.map(|around| (source, *around)))))
        }
    }
}
