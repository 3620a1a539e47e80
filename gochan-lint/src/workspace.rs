//! Finds the files to lint.

use crate::read::Edition;
use cargo_metadata::{Metadata, MetadataCommand, Package, Target};
use std::collections::{HashSet, VecDeque};
use std::path::{Component, Path, PathBuf};

/// A crate of the workspace.
#[derive(Debug, Clone)]
pub struct Member {
    /// The package's name.
    pub name: String,
    /// The name under which it imports gochan, or `None` if it does not depend on it; empty if it has gochan's names from
    /// another crate of the workspace only.
    pub gochan: Option<String>,
    /// The names of the crates of the workspace that may hand gochan's names on to it.
    pub facades: Vec<String>,
    /// It is linted; the others are only read for what is called in them.
    pub selected: bool,
    /// The edition of its code.
    pub edition: Edition,
    /// Whether gochan's feature `tracing` is on.
    pub tracing: bool,
    /// The root files of its targets.
    pub roots: Vec<PathBuf>,
    /// `[package.metadata.gochan-lint]`
    pub config: serde_json::Value,
}

/// A workspace.
#[derive(Debug, Clone)]
pub struct Workspace {
    /// Its directory.
    pub root: PathBuf,
    /// Cargo's target directory.
    pub target: PathBuf,
    /// The selected members, and those that they depend on.
    pub members: Vec<Member>,
    /// `[workspace.metadata.gochan-lint]`
    pub config: serde_json::Value,
}

/// Which members to lint.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// `--manifest-path`
    pub manifest: Option<PathBuf>,
    /// `--package`; if empty, the packages that cargo would build.
    pub packages: Vec<String>,
    /// `--workspace`
    pub workspace: bool,
    /// `--exclude`
    pub exclude: Vec<String>,
}

impl Workspace {
    /// Finds the workspace and the selected members.
    ///
    /// # Errors If cargo cannot read the workspace, or a member does not exist. The text is for the user.
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
            if !members.iter().any(|package| is_meant(package, wanted)) {
                return Err(format!("there is no package `{wanted}` in this workspace"));
            }
        }
        let is_wanted = |package: &&&Package| {
            let chosen = if !selection.packages.is_empty() {
                selection.packages.iter().any(|wanted| is_meant(package, wanted))
            } else {
                selection.workspace || is_default(&metadata, package)
            };
            chosen && !selection.exclude.iter().any(|left_out| is_meant(package, left_out))
        };
        // Cargo unifies the features of packages that are built together.
        let tracing = members.iter().any(|package| turns_tracing_on(package));
        let selected: Vec<&&Package> = members.iter().filter(is_wanted).collect();
        let is_selected = |package: &Package| selected.iter().any(|known| known.id == package.id);
        let needed = |package: &Package| {
            uses_gochan(&members, package)
                && selected.iter().any(|user| depends_on(&members, user, package.name.as_str()))
        };
        let read = members.iter().filter(|package| is_selected(package) || needed(package));
        let chosen = read.map(|package| Member {
            facades: facades(&members, package),
            selected: is_selected(package),
            ..member(package, tracing)
        });
        let chosen: Vec<Member> = chosen.map(Member::with_names_of_others).collect();
        Ok(Workspace {
            root: metadata.workspace_root.clone().into_std_path_buf(),
            target: metadata.target_directory.clone().into_std_path_buf(),
            members: chosen,
            config: metadata.workspace_metadata["gochan-lint"].clone(),
        })
    }
}

impl Member {
    fn with_names_of_others(mut self) -> Member {
        if self.gochan.is_none() && !self.facades.is_empty() {
            self.gochan = Some(String::new());
        }
        self
    }
}

/// True if a member depends on another one, itself or through others.
fn depends_on(members: &[&Package], package: &Package, name: &str) -> bool {
    let mut seen = HashSet::new();
    let mut queue = vec![package];
    while let Some(next) = queue.pop() {
        for dependency in &next.dependencies {
            if dependency.name == name {
                return true;
            }
            let known = members.iter().find(|member| member.name.as_str() == dependency.name);
            queue.extend(known.filter(|member| seen.insert(member.name.to_string())));
        }
    }
    false
}

/// True for gochan, and for members that depend on it.
fn uses_gochan(members: &[&Package], package: &Package) -> bool {
    package.name.as_str() == "gochan" || depends_on(members, package, "gochan")
}

/// The crates of the workspace that a member depends on and that use gochan, by their names in its code.
fn facades(members: &[&Package], package: &Package) -> Vec<String> {
    let others = package.dependencies.iter().filter(|dependency| {
        let mut known = members.iter().filter(|member| member.name.as_str() == dependency.name);
        dependency.name != "gochan" && known.any(|member| uses_gochan(members, member))
    });
    let names = others.map(|dependency| dependency.rename.as_ref().unwrap_or(&dependency.name));
    names.map(|name| name.replace('-', "_")).collect()
}

