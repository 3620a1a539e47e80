//! The model checked tests: the same sources, built against the model's primitives.

use clap::Args;

use crate::command::Cmd;
use crate::{Outcome, target_dir};

#[derive(Args)]
pub(crate) struct Options {
    /// Passed on to `cargo test`; what follows a further `--` goes to the tests
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

pub(crate) fn run(options: Options) -> Outcome {
    command(&options.args).run()
}

/// A target directory of its own, or each switch between model and normal builds would rebuild everything.
pub(crate) fn command(args: &[String]) -> Cmd {
    Cmd::cargo(&["test", "-p", "gochan", "--lib", "--test", "model*", "--release", "--target-dir"])
        .arg(target_dir().join("model"))
        .args(args)
        .env_flags("RUSTFLAGS", "--cfg gochan_model")
}
