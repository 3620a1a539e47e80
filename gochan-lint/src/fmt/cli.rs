//! The command line of `cargo gochan-fmt`.

use super::diff::diff;
use super::files::{Chosen, Job, Packages};
use super::rounds::{Mode, format};
use clap::Parser;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Command, ExitCode};

/// Formats Rust code that uses gochan: `cargo fmt`, and the insides of gochan's macros.
///
/// Exit codes: 0, all is formatted; 1, with `--check`, something is not; 2, it could not run, or a file was left as it
/// is.
#[derive(Debug, Parser)]
#[command(name = "cargo gochan-fmt", bin_name = "cargo gochan-fmt", version)]
struct Options {
    /// Format these files; `-` is the standard input
    files: Vec<PathBuf>,
    /// Format all packages of the workspace
    #[arg(long)]
    all: bool,
    /// Format this package; may be repeated
    #[arg(short, long, value_name = "NAME")]
    package: Vec<String>,
    /// The Cargo.toml of the package or workspace
    #[arg(long, value_name = "PATH")]
    manifest_path: Option<PathBuf>,
    /// Change nothing; print the differences and exit with 1 if there are any
    #[arg(long)]
    check: bool,
    /// Format the insides of gochan's macros only
    #[arg(long)]
    macros_only: bool,
    /// Format the standard input to the standard output
    #[arg(long, conflicts_with_all = ["check", "files", "all", "package"])]
    stdin: bool,
    /// The edition of the code, instead of that of its package
    #[arg(long, value_name = "EDITION", value_parser = ["2015", "2018", "2021", "2024"])]
    edition: Option<String>,
}

/// Runs the command with the arguments of the process.
#[must_use]
pub fn main() -> ExitCode {
    // cargo calls `cargo-gochan-fmt gochan-fmt …`.
    let arguments = std::env::args_os().enumerate();
    let arguments = arguments.filter(|(index, argument)| *index != 1 || argument != "gochan-fmt");
    let options = match Options::try_parse_from(arguments.map(|(_, argument)| argument)) {
        Ok(options) => options,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    match crate::cli::with_room(|| execute(&options)) {
        Ok(code) => ExitCode::from(code),
        Err(message) => {
            eprintln!("error: {}", message.trim_start_matches("error: "));
            ExitCode::from(2)
        }
    }
}

fn execute(options: &Options) -> Result<u8, String> {
    let mode = if options.macros_only { Mode::Macros } else { Mode::Whole };
    let find = || Packages::find(options.manifest_path.as_deref(), options.edition.clone());
    let anywhere = || find().unwrap_or_else(|_| Packages::none(options.edition.clone()));
    if options.stdin || options.files == [PathBuf::from("-")] {
        return stdin(&anywhere(), mode);
    }
    if !options.files.is_empty() {
        let packages = anywhere();
        let read = |path: &PathBuf| {
            let text =
                std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
            Ok(packages.job(path, text))
        };
        let jobs = options.files.iter().map(read).collect::<Result<Vec<Job>, String>>()?;
        return Ok(finish(&jobs, mode, options.check)?.code);
    }
    let packages = find()?;
    let chosen = Chosen { all: options.all, packages: options.package.clone() };
    // Each can give the other something to do.
    const TURNS: usize = 6;
    let mut code = 0;
    for _ in 0..TURNS {
        if mode == Mode::Whole && !cargo_fmt(options)? {
            code = if options.check { 1 } else { return Ok(2) };
        }
        let end = finish(&packages.jobs(&chosen)?, Mode::Macros, options.check)?;
        code = code.max(end.code);
        if options.check || mode == Mode::Macros || end.written == 0 {
            break;
        }
    }
    Ok(code)
}

/// Runs `cargo fmt` on the same packages; true if it was content.
fn cargo_fmt(options: &Options) -> Result<bool, String> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.arg("fmt");
    if options.all {
        command.arg("--all");
    }
    for package in &options.package {
        command.args(["--package", package]);
    }
    if let Some(path) = &options.manifest_path {
        command.arg("--manifest-path").arg(path);
    }
    if options.check {
        command.arg("--check");
    }
    command.status().map(|status| status.success()).map_err(|error| format!("cargo fmt cannot run: {error}"))
}

fn stdin(packages: &Packages, mode: Mode) -> Result<u8, String> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(|error| format!("standard input: {error}"))?;
    let job = packages.job(&PathBuf::from("<stdin>"), text);
    let formatted = format(std::slice::from_ref(&job), mode)?.pop();
    // An editor replaces its text with the output.
    let text = formatted.unwrap_or(Ok(job.text))?;
    std::io::stdout().write_all(text.as_bytes()).map_err(|error| format!("standard output: {error}"))?;
    Ok(0)
}

struct End {
    code: u8,
    written: usize,
}

/// Formats the files and writes them, or shows what would change.
fn finish(jobs: &[Job], mode: Mode, check: bool) -> Result<End, String> {
    let mut end = End { code: 0, written: 0 };
    let mut shown = String::new();
    for (job, formatted) in jobs.iter().zip(format(jobs, mode)?) {
        match formatted {
            Err(reason) => {
                eprintln!("error: {}: left as it is: {reason}", job.path.display());
                end.code = 2;
            }
            Ok(text) if text == job.text => {}
            Ok(text) if check => {
                shown += &diff(&job.path, &job.text, &text);
                end.code = end.code.max(1);
            }
            Ok(text) => {
                std::fs::write(&job.path, text)
                    .map_err(|error| format!("{}: {error}", job.path.display()))?;
                end.written += 1;
            }
        }
    }
    // The reader may have closed the pipe.
    let _ = std::io::stdout().write_all(shown.as_bytes());
    Ok(end)
}