/// True if a package is what `-p` names: `name`, `name@version`, or a glob of names.
fn is_meant(package: &Package, wanted: &str) -> bool {
    let (name, version) =
        wanted.split_once('@').map_or((wanted, None), |(name, version)| (name, Some(version)));
    // Part of a version stands for all that begin with it.
    let is_version = |version: &str| {
        let full = package.version.to_string();
        full.strip_prefix(version).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    matches_glob(package.name.as_str(), name) && version.is_none_or(is_version)
}

/// True if `*` and `?` in a pattern can stand for parts of the name.
fn matches_glob(name: &str, pattern: &str) -> bool {
    let mut rest = pattern.chars();
    match rest.next() {
        None => name.is_empty(),
        Some('*') => {
            let ends = name.char_indices().map(|(at, _)| at).chain([name.len()]);
            ends.into_iter().any(|at| matches_glob(&name[at..], rest.as_str()))
        }
        Some(first) => {
            let mut name = name.chars();
            name.next().is_some_and(|found| first == '?' || found == first)
                && matches_glob(name.as_str(), rest.as_str())
        }
    }
}

/// What cargo builds by default: the package of the current directory, or the workspace's default members.
fn is_default(metadata: &Metadata, package: &Package) -> bool {
    match metadata.root_package() {
        Some(root) => root.id == package.id,
        None => metadata.workspace_default_packages().iter().any(|default| default.id == package.id),
    }
}

/// True if a package enables gochan's feature `tracing`, always or through a feature of its own.
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
        edition: match package.edition {
            cargo_metadata::Edition::E2015
            | cargo_metadata::Edition::E2018
            | cargo_metadata::Edition::E2021 => Edition::Earlier,
            _ => Edition::Later,
        },
        // gochan itself has code for both states of the feature.
        tracing: tracing || own.is_some(),
        gochan: called.or(own),
        facades: Vec::new(),
        selected: true,
        roots: roots.collect(),
        config: package.metadata["gochan-lint"].clone(),
    }
}

/// Reads the files of a crate, which it finds by following `mod` declarations.
///
/// `read` is called with batches of files that do not depend on each other, and returns the modules that each declares.
/// Returns, for each module whose file was not found, the paths where it was expected.
pub fn follow(
    roots: &[PathBuf],
    mut read: impl FnMut(Vec<PathBuf>) -> Vec<(PathBuf, Vec<crate::ir::ModuleDecl>)>,
) -> Vec<Vec<PathBuf>> {
    let mut missing = Vec::new();
    let mut seen: HashSet<PathBuf> = HashSet::new();
    // Files whose modules are beside them.
    let mut is_root: HashSet<PathBuf> = roots.iter().cloned().collect();
    let mut queue: VecDeque<PathBuf> =
        roots.iter().filter(|root| seen.insert((*root).clone())).cloned().collect();
    while !queue.is_empty() {
        let batch: Vec<PathBuf> = queue.drain(..).collect();
        for (file, modules) in read(batch) {
            let directory = module_directory(&file, is_root.contains(&file));
            for module in modules {
                let (given, in_place) = candidates(&file, &directory, &module);
                let found: Vec<PathBuf> = given.iter().filter(|path| path.is_file()).cloned().collect();
                is_root.extend(found.iter().cloned());
                let named = in_place.iter().find(|path| path.is_file()).cloned();
                if found.is_empty() && named.is_none() {
                    missing.push(given.into_iter().chain(in_place).collect());
                }
                queue.extend(found.into_iter().chain(named).filter(|path| seen.insert(path.clone())));
            }
        }
    }
    missing
}

/// The directory of the files of a module's own modules.
fn module_directory(file: &Path, is_root: bool) -> PathBuf {
    let parent = file.parent().unwrap_or(Path::new("")).to_owned();
    let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or("");
    if is_root || stem == "mod" { parent } else { parent.join(stem) }
}

/// The files that a declaration names, and those in the place of its name, of which one exists.
fn candidates(file: &Path, directory: &Path, module: &crate::ir::ModuleDecl) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let beside = file.parent().unwrap_or(Path::new(""));
    if let Some(included) = &module.included {
        return (vec![plain(&beside.join(included))], Vec::new());
    }
    let Some((name, around)) = module.path.split_last() else { return (Vec::new(), Vec::new()) };
    let inside: PathBuf = around.iter().fold(directory.to_owned(), |path, part| path.join(part));
    let base = if around.is_empty() { beside } else { &inside };
    let given = module.files.iter().map(|given| plain(&base.join(given)));
    let in_place = [inside.join(format!("{name}.rs")), inside.join(name).join("mod.rs")];
    (given.collect(), in_place.into_iter().filter(|_| module.in_place).collect())
}

/// A path without `..`, so that each file has one.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(plain.components().next_back(), Some(Component::Normal(_))) => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}
