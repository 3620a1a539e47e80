//! Everything a change must pass, one step after the other, stopping at the first that fails.

use std::time::{Duration, Instant};

use clap::Args;

use crate::command::Cmd;
use crate::counts::Counts;
use crate::{Outcome, behaviour, fuzz_runtime, house, model};

#[derive(Args)]
pub(crate) struct Options {
    /// Only format, lints, the tests on the default backend and the behaviour rows
    #[arg(long)]
    quick: bool,
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
    Behaviour,
    House,
}

pub(crate) fn run(options: Options) -> Outcome {
    need_component("fmt", "rustfmt")?;
    need_component("clippy", "clippy")?;
    let mut counts = Counts::default();
    let mut times = Vec::new();
    let mut failure = None;
    for step in steps().into_iter().filter(|step| step.quick || !options.quick) {
        println!("\n==> {}", step.name);
        let start = Instant::now();
        let ok = step.action.run(&mut counts)?;
        times.push((step.name, ok, start.elapsed()));
        if !ok {
            failure = Some(step);
            break;
        }
    }
    println!();
    for (name, ok, took) in times {
        println!("{:>8}  {}  {name}", seconds(took), if ok { "ok    " } else { "FAILED" });
    }
    if counts.ignored > 0 {
        println!("({} tests were skipped; each says why in its source)", counts.ignored);
    }
    if let Some(step) = failure {
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
            Action::Behaviour => Ok(behaviour::run().inspect_err(|message| println!("{message}")).is_ok()),
            Action::House => Ok(house::run().inspect_err(|message| println!("{message}")).is_ok()),
        }
    }

    fn how_to_repeat(&self) -> String {
        match self {
            Action::Run(command) => command.to_string(),
            Action::Task(task, _) => (*task).to_owned(),
            Action::Behaviour => "cargo xtask behaviour".to_owned(),
            Action::House => "cargo xtask house".to_owned(),
        }
    }
}

/// The linter of this very repository, over this very repository, with the code in its documentation.
const GOCHAN_LINTS: [&str; 10] =
    ["run", "-qp", "gochan-lint", "--", "--workspace", "--doc", "-D", "all", "--format", "short"];

/// What is not built unless somebody asks for it.
const FEATURES: &str = "--features=xtask/bench,gochan/tokio-util,gochan/tracing,gochan/pprof";

fn steps() -> Vec<Step> {
    let cargo = |args: &[&str]| Action::Run(Cmd::cargo(args));
    // Doc tests are not part of what nextest runs, so the other tests leave them out in either case.
    let runner: &[&str] = match Cmd::cargo(&["nextest", "--version"]).output() {
        Some(_) => &["nextest", "run", "--no-fail-fast", "--no-tests=pass"],
        None => &["test", "--no-fail-fast"],
    };
    let tests = |args: &[&str]| Cmd::cargo(runner).args(args.iter().copied());
    // Explorations run on one thread whatever the backend and the workers are, and take long. One of their binaries is
    // enough to see that.
    let but_explorations: &[&str] =
        if runner[0] == "nextest" { &["-E", "not binary(/^explore_|_explore$/)"] } else { &[] };
    let runtime_tests = || {
        tests(&["-p", "gochan", "--features=tokio-util,tracing,pprof", "--test", "*"])
            .args(but_explorations.iter().copied())
    };
    let workspace =
        ["--workspace", "--exclude=ui-tests", "--exclude=gochan-examples", "--all-targets", FEATURES];
    let lints = ["clippy", "--workspace", "--all-targets", FEATURES, "--", "-Dwarnings"];
    let peers = ["fmt", "--check", "--manifest-path", "xtask/bench/peers/Cargo.toml"];

    let mut steps = Vec::new();
    let mut step = |name, quick, action| steps.push(Step { name, quick, action });
    step("format", true, cargo(&["fmt", "--all", "--check"]));
    step("format of the bench peers", true, cargo(&peers));
    step("lints", true, cargo(&lints));
    step("gochan's lints", true, cargo(&GOCHAN_LINTS));
    step("tests", true, Action::Run(tests(&workspace)));
    step("tests of the examples", true, Action::Run(tests(&["-p", "gochan-examples", "--all-targets"])));
    step("tests of what must not compile", false, Action::Run(tests(&["-p", "ui-tests", "--all-targets"])));
    step("doc tests", false, cargo(&["test", "--workspace", "--doc", FEATURES, "--no-fail-fast"]));
    let threads = runtime_tests().env("GOCHAN_BACKEND", "threads");
    step("runtime tests, threads backend", false, Action::Run(threads));
    step("runtime tests, one worker", false, Action::Run(runtime_tests().env("GOCHAN_MAXPROCS", "1")));
    step("models", false, Action::Task("cargo xtask model", model::command(&[])));
    step("loom models", false, Action::Task("cargo xtask model --loom", model::loom_command(&[])));
    step("random programs", false, Action::Task("cargo xtask fuzz-runtime", fuzz_runtime::short()));
    let docs =
        Cmd::cargo(&["doc", "--workspace", "--no-deps", FEATURES]).env_flags("RUSTDOCFLAGS", "-Dwarnings");
    step("docs", false, Action::Run(docs));
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
