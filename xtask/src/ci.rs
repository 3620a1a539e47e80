//! Everything a change must pass, one step after the other, stopping at the first that fails unless told to go on.

use std::time::{Duration, Instant};

use clap::Args;

use crate::command::Cmd;
use crate::counts::Counts;
use crate::{Outcome, behaviour, fuzz_runtime, house, model, portability};

#[derive(Args)]
pub(crate) struct Options {
    /// Only format, lints, the tests on the default backend and the behaviour rows
    #[arg(long)]
    quick: bool,
    /// Run the steps that are left after one has failed
    #[arg(long)]
    keep_going: bool,
}

/// Something to do, and whether a quick run does it too.
struct Step {
    name: &'static str,
    quick: bool,
    action: Action,
}

enum Action {
    Run(Cmd),
    /// Runs a command of this program, which is what to type to repeat it.
    Task(&'static str, Cmd),
    Kernels,
    Behaviour,
    House,
}

pub(crate) fn run(options: Options) -> Outcome {
    need_component("fmt", "rustfmt")?;
    need_component("clippy", "clippy")?;
    let mut counts = Counts::default();
    let mut times = Vec::new();
    let mut failures = Vec::new();
    for step in steps().into_iter().filter(|step| step.quick || !options.quick) {
        println!("\n==> {}", step.name);
        let start = Instant::now();
        let ok = step.action.run(&mut counts)?;
        times.push((step.name, ok, start.elapsed()));
        if !ok {
            failures.push(step);
            if !options.keep_going {
                break;
            }
        }
    }
    println!();
    for (name, ok, took) in times {
        println!("{:>8}  {}  {name}", seconds(took), if ok { "ok    " } else { "FAILED" });
    }
    if counts.ignored > 0 {
        println!("({} tests were skipped; each says why in its source)", counts.ignored);
    }
    for step in failures {
        println!("\n{} failed. To repeat it:\n  {}\n", step.name, step.action.how_to_repeat());
        // A lint or a build that fails is a failure too, although no test says so.
        counts.failed = counts.failed.max(1);
    }
    println!("{} passed, {} failed", counts.passed, counts.failed);
    if counts.failed > 0 {
        // Without a message: the line above is to be the last.
        std::process::exit(1);
    }
    Ok(())
}

impl Action {
    fn run(&self, counts: &mut Counts) -> Outcome<bool> {
        match self {
            Action::Run(command) | Action::Task(_, command) => {
                println!("    {command}");
                let (ok, counted) = command.run_counting()?;
                counts.add(counted);
                Ok(ok)
            }
            Action::Kernels => portability::run_counting(counts),
            Action::Behaviour => Ok(behaviour::run().inspect_err(|message| println!("{message}")).is_ok()),
            Action::House => Ok(house::check_all().inspect_err(|message| println!("{message}")).is_ok()),
        }
    }

    fn how_to_repeat(&self) -> String {
        match self {
            Action::Run(command) => command.to_string(),
            Action::Task(task, _) => (*task).to_owned(),
            Action::Kernels => "cargo xtask portability".to_owned(),
            Action::Behaviour => "cargo xtask behaviour".to_owned(),
            Action::House => "cargo xtask house".to_owned(),
        }
    }
}

/// The linter of this very repository, over this very repository, with the code in its documentation.
const GOCHAN_LINTS: [&str; 10] =
    ["run", "-qp", "gochan-lint", "--", "--workspace", "--doc", "-D", "all", "--format", "short"];

/// The insides of gochan's macros, which rustfmt leaves as they are.
const GOCHAN_FORMAT: [&str; 9] =
    ["run", "-qp", "gochan-lint", "--bin", "cargo-gochan-fmt", "--", "--macros-only", "--all", "--check"];

/// What is not built unless somebody asks for it.
pub(crate) const FEATURES: &str = "--features=xtask/bench,xtask/lint,gochan/tokio,gochan/tokio-util,gochan/futures-sink,gochan/tracing,gochan/pprof";

/// How cargo runs tests: by nextest if it is installed. Doc tests are not part of what nextest runs, so the callers leave
/// them out in either case.
pub(crate) fn test_runner() -> &'static [&'static str] {
    match Cmd::cargo(&["nextest", "--version"]).output() {
        Some(_) => &["nextest", "run", "--no-fail-fast", "--no-tests=pass"],
        None => &["test", "--no-fail-fast"],
    }
}

/// Of the tests of the workspace, which are built by then, those of the runtime. Explorations run on one thread whatever
/// the backend and the workers are, and take long. One of their modules, without its longest test, is enough to see that.
const RUNTIME: &str = "package(gochan) and kind(test) \
    and (not binary(explore) or (test(/^attribute::/) - test(work_without_end)))";

