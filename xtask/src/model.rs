//! The model checked tests: the same sources, built against the model's primitives.

use clap::Args;

use crate::command::Cmd;
use crate::{Outcome, target_dir};

#[derive(Args)]
pub(crate) struct Options {
    /// Weak memory: the cores that lean on less than sequential consistency, under loom instead of shuttle
    #[arg(long)]
    loom: bool,
    /// Passed on to `cargo test`; what follows a further `--` goes to the tests
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

pub(crate) fn run(options: Options) -> Outcome {
    if options.loom { loom_command(&options.args).run() } else { command(&options.args).run() }
}

/// A target directory of its own, or each switch between model and normal builds would rebuild everything.
pub(crate) fn command(args: &[String]) -> Cmd {
    Cmd::cargo(&["test", "-p", "gochan", "--lib", "--test", "model*", "--release", "--target-dir"])
        .arg(target_dir().join("model"))
        .args(args)
        .env_flags("RUSTFLAGS", "--cfg gochan_model")
        // The build takes longer than the models.
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
}

/// As `command`, for the models in loom's weak memory. `LOOM_MAX_PREEMPTIONS` sets how far they go.
pub(crate) fn loom_command(args: &[String]) -> Cmd {
    let tests = ["model_loom".to_owned()];
    Cmd::cargo(&["test", "-p", "gochan", "--lib", "--release", "--target-dir"])
        .arg(target_dir().join("loom"))
        .args(if args.is_empty() { &tests } else { args })
        .env_flags("RUSTFLAGS", "--cfg gochan_loom")
        // As above.
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
}
