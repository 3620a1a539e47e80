//! Everything a change must pass, one step after the other, stopping at the first that fails unless told to go on.

use std::time::{Duration, Instant};

use clap::Args;

use crate::command::Cmd;
use crate::counts::Counts;
use crate::{Outcome, behaviour, fuzz_runtime, house, model, portability, target_dir};

#[derive(Args)]
pub(crate) struct Options {
    /// Only format, lints, the tests on the default backend and the behaviour rows
    #[arg(long)]
    quick: bool,
    /// Also what takes long and seldom finds more: all tests of the runtime on threads and on one worker, and explorations
    /// from more beginnings
    #[arg(long, conflicts_with = "quick")]
    full: bool,
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
    for step in steps(options.full).into_iter().filter(|step| step.quick || !options.quick) {
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
const GOCHAN_LINTS: &str = "cargo run -qp gochan-lint -- --workspace --doc -D all --format short";

/// The insides of gochan's macros, which rustfmt leaves as they are.
const GOCHAN_FORMAT: &str = "cargo run -qp gochan-lint --bin cargo-gochan-fmt -- --macros-only --all --check";

/// A program of `gochan-lint` that was built with the tests. `cargo run` alone would build its dependencies again, with the
/// features that they have without the tests.
fn of_gochan_lint(name: &str, to_repeat: &'static str) -> Action {
    let (_, args) = to_repeat.split_once(" -- ").expect("it has arguments");
    let program = target_dir().join("debug").join(name);
    let program = Cmd::new(program.display().to_string(), &args.split(' ').collect::<Vec<_>>());
    Action::Task(to_repeat, program)
}

/// What is not built unless somebody asks for it. All steps build the same, so that each finds what the others have built.
pub(crate) const FEATURES: &str = "--features=xtask/bench,xtask/lint,gochan/tokio,gochan/tokio-util,gochan/futures-sink,gochan/tracing,gochan/pprof,gochan/virtual";
/// Of these, those of gochan.
const FEATURES_OF_GOCHAN: &str = "--features=tokio,tokio-util,futures-sink,tracing,pprof,virtual";

/// How cargo runs tests: by nextest if it is installed. Doc tests are not part of what nextest runs, so the callers leave
/// them out in either case.
pub(crate) fn test_runner() -> &'static [&'static str] {
    match Cmd::cargo(&["nextest", "--version"]).output() {
        Some(_) => &["nextest", "run", "--no-fail-fast", "--no-tests=pass"],
        None => &["test", "--no-fail-fast"],
    }
}

/// Some of the tests. All steps build the same, and choose among what is built, so that nothing is built twice.
struct Tests {
    /// As a filter of nextest.
    filter: String,
    /// As arguments of `cargo test`, which builds what it runs alone.
    args: Vec<&'static str>,
}

impl Tests {
    fn command(&self) -> Cmd {
        let runner = test_runner();
        if runner[0] == "nextest" {
            Cmd::cargo(runner).args(WORKSPACE_TESTS).args(["-E", &self.filter])
        } else {
            Cmd::cargo(runner).args(self.args.iter().copied())
        }
    }

    fn of_package(name: &'static str) -> Tests {
        Tests { filter: format!("package({name})"), args: vec!["-p", name, "--all-targets"] }
    }

    /// All but those of what must not compile and of the examples, which have steps of their own.
    fn of_the_rest() -> Tests {
        Tests {
            filter: "not (package(ui-tests) or package(gochan-examples))".to_owned(),
            args: [&WORKSPACE_TESTS[..], &["--exclude=ui-tests", "--exclude=gochan-examples"]].concat(),
        }
    }

    /// Those of the runtime. Explorations and virtual time run on one thread whatever the backend and the workers are, and
    /// take long. A module of each is enough to see that.
    fn of_the_runtime(but: &str) -> Tests {
        let explorations = "binary(explore) - (test(/^attribute::/) - test(work_without_end))";
        let virtual_time = "binary(time) and test(/^virtual_(time|programs)::/)";
        Tests {
            filter: format!("package(gochan) and kind(test) - ({explorations}) - ({virtual_time}) - ({but})"),
            args: vec!["-p", "gochan", FEATURES_OF_GOCHAN, "--test", "*"],
        }
    }

    fn of_all_the_runtime() -> Tests {
        Tests { filter: "package(gochan) and kind(test)".to_owned(), ..Tests::of_the_runtime("none()") }
    }

