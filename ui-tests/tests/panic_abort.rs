//! A program built with `panic = "abort"`: it takes a build of its own.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// Runs `program` with the library, nothing of which may unwind.
fn run_with_panic_abort(name: &str, program: &str) -> Output {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let project = Path::new(env!("CARGO_TARGET_TMPDIR")).join("panic_abort").join(name);
    fs::create_dir_all(project.join("src")).expect("a directory for the program");
    let manifest = format!(
        "[package]\nname = \"{name}\"\nedition = \"2024\"\n[dependencies]\ngochan = {{ path = {:?} }}\n\
         [profile.dev]\npanic = \"abort\"\n[workspace]\n",
        workspace.join("gochan")
    );
    fs::write(project.join("Cargo.toml"), manifest).expect("a manifest");
    fs::write(project.join("src/main.rs"), program).expect("a program");
    // The versions that the workspace has, which are there.
    fs::copy(workspace.join("Cargo.lock"), project.join("Cargo.lock")).expect("a lock file");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["run", "--quiet", "--offline"]).current_dir(&project);
    cargo.env("CARGO_TARGET_DIR", project.join("target")).env_remove("RUSTFLAGS");
    cargo.output().expect("cargo runs")
}

#[test]
fn go_07_goexit_that_cannot_unwind_says_why() {
    let program = r#"
        use gochan::prelude::*;

        fn main() {
            let sum = go!({ 1 + 1 }).join().unwrap();
            println!("{sum}");
            let left: gochan::JoinHandle<()> = go!({ gochan::runtime::goexit() });
            println!("joined {}", left.join().is_err());
        }
    "#;
    let output = run_with_panic_abort("goexit", program);
    assert!(!output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "2\n", "{output:?}");
    let stderr = String::from_utf8_lossy(&output.stderr);
    for words in ["goexit", "built with panic = \"abort\"", "panic = \"unwind\"", "or return"] {
        assert!(stderr.contains(words), "no {words:?} in {stderr}");
    }
}
