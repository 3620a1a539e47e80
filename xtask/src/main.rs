//! `cargo xtask`: what a maintainer of gochan types.

mod behaviour;
mod bench;
mod ci;
mod command;
mod counts;
mod fuzz;
mod fuzz_runtime;
mod house;
mod model;
mod sanitize;
mod stress;

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
    /// Everything a change must pass: format, lints, all tests on both backends, models, docs
    Ci(ci::Options),
    /// List the behaviour rows that have no test named after them
    Behaviour,
    /// List the imports that run upwards, the circles of imports, and the size of each folder of the runtime
    House,
    /// Run the model checked tests, with the runtime's primitives replaced by the model's
    Model(model::Options),
    /// Run gochan's tests under AddressSanitizer on the coroutines backend
    #[command(long_about = sanitize::ADDRESS_HELP)]
    Asan(sanitize::Options),
    /// Run gochan's tests under ThreadSanitizer on the threads backend
    #[command(long_about = sanitize::THREAD_HELP)]
    Tsan(sanitize::Options),
    /// Run the seeded stress tests for longer than the test-suite does
    Stress(stress::Options),
    /// Change sources at random, which may break neither the macros nor the linter
    #[command(long_about = fuzz::HELP)]
    Fuzz(fuzz::Options),
    /// Run random programs over the runtime, which may not break it
    #[command(long_about = fuzz_runtime::HELP)]
    FuzzRuntime(fuzz_runtime::Options),
    /// Measure gochan beside Go and other Rust runtimes, interleaved in one run
    #[command(long_about = bench::HELP)]
    Bench(bench::Options),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().task {
        Task::Ci(options) => ci::run(options),
        Task::Behaviour => behaviour::run(),
        Task::House => house::run(),
        Task::Model(options) => model::run(options),
        Task::Asan(options) => sanitize::run(&sanitize::ADDRESS, options),
        Task::Tsan(options) => sanitize::run(&sanitize::THREAD, options),
        Task::Stress(options) => stress::run(options),
        Task::Fuzz(options) => fuzz::run(options),
        Task::FuzzRuntime(options) => fuzz_runtime::run(options),
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
