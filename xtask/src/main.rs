//! `cargo xtask`: what a maintainer of gochan types.

mod behaviour;
mod bench;
mod ci;
mod command;
mod counts;
mod cov;
mod editor;
mod fuzz;
mod fuzz_runtime;
mod house;
mod lint;
mod minimal;
mod model;
mod msrv;
mod package;
mod portability;
mod sanitize;
mod stress;
mod targets;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What ends a task early: a message for the maintainer.
type Outcome<T = ()> = Result<T, String>;

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about = "What a maintainer of gochan types")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run everything a change must pass: format, lints, all tests on both backends, models, docs
    Ci(ci::Options),
    /// List the behaviour rows that have no test named after them
    Behaviour,
    /// Check the order of imports, the import cycles and the sizes of folders, in the runtime and in the linter
    House(house::Options),
    /// Run the model-checked tests, with the runtime's primitives replaced by the model's
    Model(model::Options),
    /// Run gochan's tests under AddressSanitizer on the coroutines backend
    #[command(long_about = sanitize::ADDRESS_HELP)]
    Asan(sanitize::Options),
    /// Run gochan's tests under ThreadSanitizer on the threads backend
    #[command(long_about = sanitize::THREAD_HELP)]
    Tsan(sanitize::Options),
    /// Run the seeded stress tests for longer than the test suite does
    Stress(stress::Options),
    /// Fuzz the macros and the linter with randomly changed sources
    #[command(long_about = fuzz::HELP)]
    Fuzz(fuzz::Options),
    /// Fuzz the runtime with random programs
    #[command(long_about = fuzz_runtime::HELP)]
    FuzzRuntime(fuzz_runtime::Options),
    /// Measure which lines of the crates the tests execute
    #[command(long_about = cov::HELP)]
    Cov(cov::Options),
    /// Ask rust-analyzer for completions, hovers and renames inside of the macros
    #[command(long_about = editor::HELP)]
    Editor(editor::Options),
    /// Run the linter over sources that do not use gochan: for false alarms, and for its speed
    #[command(long_about = lint::HELP)]
    Lint(lint::Options),
    /// Run tests of stacks as on other kernels: older ones, filtered ones, and those with larger pages
    #[command(long_about = portability::HELP)]
    Portability(portability::Options),
    /// Check that gochan compiles for other systems, and run its tests for some of them
    #[command(long_about = targets::HELP)]
    Targets(targets::Options),
    /// Build the published crates and their tests with the oldest compiler that they support
    #[command(long_about = msrv::HELP)]
    Msrv(msrv::Options),
    /// Build the published crates and their tests with the oldest dependencies that they allow
    #[command(long_about = minimal::HELP)]
    Minimal(msrv::Options),
    /// Pack the crates as they are published, and check what is in the packages
    #[command(long_about = package::HELP)]
    Package(package::Options),
    /// Measure gochan beside Go and other Rust runtimes, interleaved in one run
    #[command(long_about = bench::HELP)]
    Bench(bench::Options),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().task {
        Task::Ci(options) => ci::run(options),
        Task::Behaviour => behaviour::run(),
        Task::House(options) => house::run(&options),
        Task::Model(options) => model::run(options),
        Task::Asan(options) => sanitize::run(&sanitize::ADDRESS, options),
        Task::Tsan(options) => sanitize::run(&sanitize::THREAD, options),
        Task::Stress(options) => stress::run(options),
        Task::Fuzz(options) => fuzz::run(options),
        Task::FuzzRuntime(options) => fuzz_runtime::run(options),
        Task::Cov(options) => cov::run(options),
        Task::Editor(options) => editor::run(&options),
        Task::Lint(options) => lint::run(options),
        Task::Portability(options) => portability::run(&options),
        Task::Targets(options) => targets::run(&options),
        Task::Msrv(options) => msrv::run(&options),
        Task::Minimal(options) => minimal::run(&options),
        Task::Package(options) => package::run(&options),
        Task::Bench(options) => bench::run(options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

/// The top of the workspace.
fn root() -> PathBuf {
    let here = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    here.parent().map(Path::to_path_buf).expect("xtask lies in the workspace")
}

/// Where cargo builds this workspace.
fn target_dir() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    /// Each row of its table begins with a command and what the command says of itself.
    #[test]
    fn the_readme_lists_the_commands() {
        let readme = std::fs::read_to_string(root().join("xtask/README.md")).unwrap();
        let table = readme.lines().skip_while(|line| !line.starts_with("| command |")).skip(2);
        let rows: Vec<_> = table.take_while(|line| line.starts_with('|')).collect();
        let cli = Cli::command();
        let commands = cli.get_subcommands().map(|command| {
            let about = command.get_about().expect("each command has a description");
            format!("| `{}` | {about} |", command.get_name())
        });
        let commands: Vec<_> = commands.collect();
        let fits = |(row, command): (&&str, &String)| row.starts_with(command.as_str());
        assert!(
            rows.len() == commands.len() && rows.iter().zip(&commands).all(fits),
            "the rows of the table in xtask/README.md have to begin with\n{}",
            commands.join("\n")
        );
    }
}
