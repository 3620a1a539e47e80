//! The lower bounds of the dependencies: whether they hold.

use crate::command::Cmd;
use crate::msrv::{Options, PUBLISHED};
use crate::{Outcome, root};

pub(crate) const HELP: &str = "\
Build the published crates and their tests with the oldest dependencies that their manifests allow. Cargo.lock is left as it
is. With --run the tests run as well.

The choice of versions is unstable in cargo; this sets RUSTC_BOOTSTRAP, so that stable Rust makes it too.";

const FOLDER: &str = "target/minimal";

pub(crate) fn run(options: &Options) -> Outcome {
    std::fs::create_dir_all(root().join(FOLDER)).map_err(|error| error.to_string())?;
    let lock =
        format!("resolver.lockfile-path={:?}", root().join(FOLDER).join("Cargo.lock").display().to_string());
    let cargo = |command: &str| {
        let args = ["-Zlockfile-path", "--config", &lock];
        Cmd::cargo(&[command]).args(args).env("RUSTC_BOOTSTRAP", "1")
    };
    cargo("update").args(["--quiet", "-Zdirect-minimal-versions"]).run()?;
    let build = |command: &str| {
        cargo(command).args(["--locked", "--target-dir", FOLDER, "--all-features"]).args(PUBLISHED)
    };
    match options {
        Options { no_tests: true, .. } => build("check").run(),
        Options { run: true, .. } => build("test").args(["--all-targets"]).run(),
        _ => build("test").args(["--all-targets", "--no-run"]).run(),
    }
}
