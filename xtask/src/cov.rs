//! Line coverage: which part of the crates' sources their tests execute.
//!
//! cargo-llvm-cov does the work where it is installed. Otherwise the tests are built with `-C instrument-coverage` here, and
//! the `llvm-tools` of the toolchain read what they wrote. Both end in the report that `llvm-cov export` prints.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value;

use crate::command::Cmd;
use crate::{Outcome, ci, root, target_dir};

pub(crate) const HELP: &str = "\
Run the tests of gochan, gochan-macros, gochan-syntax and gochan-lint with coverage counters, and print for each
folder of their sources the part of its lines that was executed.

Uses cargo-llvm-cov if it is installed, else -C instrument-coverage and the component llvm-tools. Doc tests are
not run. Files and folders named `tests` do not count.

The figure is a lower bound:
  - a process that ends by abort, a signal or _exit writes no counters, so what only the tests of these run
    counts as not executed;
  - counters are not atomic: concurrent increments may get lost, but a line that was executed stays counted;
  - code for other systems, other features and the models is not built, and does not count at all.
Goroutine stacks do not matter: counters are static.";

#[derive(Args)]
pub(crate) struct Options {
    /// The crates to measure, by default all four
    #[arg(short, long, value_parser = PACKAGES.map(|package| package.name))]
    package: Vec<String>,
    /// List each file below its folder
    #[arg(long)]
    files: bool,
    /// Print what the last run measured, and run no tests
    #[arg(long)]
    last: bool,
    /// Passed on to the test runner (nextest if it is installed, else `cargo test`), such as `--test channel`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

struct Package {
    name: &'static str,
    /// Where its sources are.
    folder: &'static str,
    features: &'static str,
}

const PACKAGES: [Package; 4] = [
    Package {
        name: "gochan",
        folder: "gochan/src",
        features: "gochan/tokio,gochan/tokio-util,gochan/futures-sink,gochan/tracing,gochan/pprof",
    },
    Package { name: "gochan-macros", folder: "gochan-macros/src", features: "" },
    Package { name: "gochan-syntax", folder: "gochan-macros/syntax/src", features: "" },
    Package { name: "gochan-lint", folder: "gochan-lint/src", features: "" },
];

pub(crate) fn run(options: Options) -> Outcome {
    let chosen =
        |package: &Package| options.package.is_empty() || options.package.iter().any(|p| p == package.name);
    let packages: Vec<_> = PACKAGES.into_iter().filter(chosen).collect();
    let report = folder().join("report.json");
    let mut passed = true;
    if !options.last {
        let measurement = if Cmd::cargo(&["llvm-cov", "--version"]).output().is_some() {
            with_cargo_llvm_cov(&packages, &options.args)?
        } else {
            with_llvm_tools(&Tools::find()?, &packages, &options.args)?
        };
        passed = measurement.passed;
        fs::create_dir_all(folder()).map_err(|error| error.to_string())?;
        fs::write(&report, measurement.json).map_err(|error| format!("{}: {error}", report.display()))?;
    }
    let json = fs::read_to_string(&report)
        .map_err(|error| format!("no last run ({}: {error})", report.display()))?;
    let files = read(&json, &root(), &packages)?;
    print!("{}", table(&files, options.files));
    if passed { Ok(()) } else { Err("some tests failed, so the figures above may be too low".to_owned()) }
}

/// Builds with counters do not share a target directory with others.
fn folder() -> PathBuf {
    target_dir().join("cov")
}

struct Measurement {
    passed: bool,
    /// What `llvm-cov export` prints.
    json: String,
}

/// The arguments that choose these packages' tests.
fn selection(packages: &[Package]) -> Vec<String> {
    let mut args: Vec<_> = packages.iter().map(|package| format!("--package={}", package.name)).collect();
    let features: Vec<_> =
        packages.iter().map(|package| package.features).filter(|f| !f.is_empty()).collect();
    args.extend((!features.is_empty()).then(|| format!("--features={}", features.join(","))));
    args
}

/// Whether the caller's arguments choose among the kinds of tests.
fn all_kinds(args: &[String]) -> &'static [&'static str] {
    let chooses = ["--test", "--lib", "--bins", "--tests", "--all-targets"];
    let mut ours = args.iter().take_while(|arg| *arg != "--");
    let chosen = ours.any(|arg| chooses.iter().any(|name| arg.split('=').next() == Some(name)));
    if chosen { &[] } else { &["--lib", "--bins", "--tests"] }
}

