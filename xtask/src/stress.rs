//! The seeded stress tests, for as long as one likes.

use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;

use crate::Outcome;
use crate::command::Cmd;

#[derive(Args)]
pub(crate) struct Options {
    /// How long each stress test goes on
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// The seed to start from; without one, a fresh seed is taken and printed
    #[arg(long)]
    seed: Option<u64>,
    /// Passed on to the tests, for example the name of one
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

pub(crate) fn run(options: Options) -> Outcome {
    let seed = options.seed.unwrap_or_else(fresh_seed);
    let command = Cmd::cargo(&["test", "-p", "gochan", "--release", "--test", "stress", "--", "--nocapture"])
        .args(options.args)
        .env("GOCHAN_STRESS_SECONDS", options.seconds.to_string())
        .env("GOCHAN_STRESS_SEED", seed.to_string());
    println!("{command}");
    command.run()
}

fn fresh_seed() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |now| now.as_nanos() as u64)
}
