//! The linter on code that others wrote.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::Outcome;
use crate::command::Cmd;

pub(crate) const HELP: &str = "\
Run the linter over sources that do not use gochan, such as crates from the registry, as though they did.

`false-alarms` reports what the lints find: each folder is one crate, and every finding is a false alarm. `speed` \
measures how long the linter takes to read the files, compared with the parser alone. Both are built for release.";

#[derive(Args)]
pub(crate) struct Options {
    /// What to find out
    question: Question,
    /// The folders to read
    #[arg(required = true, value_name = "DIR")]
    folders: Vec<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Question {
    FalseAlarms,
    Speed,
}

pub(crate) fn run(options: Options) -> Outcome {
    let question = match options.question {
        Question::FalseAlarms => "false-alarms",
        Question::Speed => "speed",
    };
    let build =
        ["run", "--release", "-qp", "xtask", "--features=lint", "--bin", "gochan-lint-on", "--", question];
    let mut command = Cmd::cargo(&build);
    for folder in options.folders {
        // Commands run at the top of the workspace.
        let folder =
            std::path::absolute(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        command = command.arg(folder);
    }
    // The command names every folder, which may be hundreds.
    command.run().map_err(|_| format!("`{question}` failed: see above"))
}
