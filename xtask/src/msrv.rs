//! The oldest compiler that the manifest names: whether it does.

use clap::Args;

use crate::command::Cmd;
use crate::{Outcome, root};

pub(crate) const HELP: &str = "\
Build the published crates with the oldest compiler that they support, with all features and without any, and build their
tests. Cargo.toml says which compiler that is, in `rust-version`, and nothing else does: rustup has to have it.

With --run the tests run as well.";

/// Of this command, and of `minimal`.
#[derive(Args)]
pub(crate) struct Options {
    /// Run the tests too
    #[arg(long)]
    pub(crate) run: bool,
    /// Only check that the crates build, without their tests
    #[arg(long, conflicts_with = "run")]
    pub(crate) no_tests: bool,
}

pub(crate) const PUBLISHED: [&str; 8] =
    ["-p", "gochan", "-p", "gochan-macros", "-p", "gochan-syntax", "-p", "gochan-lint"];

pub(crate) fn run(options: &Options) -> Outcome {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).map_err(|error| error.to_string())?;
    let version = oldest(&manifest).ok_or("Cargo.toml has no `rust-version`")?;
    // rustup takes them for two toolchains.
    let names = [version.to_owned(), format!("{version}.0")];
    let has = |name: &&String| Cmd::new("rustup", &["run", name, "rustc", "--version"]).output().is_some();
    let Some(toolchain) = names.iter().find(has) else {
        return Err(format!("no Rust {version}; run `rustup toolchain install {version} --profile minimal`"));
    };
    println!("Rust {version}");
    // Beside the other builds: a change of the compiler throws away what the other has built.
    let cargo = |command: &str| {
        Cmd::new("rustup", &["run", toolchain, "cargo", command, "--locked", "--target-dir", "target/msrv"])
            .args(PUBLISHED)
    };
    cargo("check").args(["--no-default-features"]).run()?;
    cargo("check").args(["--all-features"]).run()?;
    if options.no_tests {
        return Ok(());
    }
    let tests = cargo("test").args(["--all-features", "--all-targets"]);
    if options.run { tests.run() } else { tests.args(["--no-run"]).run() }
}

/// The version in the manifest of the workspace.
fn oldest(manifest: &str) -> Option<&str> {
    let version = manifest.lines().find_map(|line| line.strip_prefix("rust-version = "))?;
    version.strip_prefix('"')?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_names_the_compiler() {
        assert_eq!(oldest("[a]\nversion = \"2\"\nrust-version = \"1.2\"\n"), Some("1.2"));
        assert_eq!(oldest("[a]\nrust-version.workspace = true\n"), None);
        let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
        assert!(oldest(&manifest).is_some());
    }
}
