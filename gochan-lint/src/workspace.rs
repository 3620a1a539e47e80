//! Which files there are to lint.

use cargo_metadata::{Metadata, MetadataCommand, Package, Target};
use std::collections::{HashSet, VecDeque};
use std::path::{Path, PathBuf};

/// A crate of the workspace.
#[derive(Debug, Clone)]
pub struct Member {
    /// The package's name.
    pub name: String,
    /// What it calls gochan; none if it does not depend on it.
    pub gochan: Option<String>,
    /// gochan's feature `tracing` is on.
    pub tracing: bool,
    /// The files its targets begin with.
    pub roots: Vec<PathBuf>,
    /// `[package.metadata.gochan-lint]`
    pub config: serde_json::Value,
}

/// A workspace.
#[derive(Debug, Clone)]
pub struct Workspace {
    /// Its directory.
    pub root: PathBuf,
    /// Where cargo puts what it builds.
    pub target: PathBuf,
    /// The members that were asked for.
    pub members: Vec<Member>,
    /// `[workspace.metadata.gochan-lint]`
    pub config: serde_json::Value,
}

/// Which members are asked for.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// `--manifest-path`
    pub manifest: Option<PathBuf>,
    /// `--package`; empty: those that cargo would build.
    pub packages: Vec<String>,
    /// `--workspace`
    pub workspace: bool,
    /// `--exclude`
    pub exclude: Vec<String>,
}

impl Workspace {
    /// Finds the workspace and the members that are asked for.
    ///
    /// # Errors
    /// If cargo cannot read it, or there is no such member. The text is for the user.
    pub fn find(selection: &Selection) -> Result<Workspace, String> {
        let mut command = MetadataCommand::new();
        command.no_deps();
        if let Some(manifest) = &selection.manifest {
            command.manifest_path(manifest);
        }
        let metadata = command.exec().map_err(|error| match error {
            cargo_metadata::Error::CargoMetadata { stderr } => stderr.trim().to_owned(),
            other => other.to_string(),
        })?;
        let members: Vec<&Package> = metadata.workspace_packages();
        for wanted in selection.packages.iter().chain(&selection.exclude) {
            if !members.iter().any(|package| package.name.as_str() == wanted) {
                return Err(format!("there is no package `{wanted}` in this workspace"));
            }
        }
        let is_wanted = |package: &&&Package| {
            let name = package.name.as_str();
            let chosen = if !selection.packages.is_empty() {
                selection.packages.iter().any(|wanted| wanted == name)
            } else {
                selection.workspace || is_default(&metadata, package)
            };
            chosen && !selection.exclude.iter().any(|left_out| left_out == name)
        };
        // Cargo unifies the features of packages that are built together.
        let tracing = members.iter().any(|package| turns_tracing_on(package));
        let chosen = members.iter().filter(is_wanted).map(|package| member(package, tracing)).collect();
        Ok(Workspace {
            root: metadata.workspace_root.clone().into_std_path_buf(),
            target: metadata.target_directory.clone().into_std_path_buf(),
            members: chosen,
            config: metadata.workspace_metadata["gochan-lint"].clone(),
        })
    }
}

/// What cargo builds when it is not told: the package one is in, or the workspace's default members.
fn is_default(metadata: &Metadata, package: &Package) -> bool {
    match metadata.root_package() {
        Some(root) => root.id == package.id,
        None => metadata.workspace_default_packages().iter().any(|default| default.id == package.id),
    }
}

/// True if a package asks for gochan's feature `tracing`, always or by a feature of its own.
fn turns_tracing_on(package: &Package) -> bool {
    let mut dependencies = package.dependencies.iter().filter(|dependency| dependency.name == "gochan");
    dependencies.any(|dependency| {
        let called = dependency.rename.as_deref().unwrap_or("gochan");
        let asks = |feature: &String| {
            let (of, feature) = feature.split_once('/').unwrap_or_default();
            feature == "tracing" && of.trim_end_matches('?') == called
        };
        dependency.features.iter().any(|feature| feature == "tracing")
            || package.features.values().flatten().any(asks)
    })
}

fn member(package: &Package, tracing: bool) -> Member {
    let dependency = package.dependencies.iter().find(|dependency| dependency.name == "gochan");
    let called = dependency.map(|found| found.rename.clone().unwrap_or_else(|| "gochan".to_owned()));
    let own = (package.name.as_str() == "gochan").then(|| "gochan".to_owned());
    let is_code = |target: &&Target| !target.is_custom_build();
    let roots =
        package.targets.iter().filter(is_code).map(|target| target.src_path.clone().into_std_path_buf());
    Member {
        name: package.name.to_string(),
        // What is written with the feature off and on is gochan's own.
        tracing: tracing || own.is_some(),
        gochan: called.or(own),
        roots: roots.collect(),
        config: package.metadata["gochan-lint"].clone(),
    }
}

/// The files of a crate, found by following `mod` declarations, and what each was read as.
///
/// Returns where files were looked for in vain. `read` is called for batches of files that do not depend on each other, and returns the modules that each declares.
pub fn follow(
    roots: &[PathBuf],
    mut read: impl FnMut(Vec<PathBuf>) -> Vec<(PathBuf, Vec<crate::ir::ModuleDecl>)>,
) -> Vec<PathBuf> {
    let mut missing = Vec::new();
    let mut seen: HashSet<PathBuf> = HashSet::new();
    let is_root: HashSet<PathBuf> = roots.iter().cloned().collect();
    let mut queue: VecDeque<PathBuf> =
        roots.iter().filter(|root| seen.insert((*root).clone())).cloned().collect();
    while !queue.is_empty() {
        let batch: Vec<PathBuf> = queue.drain(..).collect();
        for (file, modules) in read(batch) {
            let directory = module_directory(&file, is_root.contains(&file));
            for module in modules {
                let candidates = candidates(&file, &directory, &module);
                match candidates.iter().find(|path| path.is_file()) {
                    Some(found) => queue.extend(seen.insert(found.clone()).then(|| found.clone())),
                    None => missing.extend(candidates),
                }
            }
        }
    }
    missing
}

/// Where the files of a module's own modules are.
fn module_directory(file: &Path, is_root: bool) -> PathBuf {
    let parent = file.parent().unwrap_or(Path::new("")).to_owned();
    let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or("");
    if is_root || stem == "mod" { parent } else { parent.join(stem) }
}

fn candidates(file: &Path, directory: &Path, module: &crate::ir::ModuleDecl) -> Vec<PathBuf> {
    let Some((name, around)) = module.path.split_last() else { return Vec::new() };
    let inside: PathBuf = around.iter().fold(directory.to_owned(), |path, part| path.join(part));
    match &module.file {
        Some(given) if around.is_empty() => {
            vec![file.parent().unwrap_or(Path::new("")).join(given)]
        }
        Some(given) => vec![inside.join(given)],
        None => vec![inside.join(format!("{name}.rs")), inside.join(name).join("mod.rs")],
    }
}
