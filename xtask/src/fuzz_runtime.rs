//! The fuzzer of the runtime, for as long as one likes.

use clap::{Args, ValueEnum};

use crate::command::Cmd;
use crate::{Outcome, sanitize};

pub(crate) const HELP: &str = "\
Run random programs over the runtime: every operation of channels, select, goroutines, sync, context and
timers, with values, wakers, keys and closures that panic and use the runtime from where it calls them.

The programs run in child processes, by turns on both backends and with 1, 2 and 4 workers. What fails is
reported with the seed of its round and with the command that runs this round again.

With --asan, memory errors are found where they happen. Leaks are counted by the fuzzer itself.

GOCHAN_FUZZ_ONLY=channels,select chooses among the subjects: channels, lanes, futures, select, goroutines,
sync, keyed, context, timers. GOCHAN_FUZZ_RULES=panics,reenters sets the rules of every round.";

#[derive(Args)]
pub(crate) struct Options {
    /// How long it goes on
    #[arg(long, default_value_t = 600)]
    seconds: u64,
    /// The seed of the first round; without one, a fresh seed is taken
    #[arg(long)]
    seed: Option<u64>,
    /// Run under AddressSanitizer, with a nightly toolchain or else with the stable one and RUSTC_BOOTSTRAP=1
    #[arg(long)]
    asan: bool,
    /// One backend instead of both by turns
    #[arg(long)]
    backend: Option<Backend>,
    /// Passed on to `cargo test`; what follows a further `--` goes to the test
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Backend {
    Coroutines,
    Threads,
}

pub(crate) fn run(options: Options) -> Outcome {
    let command = if options.asan {
        sanitize::address(&["--test", "fuzz_runtime"])?
    } else {
        Cmd::cargo(&["test", "-p", "gochan", "--test", "fuzz_runtime"])
    };
    let mut command = command.args(options.args.clone());
    if !options.args.iter().any(|arg| arg == "--") {
        command = command.args(["--", "--nocapture"]);
    }
    command = command.env("GOCHAN_FUZZ_SECONDS", options.seconds.to_string());
    if let Some(seed) = options.seed {
        command = command.env("GOCHAN_FUZZ_SEED", seed.to_string());
    }
    if let Some(backend) = options.backend {
        let backend = match backend {
            Backend::Coroutines => "coroutines",
            Backend::Threads => "threads",
        };
        command = command.env("GOCHAN_BACKEND", backend);
    }
    println!("{command}");
    command.run()
}

/// A minute of it, under AddressSanitizer if some toolchain can do that.
pub(crate) fn short() -> Cmd {
    let command = match sanitize::address(&["--test", "fuzz_runtime"]) {
        Ok(command) => command,
        Err(_) => Cmd::cargo(&["test", "-p", "gochan", "--test", "fuzz_runtime"]),
    };
    command.env("GOCHAN_FUZZ_SECONDS", "60")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_form_runs_for_a_minute() {
        let command = short().to_string();
        assert!(command.contains("GOCHAN_FUZZ_SECONDS=60"), "{command}");
        assert!(command.contains("--test fuzz_runtime"), "{command}");
    }
}
