//! The command line.

use crate::diagnostic::Level;
use crate::explain;
use crate::levels::Levels;
use crate::lints;
use crate::report::{self, Finding, Format, Style};
use crate::run::{self, Outcome, Unread};
use crate::workspace::{Selection, Workspace};
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Finds the concurrency mistakes in programs that use gochan.
///
/// Exit codes: 0, no errors were found; 1, errors were found, or with `--deny-warnings` warnings; 2, it could not run, or a
/// file could not be read, whatever was found in the others.
#[derive(Debug, Parser)]
#[command(name = "cargo gochan-lint", bin_name = "cargo gochan-lint", version)]
struct Options {
    /// Lint this package: a name, name@version, or a glob; may be repeated
    #[arg(short, long, value_name = "NAME")]
    package: Vec<String>,
    /// Lint all packages of the workspace
    #[arg(long)]
    workspace: bool,
    /// Do not lint this package; may be repeated
    #[arg(long, value_name = "NAME")]
    exclude: Vec<String>,
    /// The Cargo.toml of the package or workspace
    #[arg(long, value_name = "PATH")]
    manifest_path: Option<PathBuf>,
    /// Output format
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
    /// Report only findings that this file does not list; create it if it does not exist
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Rewrite the baseline with all current findings
    #[arg(long, requires = "baseline")]
    update_baseline: bool,
    /// Apply the automatic fixes
    #[arg(long)]
    fix: bool,
    /// Lint the code blocks of documentation as well
    #[arg(long)]
    doc: bool,
    /// Fail on warnings as well
    #[arg(long)]
    deny_warnings: bool,
    /// Run `cargo check` first and pass its messages on, for editors
    #[arg(long)]
    with_check: bool,
    /// Say what was not looked at
    #[arg(short, long)]
    verbose: bool,
    /// Print nothing but the findings
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
    match with_room(|| execute(&options, &levels)) {
        Ok(code) => code,
        Err(message) => {
            // Cargo's messages begin with it.
            eprintln!("error: {}", message.trim_start_matches("error: "));
            ExitCode::from(2)
        }
    }
}

/// Runs `f` on threads whose stacks have room for long chains of calls and operators, which are read recursively.
pub(crate) fn with_room<R: Send>(f: impl FnOnce() -> R + Send) -> R {
    const STACK: usize = 256 << 20;
    match rayon::ThreadPoolBuilder::new().stack_size(STACK).build() {
        Ok(pool) => pool.install(f),
        Err(_) => f(),
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
        print!("{}", explain::list());
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(id) = &options.explain {
        // Its error message suggests a similar id.
        Levels::default().set(id, Level::Warn)?;
        lints::find(id).iter().for_each(|lint| print!("{}", explain::text(lint)));
        return Ok(ExitCode::SUCCESS);
    }
    let selection = Selection {
        manifest: options.manifest_path.clone(),
        packages: options.package.clone(),
        workspace: options.workspace,
        exclude: options.exclude.clone(),
    };
    let compiles = !options.with_check || check(options)?;
    let workspace = Workspace::find(&selection)?;
    let flags = |own: &mut Levels| levels.iter().try_for_each(|(id, level)| own.set(id, *level));
    // Mistakes in flags are reported even if there is no member to lint.
    flags(&mut Levels::default())?;
    let progress = !options.quiet && std::io::stderr().is_terminal();
    if progress {
        let members = workspace.members.iter().filter(|member| member.selected).count();
        eprint!("gochan-lint: reading {members} package{} …\r", if members == 1 { "" } else { "s" });
    }
    let mut outcome = run::run(&workspace, options.doc, &flags)?;
    if progress {
        // Return to the start of the line and clear it.
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
    if matches!(options.format, Format::Github | Format::Sarif) {
        from_repository(&workspace.root, &mut outcome);
    }
    let reported = print_report(options, &outcome);
    Ok(if compiles || reported != ExitCode::SUCCESS { reported } else { ExitCode::from(1) })
}

/// Runs `cargo check` for what is linted. False if it fails.
fn check(options: &Options) -> Result<bool, String> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["check", "--all-targets"]);
    if options.format == Format::Json {
        command.arg("--message-format=json");
    }
    command.args(options.workspace.then_some("--workspace"));
    command.args(options.quiet.then_some("--quiet"));
    for (flag, names) in [("--package", &options.package), ("--exclude", &options.exclude)] {
        for name in names {
            command.args([flag, name]);
        }
    }
    if let Some(path) = &options.manifest_path {
        command.arg("--manifest-path").arg(path);
    }
    let status = command.status().map_err(|error| format!("cargo check: {error}"))?;
    Ok(status.success())
}

/// Makes paths relative to the repository, as services expect them that show findings beside its files.
fn from_repository(workspace: &Path, outcome: &mut Outcome) {
    let mut around = workspace.ancestors();
    let Some(repository) = around.find(|folder| folder.join(".git").exists()) else { return };
    let Ok(below) = workspace.strip_prefix(repository) else { return };
    let units = outcome.program.units.iter_mut().map(|unit| &mut unit.source.path);
    for path in units.chain(outcome.broken.iter_mut().map(|broken| &mut broken.path)) {
        *path = below.join(&*path);
    }
}

fn print_report(options: &Options, outcome: &Outcome) -> ExitCode {
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
    if options.verbose {
        for Unread { path, place, what } in &outcome.unread {
            let place = place.map_or(String::new(), |(line, column)| format!(":{line}:{column}"));
            eprintln!("note: {}{place}: not looked at: {what}", path.display());
        }
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
    let text = report::render(options.format, &findings, &outcome.broken, style(options.color));
    // The reader may have closed the pipe.
    let _ = std::io::stdout().write_all(text.as_bytes());
    let errors = findings.iter().filter(|finding| finding.level >= Level::Deny).count();
    if !options.quiet && options.format == Format::Human {
        let files = outcome.files;
        let warnings = findings.len() - errors;
        let counted = [(files, "file"), (errors, "error"), (warnings, "warning")];
        let counted =
            counted.map(|(count, name)| format!("{count} {name}{}", if count == 1 { "" } else { "s" }));
        let unread = outcome.unread.len() + outcome.broken.len();
        let unread = match (unread, options.verbose) {
            (0, _) => String::new(),
            (count, true) => format!(", {count} not looked at"),
            (count, false) => format!(", {count} not looked at (`--verbose` says what)"),
        };
        eprintln!("gochan-lint: {}{unread}", counted.join(", "));
    }
    // A file that was not linted may hide findings.
    let fails = errors > 0 || options.deny_warnings && !findings.is_empty();
    match (fails, outcome.broken.is_empty()) {
        (_, false) => ExitCode::from(2),
        (true, true) => ExitCode::from(1),
        (false, true) => ExitCode::SUCCESS,
    }
}

fn style(when: clap::ColorChoice) -> Style {
    let coloured = match when {
        clap::ColorChoice::Always => true,
        clap::ColorChoice::Never => false,
        clap::ColorChoice::Auto => std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
    };
    if coloured { Style::Coloured } else { Style::Plain }
}
