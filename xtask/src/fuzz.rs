//! The fuzzers of what reads source code: the macros and the linter.

use clap::{Args, ValueEnum};

use crate::Outcome;
use crate::command::Cmd;

pub(crate) const HELP: &str = "\
Change sources of this repository at random, and check that the macros and the linter panic on none of them, and that
no fix of the linter breaks a file that parses.

What fails is reported with its seed; `--seed` begins there. The tests of the workspace run a few seconds of this.";

#[derive(Args)]
pub(crate) struct Options {
    /// What to fuzz; without it, both by turns
    target: Option<Target>,
    /// How long each test goes on
    #[arg(long, default_value_t = 300)]
    seconds: u64,
    /// The first seed; without one, a fresh one is taken
    #[arg(long)]
    seed: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Target {
    Macros,
    Linter,
}

pub(crate) fn run(options: Options) -> Outcome {
    let seed = options.seed.unwrap_or_else(fresh_seed);
    for (target, args) in [
        (Target::Macros, ["-p", "gochan-macros", "--lib", "mutants"]),
        (Target::Linter, ["-p", "gochan-lint", "--test", "mutated"]),
    ] {
        if options.target.is_some_and(|chosen| chosen != target) {
            continue;
        }
        let command = Cmd::cargo(&["test"])
            .args(args)
            .args(["--", "--nocapture"])
            .env("GOCHAN_FUZZ_SECONDS", options.seconds.to_string())
            .env("GOCHAN_FUZZ_SEED", seed.to_string());
        println!("{command}");
        command.run()?;
    }
    Ok(())
}

/// Far enough from the seeds that the tests use, and short enough to be typed.
fn fresh_seed() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(1, |now| now.as_secs()) * 1_000
}