fn with_cargo_llvm_cov(packages: &[Package], args: &[String]) -> Outcome<Measurement> {
    // With --no-report the counters of earlier runs stay.
    Cmd::cargo(&["llvm-cov", "clean", "--workspace"]).run()?;
    let command = Cmd::cargo(&["llvm-cov", "--no-report"])
        .args(ci::test_runner().iter().filter(|arg| **arg != "run").copied())
        .args(selection(packages))
        .args(all_kinds(args).iter().copied())
        .args(args.iter().cloned());
    println!("{command}");
    let passed = command.run().inspect_err(|message| eprintln!("{message}")).is_ok();
    let json = Cmd::cargo(&["llvm-cov", "report", "--json", "--summary-only"]).captured()?;
    Ok(Measurement { passed, json })
}

/// What the component `llvm-tools` installs. A system's own are no substitute: the format of the counters changes
/// between versions of LLVM.
struct Tools {
    profdata: PathBuf,
    cov: PathBuf,
}

impl Tools {
    fn find() -> Outcome<Tools> {
        let libdir =
            Cmd::new("rustc", &["--print", "target-libdir"]).output().ok_or("`rustc` cannot be run")?;
        let bin = Path::new(&libdir).with_file_name("bin");
        let tool = |name| bin.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        let tools = Tools { profdata: tool("llvm-profdata"), cov: tool("llvm-cov") };
        if tools.profdata.is_file() && tools.cov.is_file() {
            return Ok(tools);
        }
        Err("to measure coverage, run `rustup component add llvm-tools`, or `cargo install cargo-llvm-cov`"
            .to_owned())
    }
}

fn with_llvm_tools(tools: &Tools, packages: &[Package], args: &[String]) -> Outcome<Measurement> {
    let raw = folder().join("raw");
    if raw.exists() {
        fs::remove_dir_all(&raw).map_err(|error| format!("{}: {error}", raw.display()))?;
    }
    // The macros run while the tests are compiled, so the tests are compiled each time.
    in_folder(Cmd::cargo(&["clean", "--quiet"]))
        .args(PACKAGES.map(|package| format!("--package={}", package.name)))
        .run()?;
    let instrumented = |command: Cmd| {
        in_folder(command)
            .args(selection(packages))
            .env_flags("RUSTFLAGS", "-Cinstrument-coverage")
            // The processes of one program add their counters to one of four files of it.
            .env("LLVM_PROFILE_FILE", raw.join("%4m.profraw").display().to_string())
    };
    let build = instrumented(Cmd::cargo(&["test", "--no-run", "--message-format=json-render-diagnostics"]))
        .args(all_kinds(&[]).iter().copied());
    println!("{build}");
    let objects = objects(&build.captured()?, &root());
    let tests = instrumented(Cmd::cargo(ci::test_runner()))
        .args(all_kinds(args).iter().copied())
        .args(args.iter().cloned());
    println!("{tests}");
    let passed = tests.run().inspect_err(|message| eprintln!("{message}")).is_ok();

    let merged = folder().join("merged.profdata");
    // A process that is killed while it writes leaves a broken file, which is no reason to lose the others.
    Cmd::new(tools.profdata.display().to_string(), &["merge", "--sparse", "--failure-mode=all", "-o"])
        .arg(&merged)
        .arg(&raw)
        .run()?;
    let json = Cmd::new(tools.cov.display().to_string(), &["export", "--summary-only"])
        .arg(format!("--instr-profile={}", merged.display()))
        .args(objects.iter().map(|object| format!("--object={object}")))
        .captured()?;
    Ok(Measurement { passed, json })
}

fn in_folder(command: Cmd) -> Cmd {
    command.arg("--target-dir").arg(folder())
}

/// The programs and macro libraries of the workspace at `root` that cargo says it has built.
fn objects(messages: &str, root: &Path) -> Vec<String> {
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let ours = messages.filter(|message| {
        message["reason"] == "compiler-artifact"
            && message["manifest_path"].as_str().is_some_and(|path| Path::new(path).starts_with(root))
            && !is_kind(message, "custom-build")
    });
    ours.filter_map(|artifact| match artifact["executable"].as_str() {
        Some(program) => Some(program.to_owned()),
        None if is_kind(&artifact, "proc-macro") => Some(artifact["filenames"][0].as_str()?.to_owned()),
        None => None,
    })
    .collect()
}

fn is_kind(artifact: &Value, kind: &str) -> bool {
    artifact["target"]["kind"].as_array().is_some_and(|kinds| kinds.iter().any(|each| each == kind))
}

/// Lines of code, and those of them that were executed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Lines {
    all: u64,
    executed: u64,
}

impl Lines {
    fn add(&mut self, other: Lines) {
        self.all += other.all;
        self.executed += other.executed;
    }

    fn row(self, name: &str) -> String {
        let percent = 100.0 * self.executed as f64 / self.all.max(1) as f64;
        format!("{percent:>6.1} %  {:>6} of {:>6}  {name}\n", self.executed, self.all)
    }
}

