//! The command line.

use crate::diagnostic::Level;
use crate::levels::Levels;
use crate::lints;
use crate::report::{self, Finding, Format};
use crate::run::{self, Outcome};
use crate::workspace::{Selection, Workspace};
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser};
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// Finds the concurrency mistakes in programs that use gochan.
///
/// Exit codes: 0, nothing found; 1, something was found; 2, it could not run, or a file could not be read.
#[derive(Debug, Parser)]
#[command(name = "cargo gochan-lint", bin_name = "cargo gochan-lint", version)]
struct Options {
    /// Lint this package; may be repeated
    #[arg(short, long, value_name = "NAME")]
    package: Vec<String>,
    /// Lint all packages of the workspace
    #[arg(long)]
    workspace: bool,
    /// Leave this package out; may be repeated
    #[arg(long, value_name = "NAME")]
    exclude: Vec<String>,
    /// The Cargo.toml of the package or workspace
    #[arg(long, value_name = "PATH")]
    manifest_path: Option<PathBuf>,
    /// How to say what was found
    #[arg(long, value_enum, default_value_t = Format::Human, value_name = "FORMAT")]
    format: Format,
    /// Colours: auto, always or never
    #[arg(long, default_value = "auto", value_name = "WHEN")]
    color: clap::ColorChoice,
    /// Do not report this lint, or `all`
    #[arg(short = 'A', long = "allow", value_name = "ID")]
    allow: Vec<String>,
    /// Report this lint as a warning
    #[arg(short = 'W', long = "warn", value_name = "ID")]
    warn: Vec<String>,
    /// Report this lint as an error
    #[arg(short = 'D', long = "deny", value_name = "ID")]
    deny: Vec<String>,
    /// Report this lint as an error, whatever the source says
    #[arg(short = 'F', long = "forbid", value_name = "ID")]
    forbid: Vec<String>,
    /// Explain a lint
    #[arg(long, value_name = "ID")]
    explain: Option<String>,
    /// List all lints
    #[arg(long)]
    list: bool,
    /// Report only what this file does not know; write it if it is not there yet
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write the baseline anew, with all that is found now
    #[arg(long, requires = "baseline")]
    update_baseline: bool,
    /// Apply the fixes that need no thinking
    #[arg(long)]
    fix: bool,
    /// Lint the code blocks of documentation as well
    #[arg(long)]
    doc: bool,
    /// Say nothing but what was found
    #[arg(short, long)]
    quiet: bool,
}

/// Runs the command with the arguments of the process.
#[must_use]
pub fn main() -> ExitCode {
    // cargo calls `cargo-gochan-lint gochan-lint …`.
    let arguments = std::env::args_os().enumerate();
    let arguments = arguments.filter(|(index, argument)| *index != 1 || argument != "gochan-lint");
    let arguments = arguments.map(|(_, argument)| argument);
    let parsed = Options::command().try_get_matches_from(arguments).and_then(|matches| {
        let levels = levels(&matches);
        Ok((Options::from_arg_matches(&matches)?, levels))
    });
    let (options, levels) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    match execute(&options, &levels) {
        Ok(code) => code,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::from(2)
        }
    }
}

/// The levels that flags set, in the order of the command line: the last one counts.
fn levels(matches: &ArgMatches) -> Vec<(String, Level)> {
    let groups =
        [("allow", Level::Allow), ("warn", Level::Warn), ("deny", Level::Deny), ("forbid", Level::Forbid)];
    let mut levels: Vec<(usize, String, Level)> = Vec::new();
    for (flag, level) in groups {
        let places = matches.indices_of(flag).into_iter().flatten();
        let ids = matches.get_many::<String>(flag).into_iter().flatten();
        levels.extend(places.zip(ids).map(|(place, id)| (place, id.clone(), level)));
    }
    levels.sort_unstable();
    levels.into_iter().map(|(_, id, level)| (id, level)).collect()
}