/// Of what takes a process of its own, the tests of own thread-locals.
const OWN_TLS: &str = "not binary(process) or test(/^(own_tls|worker_threads|thread_scopes)::/)";

/// All tests but those of what must not compile and of the examples.
pub(crate) const WORKSPACE_TESTS: [&str; 5] =
    ["--workspace", "--exclude=ui-tests", "--exclude=gochan-examples", "--all-targets", FEATURES];

fn steps() -> Vec<Step> {
    let cargo = |args: &[&str]| Action::Run(Cmd::cargo(args));
    let runner = test_runner();
    let tests = |args: &[&str]| Cmd::cargo(runner).args(args.iter().copied());
    let own_tls: &[&str] = if runner[0] == "nextest" { &["-E", OWN_TLS] } else { &[] };
    let runtime_tests = || {
        if runner[0] == "nextest" {
            tests(&WORKSPACE_TESTS).args(["-E", RUNTIME])
        } else {
            tests(&["-p", "gochan", "--features=tokio,tokio-util,futures-sink,tracing,pprof", "--test", "*"])
        }
    };
    let lints =
        ["clippy", "--workspace", "--all-targets", FEATURES, "--features=gochan/virtual", "--", "-Dwarnings"];
    let peers = ["fmt", "--check", "--manifest-path", "xtask/bench/peers/Cargo.toml"];

    let mut steps = Vec::new();
    let mut step = |name, quick, action| steps.push(Step { name, quick, action });
    step("format", true, cargo(&["fmt", "--all", "--check"]));
    step("format of the bench peers", true, cargo(&peers));
    step("format in the macros", true, cargo(&GOCHAN_FORMAT));
    step("lints", true, cargo(&lints));
    step("gochan's lints", true, cargo(&GOCHAN_LINTS));
    step("tests", true, Action::Run(tests(&WORKSPACE_TESTS)));
    step("tests as on other kernels", false, Action::Kernels);
    step("tests of the examples", true, Action::Run(tests(&["-p", "gochan-examples", "--all-targets"])));
    step("tests of what must not compile", false, Action::Run(tests(&["-p", "ui-tests", "--all-targets"])));
    step("doc tests", false, cargo(&["test", "--workspace", "--doc", FEATURES, "--no-fail-fast"]));
    let threads = runtime_tests().env("GOCHAN_BACKEND", "threads");
    step("runtime tests, threads backend", false, Action::Run(threads));
    // Channels and locks on thread-locals of their own, and what is special to these.
    let own = ["channel", "sync", "process"].map(|binary| ["--test", binary]).concat();
    let own = tests(&["-p", "gochan", "--features=tracing,virtual"]).args(own).args(own_tls.iter().copied());
    step("some tests, virtual backend", false, Action::Run(own.env("GOCHAN_BACKEND", "virtual")));
    step("runtime tests, one worker", false, Action::Run(runtime_tests().env("GOCHAN_MAXPROCS", "1")));
    step("models", false, Action::Task("cargo xtask model", model::command(&[])));
    step("loom models", false, Action::Task("cargo xtask model --loom", model::loom_command(&[])));
    step("random programs", false, Action::Task("cargo xtask fuzz-runtime", fuzz_runtime::short()));
    // Public pages alone as well, last: only they report links to private items.
    let docs = |more: &[&str]| {
        let doc = Cmd::cargo(&["doc", "--workspace", "--no-deps", FEATURES]).args(more.iter().copied());
        Action::Run(doc.env_flags("RUSTDOCFLAGS", "-Dwarnings"))
    };
    step("docs of private items", false, docs(&["--document-private-items"]));
    step("docs", false, docs(&[]));
    let pack = ["xtask", "package", "--allow-dirty"];
    step("packages", false, cargo(&pack));
    step("behaviour rows", true, Action::Behaviour);
    step("house", true, Action::House);
    steps
}

fn need_component(subcommand: &str, component: &str) -> Outcome {
    if Cmd::cargo(&[subcommand, "--version"]).output().is_some() {
        return Ok(());
    }
    Err(format!("`cargo {subcommand}` is missing; run `rustup component add {component}`"))
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quick_run_has_fewer_steps_and_every_step_can_be_repeated() {
        let steps = steps();
        let quick = steps.iter().filter(|step| step.quick).count();
        assert!(0 < quick && quick < steps.len());
        assert!(steps.iter().all(|step| step.action.how_to_repeat().contains("cargo ")));
    }
}