/// The files of these packages' sources in a report of `llvm-cov export`, by their paths from `root`.
fn read(json: &str, root: &Path, packages: &[Package]) -> Outcome<BTreeMap<PathBuf, Lines>> {
    let report: Value = serde_json::from_str(json).map_err(|error| format!("llvm-cov's report: {error}"))?;
    let mut files = BTreeMap::new();
    for file in report["data"][0]["files"].as_array().ok_or("llvm-cov's report has no list of files")? {
        let Some(path) = file["filename"].as_str().and_then(|path| Path::new(path).strip_prefix(root).ok())
        else {
            continue;
        };
        let of_tests = path.with_extension("").iter().any(|part| part == "tests");
        if of_tests || !packages.iter().any(|package| path.starts_with(package.folder)) {
            continue;
        }
        let lines = &file["summary"]["lines"];
        let number =
            |key: &str| lines[key].as_u64().ok_or("a file in llvm-cov's report has no count of lines");
        files.insert(path.to_owned(), Lines { all: number("count")?, executed: number("covered")? });
    }
    Ok(files)
}

/// A row for each folder below `src`, or for each file, with sums for the packages and for everything.
fn table(files: &BTreeMap<PathBuf, Lines>, each_file: bool) -> String {
    let mut folders: BTreeMap<PathBuf, Lines> = BTreeMap::new();
    let mut sums = BTreeMap::new();
    let mut all = Lines::default();
    for (path, lines) in files {
        // The package's sources, and the first folder in there.
        let src = PACKAGES.iter().find(|package| path.starts_with(package.folder)).map_or("", |p| p.folder);
        let mut inside = path.strip_prefix(src).unwrap_or(path).iter();
        let first = inside.next().filter(|_| inside.next().is_some());
        let folder = first.map_or_else(|| PathBuf::from(src), |first| Path::new(src).join(first));
        folders.entry(folder).or_default().add(*lines);
        sums.entry(src).or_insert_with(Lines::default).add(*lines);
        all.add(*lines);
    }
    let mut text = String::new();
    if each_file {
        files.iter().for_each(|(path, lines)| text += &lines.row(&path.display().to_string()));
        text.push('\n');
    }
    folders.iter().for_each(|(folder, lines)| text += &lines.row(&folder.display().to_string()));
    text.push('\n');
    sums.iter().for_each(|(src, lines)| text += &lines.row(&format!("{src}, all")));
    text += &all.row("everything");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_programs_and_macros_of_the_workspace_are_read() {
        let artifact = |name: &str, manifest: &str, kind: &str, executable: &str| {
            format!(
                r#"{{"reason":"compiler-artifact","manifest_path":"{manifest}/Cargo.toml","target":{{"kind":["{kind}"]}},
                "filenames":["/t/{name}"],"executable":{executable}}}"#
            )
            .replace('\n', "")
        };
        let messages = [
            artifact("channel-1", "/repo/gochan", "test", "\"/t/channel-1\""),
            artifact("libgochan.rlib", "/repo/gochan", "lib", "null"),
            artifact("libgochan_macros.so", "/repo/gochan-macros", "proc-macro", "null"),
            artifact("libserde_derive.so", "/registry/serde_derive", "proc-macro", "null"),
            r#"{"reason":"build-finished","success":true}"#.to_owned(),
        ];
        let found = objects(&messages.join("\n"), Path::new("/repo"));
        assert_eq!(found, ["/t/channel-1", "/t/libgochan_macros.so"]);
    }

    #[test]
    fn lines_are_added_up_by_folder() {
        let file = |path: &str, count: u32, covered: u32| {
            format!(
                r#"{{"filename":"{path}","summary":{{"lines":{{"count":{count},"covered":{covered}}}}}}}"#
            )
        };
        let files = [
            file("/repo/gochan/src/lib.rs", 10, 5),
            file("/repo/gochan/src/chan/lock.rs", 10, 10),
            file("/repo/gochan/src/chan/deep/er.rs", 20, 10),
            file("/repo/gochan/src/chan/tests.rs", 99, 0),
            file("/repo/gochan/tests/channel.rs", 99, 0),
            file("/registry/syn/src/lib.rs", 99, 0),
        ];
        let json = format!(r#"{{"data":[{{"files":[{}]}}]}}"#, files.join(","));
        let files = read(&json, Path::new("/repo"), &PACKAGES).unwrap();
        assert_eq!(files[Path::new("gochan/src/chan/lock.rs")], Lines { all: 10, executed: 10 });
        assert_eq!(
            table(&files, false),
            "  50.0 %       5 of     10  gochan/src\n  66.7 %      20 of     30  gochan/src/chan\n\n  \
             62.5 %      25 of     40  gochan/src, all\n  62.5 %      25 of     40  everything\n"
        );
    }

    #[test]
    fn what_llvm_cov_does_not_print_is_an_error() {
        assert!(read("", Path::new("/repo"), &PACKAGES).is_err());
        assert!(read("{}", Path::new("/repo"), &PACKAGES).is_err());
    }
}