fn execute(options: &Options, levels: &[(String, Level)]) -> Result<ExitCode, String> {
    if options.list {
        print!("{}", list());
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(id) = &options.explain {
        // For the message that knows what is close.
        Levels::default().set(id, Level::Warn)?;
        lints::find(id).iter().for_each(|lint| print!("{}", explain(lint)));
        return Ok(ExitCode::SUCCESS);
    }
    let selection = Selection {
        manifest: options.manifest_path.clone(),
        packages: options.package.clone(),
        workspace: options.workspace,
        exclude: options.exclude.clone(),
    };
    let workspace = Workspace::find(&selection)?;
    let flags = |own: &mut Levels| levels.iter().try_for_each(|(id, level)| own.set(id, *level));
    // Mistakes in flags are told even if there is no member to lint.
    flags(&mut Levels::default())?;
    let progress = !options.quiet && std::io::stderr().is_terminal();
    if progress {
        let members = workspace.members.len();
        eprint!("gochan-lint: reading {members} package{} …\r", if members == 1 { "" } else { "s" });
    }
    let mut outcome = run::run(&workspace, options.doc, &flags)?;
    if progress {
        // Back to the begin of the line, and nothing left on it.
        eprint!("\x1b[2K\r");
    }
    if options.fix {
        let fixed = crate::fix::apply(&workspace.root, &outcome)?;
        if !options.quiet {
            eprintln!("{fixed} fixed");
        }
        outcome = run::run(&workspace, options.doc, &flags)?;
    }
    if let Some(path) = &options.baseline {
        let known = crate::baseline::apply(path, &mut outcome, options.update_baseline)?;
        if !options.quiet {
            eprintln!("gochan-lint: {known} known from {}", path.display());
        }
    }
    Ok(tell(options, &outcome))
}

fn tell(options: &Options, outcome: &Outcome) -> ExitCode {
    for broken in &outcome.broken {
        if options.format == Format::Json {
            print!("{}", report::json_broken(broken));
            continue;
        }
        if options.format == Format::Github {
            print!("{}", report::github_broken(broken));
        }
        let place = broken.place.map_or(String::new(), |(line, column)| format!(":{line}:{column}"));
        eprintln!("error: {}{place}: not linted: {}", broken.path.display(), broken.message);
    }
    let findings: Vec<Finding<'_>> = outcome
        .findings
        .iter()
        .map(|(level, diagnostic)| {
            let unit = &outcome.program.units[diagnostic.unit];
            Finding {
                diagnostic,
                level: *level,
                source: &unit.source,
                package: &outcome.packages[unit.package],
            }
        })
        .collect();
    let colour = match options.color {
        clap::ColorChoice::Always => true,
        clap::ColorChoice::Never => false,
        clap::ColorChoice::Auto => std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
    };
    let text = report::render(options.format, &findings, &outcome.broken, colour);
    // Whoever reads may have had enough.
    let _ = std::io::stdout().write_all(text.as_bytes());
    let errors = findings.iter().filter(|finding| finding.level >= Level::Deny).count();
    if !options.quiet && options.format == Format::Human {
        let files = outcome.program.units.len();
        let warnings = findings.len() - errors;
        eprintln!("gochan-lint: {files} files, {errors} errors, {warnings} warnings");
    }
    match (findings.is_empty(), outcome.broken.is_empty()) {
        (false, _) => ExitCode::from(1),
        (true, false) => ExitCode::from(2),
        (true, true) => ExitCode::SUCCESS,
    }
}

fn list() -> String {
    let width = lints::ALL.iter().map(|lint| lint.id.len()).max().unwrap_or(0);
    let line = |lint: &&lints::Lint| {
        let level = format!("{:?}", lint.level).to_lowercase();
        format!("{:width$}  {level:5}  {}\n", lint.id, lint.summary)
    };
    lints::ALL.iter().map(line).collect()
}

/// What `--explain` prints.
#[must_use]
pub fn explain(lint: &lints::Lint) -> String {
    let indented = |code: &str| code.lines().map(|line| format!("    {line}\n")).collect::<String>();
    format!(
        "{} ({}): {}\n\n{}\n\nAt run time:\n\n{}\n\nNearest in other tools: {}\n\nReported:\n\n{}\nInstead:\n\n{}\nTo allow it in one place:\n\n    \
         // gochan-lint: allow({}) reason\n",
        lint.id,
        format!("{:?}", lint.level).to_lowercase(),
        lint.summary,
        wrapped(lint.explanation),
        wrapped(lint.at_run_time),
        lint.near,
        indented(lint.bad),
        indented(lint.good),
        lint.id
    )
}

/// Lines of at most a hundred characters.
fn wrapped(text: &str) -> String {
    const WIDTH: usize = 100;
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split(' ') {
            if !line.is_empty() && line.chars().count() + word.chars().count() >= WIDTH {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    lines.join("\n")
}

/// The page of a lint: what `--explain` prints, for a browser.
#[must_use]
pub fn page(lint: &lints::Lint) -> String {
    let level = format!("{:?}", lint.level).to_lowercase();
    format!(
        "# {}\n\nLevel: {level}. {}.\n\n{}\n\n## At run time\n\n{}\n\n## Reported\n\n```rust,ignore\n{}\n```\n\n## Instead\n\n```rust,ignore\n{}\n```\n\n\
         ## To allow it in one place\n\n```rust,ignore\n// gochan-lint: allow({}) reason\n```\n\n## Nearest in other tools\n\n{}\n",
        lint.id,
        capitalised(lint.summary),
        lint.explanation,
        lint.at_run_time,
        lint.bad,
        lint.good,
        lint.id,
        capitalised(lint.near)
    )
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + characters.as_str())
}
