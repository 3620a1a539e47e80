//! The packages as their readers get them.

use std::fs;
use std::path::PathBuf;

use clap::Args;

use crate::command::Cmd;
use crate::{Outcome, target_dir};

pub(crate) const HELP: &str = "\
Pack gochan, gochan-macros, gochan-syntax and gochan-lint, and check that each package has both licences and a
README.

With --test each one is also unpacked, built, and tested together with the others, outside of this workspace.";

#[derive(Args)]
pub(crate) struct Options {
    /// Unpack, build and test the packages too
    #[arg(long)]
    test: bool,
    /// Pack what is not committed as well
    #[arg(long)]
    allow_dirty: bool,
}

/// In the order in which they depend on each other.
const PACKAGES: [&str; 4] = ["gochan-syntax", "gochan-macros", "gochan", "gochan-lint"];
const NEEDED: [&str; 3] = ["LICENSE-MIT", "LICENSE-APACHE", "README.md"];

pub(crate) fn run(options: &Options) -> Outcome {
    let dirty = if options.allow_dirty { ["--allow-dirty"].as_slice() } else { &[] };
    let packages = PACKAGES.iter().flat_map(|package| ["-p", package]);
    Cmd::cargo(&["package", "--no-verify", "--quiet"]).args(packages).args(dirty.iter().copied()).run()?;
    let folder = target_dir().join("package");
    let mut unpacked = Vec::new();
    for package in PACKAGES {
        let name = format!("{package}-{}", env!("CARGO_PKG_VERSION"));
        let archive = folder.join(format!("{name}.crate"));
        let files = Cmd::new("tar", &["-tzf"]).arg(&archive).captured()?;
        for needed in NEEDED {
            if !files.lines().any(|file| file == format!("{name}/{needed}")) {
                return Err(format!("the package {package} has no {needed}"));
            }
        }
        println!("{package}: {} files", files.lines().count());
        if options.test {
            Cmd::new("tar", &["-xzf"]).arg(&archive).args(["-C"]).arg(&folder).run()?;
            unpacked.push(folder.join(name));
        }
    }
    unpacked.iter().try_for_each(|package| test(package, &unpacked))
}

/// Tests an unpacked package, with the others in place of the registry's.
fn test(package: &PathBuf, all: &[PathBuf]) -> Outcome {
    let manifest = package.join("Cargo.toml");
    let patches = all.iter().zip(PACKAGES).filter(|(other, _)| *other != package);
    let patches = patches.flat_map(|(other, name)| {
        ["--config".to_owned(), format!("patch.crates-io.{name}.path={:?}", other.display().to_string())]
    });
    // Otherwise cargo takes it for a member of the workspace around it.
    let text = fs::read_to_string(&manifest).map_err(|error| format!("{}: {error}", manifest.display()))?;
    if !text.contains("[workspace]") {
        let text = format!("{text}\n[workspace]\n");
        fs::write(&manifest, text).map_err(|error| format!("{}: {error}", manifest.display()))?;
    }
    Cmd::cargo(&["test", "--all-features", "--manifest-path"]).arg(&manifest).args(patches).run()
}
