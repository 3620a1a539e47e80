//! Other systems: whether gochan compiles for them, and its tests where they run here.

use std::path::Path;

use clap::Args;

use crate::Outcome;
use crate::command::Cmd;

pub(crate) const HELP: &str = "\
Check that gochan compiles for other systems. A target needs its standard library (`rustup target add`); without one, it is
built from the component rust-src, which takes a few minutes for each. RUSTC and CARGO name another compiler, such as one
that has rust-src.

With --test, runs tests of the target instead, under qemu-user for another processor: for aarch64-unknown-linux-gnu it needs
qemu-user and gcc-aarch64-linux-gnu. For x86_64-unknown-linux-musl, rustc has all that is needed.";

#[derive(Args)]
pub(crate) struct Options {
    /// Only these targets
    #[arg(long)]
    target: Vec<String>,
    /// Run the tests of gochan that follow as well, as `channel` or `sync`
    #[arg(long)]
    test: Vec<String>,
}

const TARGETS: [&str; 7] = [
    "aarch64-unknown-linux-gnu",
    "x86_64-unknown-linux-musl",
    "x86_64-apple-darwin",
    "aarch64-apple-darwin",
    "x86_64-pc-windows-gnu",
    "x86_64-unknown-freebsd",
    "loongarch64-unknown-linux-gnu",
];

pub(crate) fn run(options: &Options) -> Outcome {
    let asked: Vec<_> = options.target.iter().map(String::as_str).collect();
    let targets = if asked.is_empty() { TARGETS.as_slice() } else { &asked };
    let failed: Vec<_> = targets.iter().filter(|target| !passes(target, &options.test)).collect();
    if failed.is_empty() { Ok(()) } else { Err(format!("failed: {failed:?}")) }
}

fn passes(target: &str, tests: &[String]) -> bool {
    let command = match cargo(target, if tests.is_empty() { "check" } else { "test" }) {
        Ok(command) => command,
        Err(message) => {
            println!("{target}: {message}");
            return false;
        }
    };
    let tests = tests.iter().flat_map(|test| ["--test", test]);
    let command = with_tools(command, target).args(tests);
    println!("{target}: {command}");
    let outcome = command.run();
    println!("{target}: {}", if outcome.is_ok() { "ok" } else { "FAILED" });
    outcome.is_ok()
}

/// `cargo check` or another command for the target, with a standard library that is there or is built.
fn cargo(target: &str, command: &str) -> Outcome<Cmd> {
    let [cargo, rustc] = ["CARGO", "RUSTC"].map(|name| std::env::var(name).unwrap_or(name.to_lowercase()));
    let printed = |what: &[&str]| {
        Cmd::new(&rustc, what).output().ok_or_else(|| format!("`{rustc}` does not know the target"))
    };
    let base = Cmd::new(cargo, &[command, "-p", "gochan", "--target", target]);
    let library = printed(&["--print", "target-libdir", "--target", target])?;
    if Path::new(&library).is_dir() {
        return Ok(base);
    }
    let source =
        Path::new(&printed(&["--print", "sysroot"])?).join("lib/rustlib/src/rust/library/Cargo.lock");
    if source.is_file() {
        return Ok(base.args(["-Zbuild-std=std,panic_unwind,test"]).env("RUSTC_BOOTSTRAP", "1"));
    }
    Err(format!("no standard library: `rustup target add {target}`, or `rustup component add rust-src`"))
}

/// With the linker, and with what runs the program.
fn with_tools(command: Cmd, target: &str) -> Cmd {
    let variable = |what: &str| format!("CARGO_TARGET_{}_{what}", target.to_uppercase().replace('-', "_"));
    match target {
        "aarch64-unknown-linux-gnu" => command
            .env(&variable("LINKER"), "aarch64-linux-gnu-gcc")
            .env(&variable("RUNNER"), "qemu-aarch64 -L /usr/aarch64-linux-gnu"),
        _ => command,
    }
}