    /// Channels and locks on thread-locals of their own, and what is special to these.
    fn of_own_tls() -> Tests {
        let own = "test(/^(own_tls|worker_threads|thread_scopes)::/)";
        Tests {
            filter: format!(
                "package(gochan) and (binary(channel) or binary(sync) or (binary(process) and {own}))"
            ),
            args: vec!["-p", "gochan", FEATURES_OF_GOCHAN, "--test=channel", "--test=sync", "--test=process"],
        }
    }
}

/// Tests that set the number of workers themselves, and tests of stacks and of the system's threads, for which the number
/// makes no difference.
const NOT_OF_ONE_WORKER: &str = "binary(process) and (test(every_classic_deadlock_is_called) or \
    test(/^(busy_machine|deadlock_alive|deadlock_in_test|goroutine_stack|os_threads|own_tls|polling|pool_threads|stack_guard|stack_limits)::/))";

/// What the steps build for the tests.
pub(crate) const WORKSPACE_TESTS: [&str; 3] = ["--workspace", "--all-targets", FEATURES];

fn steps(full: bool) -> Vec<Step> {
    let cargo = |args: &[&str]| Action::Run(Cmd::cargo(args));
    let tests = |tests: Tests| Action::Run(tests.command());
    let runtime_tests =
        |but| if full { Tests::of_all_the_runtime() } else { Tests::of_the_runtime(but) }.command();
    let lints = ["clippy", "--workspace", "--all-targets", FEATURES, "--", "-Dwarnings"];
    let peers = ["fmt", "--check", "--manifest-path", "xtask/bench/peers/Cargo.toml"];

    let mut steps = Vec::new();
    let mut step = |name, quick, action| steps.push(Step { name, quick, action });
    step("format", true, cargo(&["fmt", "--all", "--check"]));
    step("format of the bench peers", true, cargo(&peers));
    step("lints", true, cargo(&lints));
    step("build of the tests", true, cargo(&[&["test", "--no-run"], &WORKSPACE_TESTS[..]].concat()));
    step("format in the macros", true, of_gochan_lint("cargo-gochan-fmt", GOCHAN_FORMAT));
    step("gochan's lints", true, of_gochan_lint("cargo-gochan-lint", GOCHAN_LINTS));
    let all = Tests::of_the_rest().command();
    let all = if full { all.env("GOCHAN_TEST_BEGINNINGS", "25") } else { all };
    step("tests", true, Action::Run(all));
    // What most programs use has no `virtual`, with which all else is built.
    let plain = Cmd::cargo(test_runner()).args(["-p", "gochan", "--test", "channel"]);
    step("tests with the default features", false, Action::Run(plain));
    step("tests as on other kernels", false, Action::Kernels);
    step("tests of the examples", true, tests(Tests::of_package("gochan-examples")));
    step("tests of what must not compile", false, tests(Tests::of_package("ui-tests")));
    step("doc tests", false, cargo(&["test", "--workspace", "--doc", FEATURES, "--no-fail-fast"]));
    let threads = runtime_tests("none()").env("GOCHAN_BACKEND", "threads");
    step("runtime tests, threads backend", false, Action::Run(threads));
    let own_tls = Tests::of_own_tls().command().env("GOCHAN_BACKEND", "virtual");
    step("some tests, virtual backend", false, Action::Run(own_tls));
    let one = runtime_tests(NOT_OF_ONE_WORKER);
    step("runtime tests, one worker", false, Action::Run(one.env("GOCHAN_MAXPROCS", "1")));
    step("models", false, Action::Task("cargo xtask model", model::command(&[])));
    step("loom models", false, Action::Task("cargo xtask model --loom", model::loom_command(&[])));
    step("random programs", false, Action::Task("cargo xtask fuzz-runtime", fuzz_runtime::short()));
    let docs = |more: &[&str]| {
        let doc = Cmd::cargo(&["doc", "--workspace", "--no-deps", FEATURES]).args(more.iter().copied());
        Action::Run(doc.env_flags("RUSTDOCFLAGS", "-Dwarnings"))
    };
    step("docs of private items", false, docs(&["--document-private-items"]));
    // Public pages alone as well: only they report links to private items. Those of programs have both anyhow.
    step("docs", false, docs(&["--lib"]));
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
        let steps = steps(false);
        let quick = steps.iter().filter(|step| step.quick).count();
        assert!(0 < quick && quick < steps.len());
        assert!(steps.iter().all(|step| step.action.how_to_repeat().contains("cargo ")));
    }
}
