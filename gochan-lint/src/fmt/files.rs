//! The files to format.

use crate::read::{self, Edition};
use crate::workspace;
use cargo_metadata::{Metadata, MetadataCommand, Package};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// A text to format.
#[derive(Debug, Clone)]
pub struct Job {
    /// Its file, as it is shown.
    pub path: PathBuf,
    /// The folder whose rustfmt.toml applies, or that of a folder around it.
    pub folder: PathBuf,
    /// The text.
    pub text: String,
    /// The edition of its code, such as `2024`.
    pub edition: String,
    /// The name under which its crate imports gochan.
    pub gochan: String,
}

impl Job {
    /// False if there is certainly nothing to format apart from what rustfmt formats.
    pub(super) fn may_have_macros(&self) -> bool {
        ["go!", "select!", "send!", "defer!", "with_context!"].iter().any(|name| self.text.contains(name))
    }
}

/// The packages around some files.
#[derive(Debug)]
pub(super) struct Packages {
    metadata: Option<Metadata>,
    edition: Option<String>,
}

/// The packages to format.
#[derive(Debug, Clone, Default)]
pub(super) struct Chosen {
    /// `--all`
    pub(super) all: bool,
    /// `--package`; if empty, the package of the current folder, or all in the workspace's folder.
    pub(super) packages: Vec<String>,
}

const NEWEST: &str = "2024";

impl Packages {
    /// Asks cargo. `edition` overrides that of the packages.
    ///
    /// # Errors The message of cargo, if it cannot read the workspace.
    pub(super) fn find(manifest: Option<&Path>, edition: Option<String>) -> Result<Packages, String> {
        let mut command = MetadataCommand::new();
        command.no_deps();
        if let Some(manifest) = manifest {
            command.manifest_path(manifest);
        }
        let metadata = command.exec().map_err(|error| match error {
            cargo_metadata::Error::CargoMetadata { stderr } => stderr.trim().to_owned(),
            other => other.to_string(),
        })?;
        Ok(Packages { metadata: Some(metadata), edition })
    }

    /// For files that belong to no package.
    pub(super) fn none(edition: Option<String>) -> Packages {
        Packages { metadata: None, edition }
    }

    /// A text of the package that contains `path`.
    pub(super) fn job(&self, path: &Path, text: String) -> Job {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let folder_of =
            |package: &Package| package.manifest_path.parent().map(|path| path.as_std_path().to_owned());
        let packages = self.metadata.iter().flat_map(|metadata| &metadata.packages);
        let around = packages.filter_map(|package| Some((folder_of(package)?, package)));
        let around = around.filter(|(folder, _)| absolute.starts_with(folder));
        let package =
            around.max_by_key(|(folder, _)| folder.components().count()).map(|(_, package)| package);
        self.job_of(package, path, text)
    }

    fn job_of(&self, package: Option<&Package>, path: &Path, text: String) -> Job {
        let edition = package.map(|package| package.edition.to_string());
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Job {
            path: path.to_owned(),
            folder: absolute.parent().unwrap_or(Path::new("/")).to_owned(),
            text,
            edition: self.edition.clone().or(edition).unwrap_or_else(|| NEWEST.to_owned()),
            gochan: package.and_then(imported_as).unwrap_or_else(|| "gochan".to_owned()),
        }
    }

    /// The files of the chosen packages, as far as they may use gochan.
    ///
    /// # Errors If there is no such package.
    pub(super) fn jobs(&self, chosen: &Chosen) -> Result<Vec<Job>, String> {
        let Some(metadata) = &self.metadata else { return Ok(Vec::new()) };
        let members = metadata.workspace_packages();
        if let Some(unknown) = chosen
            .packages
            .iter()
            .find(|name| members.iter().all(|package| package.name.as_str() != name.as_str()))
        {
            return Err(format!("there is no package `{unknown}` in this workspace"));
        }
        let here = std::env::current_dir().unwrap_or_default();
        let everything = chosen.all || here == metadata.workspace_root.as_std_path();
        let innermost = |package: &Package| {
            let folders = members.iter().filter_map(|package| package.manifest_path.parent());
            let around = folders.filter(|folder| here.starts_with(folder));
            around.max_by_key(|folder| folder.components().count()) == package.manifest_path.parent()
        };
        let is_chosen = |package: &&&Package| match &chosen.packages[..] {
            [] => everything || innermost(package),
            names => names.iter().any(|name| package.name.as_str() == name.as_str()),
        };
        let chosen = members.iter().filter(is_chosen);
        let mut jobs: Vec<Job> = chosen
            .filter(|package| imported_as(package).is_some())
            .flat_map(|package| self.files_of(package))
            .collect();
        // Two targets can share a file.
        jobs.sort_by(|one, other| one.path.cmp(&other.path));
        jobs.dedup_by(|one, other| one.path == other.path);
        Ok(jobs)
    }

    fn files_of(&self, package: &Package) -> Vec<Job> {
        let roots: Vec<PathBuf> =
            package.targets.iter().map(|target| target.src_path.clone().into()).collect();
        let mut jobs = Vec::new();
        workspace::follow(&roots, |paths| {
            let read = paths.into_par_iter().filter_map(|path| {
                let text = std::fs::read_to_string(&path).ok()?;
                let file = may_have_modules(&text).then(|| read::read_in(Edition::Later, &text, None));
                let modules = file.and_then(Result::ok).map(|file| file.modules);
                Some((self.job_of(Some(package), &path, text), modules.unwrap_or_default()))
            });
            let read: Vec<_> = read.collect();
            read.into_iter()
                .map(|(job, modules)| {
                    let path = job.path.clone();
                    jobs.push(job);
                    (path, modules)
                })
                .collect()
        });
        jobs
    }
}

/// False if a file certainly names no other file. Most do not, and reading takes longer than this.
fn may_have_modules(text: &str) -> bool {
    let declares = |rest: &str| {
        let rest =
            rest.trim_start().trim_start_matches(|char: char| char.is_alphanumeric() || "_#".contains(char));
        rest.trim_start().starts_with(';')
    };
    text.contains("include!") || text.split("mod ").skip(1).any(declares)
}

/// The name under which a package imports gochan, if it does.
fn imported_as(package: &Package) -> Option<String> {
    let dependency = package.dependencies.iter().find(|dependency| dependency.name == "gochan");
    let name = dependency.map(|found| found.rename.clone().unwrap_or_else(|| "gochan".to_owned()));
    name.or_else(|| (package.name.as_str() == "gochan").then(|| "gochan".to_owned()))
}
