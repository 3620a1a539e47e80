//! gochan's tests under a sanitizer.

use std::path::Path;

use clap::{Args, ValueEnum};

use crate::command::Cmd;
use crate::{Outcome, root, target_dir};

#[derive(Args)]
pub(crate) struct Options {
    /// Fail, rather than skip, when no toolchain can do it
    #[arg(long)]
    require: bool,
    /// Use the stable toolchain with RUSTC_BOOTSTRAP=1: this switches its unstable options on, against
    /// rustc's promise of stability, so it is good enough for a look and not for a verdict
    #[arg(long)]
    bootstrap: bool,
    /// Whether std is rebuilt with the sanitizer, which needs the component rust-src
    #[arg(long)]
    std: Option<Std>,
    /// Passed on to `cargo test`, such as `--test channel`; what follows a further `--` goes to the tests
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Std {
    Rebuilt,
    AsIs,
}

pub(crate) struct Sanitizer {
    /// As rustc and cargo's target directory call it.
    name: &'static str,
    backend: &'static str,
    /// How std is used unless the maintainer says otherwise.
    std: Std,
    /// Flags for rustc.
    flags: &'static [&'static str],
    /// cargo's `opt-level` for everything that is built.
    optimised: &'static str,
    /// Flags for rustc that only a std built without the sanitizer asks for.
    mixing: &'static [&'static str],
    /// Tests that cannot work under it, by parts of their names.
    skipped: &'static [&'static str],
    /// The variable that the sanitizer's runtime reads, and what it is to read.
    settings: fn() -> (&'static str, String),
}

pub(crate) const ADDRESS: Sanitizer = Sanitizer {
    name: "address",
    backend: "coroutines",
    std: Std::AsIs,
    // The runtime tells of its switches between stacks then.
    flags: &["--cfg=gochan_asan"],
    optimised: "0",
    mixing: &[],
    skipped: &[],
    settings: || {
        (
            "ASAN_OPTIONS",
            "detect_stack_use_after_return=0:detect_leaks=0:allocator_may_return_null=1".to_owned(),
        )
    },
};

pub(crate) const THREAD: Sanitizer = Sanitizer {
    name: "thread",
    backend: "threads",
    std: Std::Rebuilt,
    flags: &[],
    // Std is rebuilt, and with it what looks up the names for a backtrace. Without optimisation one lookup takes more than
    // half a minute, and tests of reports run into their limits.
    optimised: "1",
    // rustc holds that code with and without this sanitizer cannot be mixed, for the reason that
    // `THREAD_HELP` tells; a run with the std that is there has to.
    mixing: &["-Cunsafe-allow-abi-mismatch=sanitizer"],
    skipped: &[
        // In a child of several threads that forked, the sanitizer's own locks may be held for ever.
        "go_23_",
        // A stack overflow ends in the sanitizer's handler.
        "go_15_an_overflow",
        // The runtime of the sanitizer keeps a signal back until the thread makes a call that it knows to block. The waits
        // of std are none.
        "what_something_could_still_wake_is_no_deadlock",
        "dl_02_a_program_that_waits_for_signals",
        "dl_06_",
        "dl_07_",
        // The memory that the sanitizer keeps for each thread does not return.
        "go_14_parked_goroutines_are_released_and_their_memory_returns",
    ],
    settings: || {
        let known = root().join("xtask/tsan.supp");
        let known = format!("halt_on_error=1:allocator_may_return_null=1:suppressions={}", known.display());
        ("TSAN_OPTIONS", known)
    },
};

pub(crate) const ADDRESS_HELP: &str = "\
Run gochan's unit and integration tests under AddressSanitizer on the coroutines backend. Needs a nightly
toolchain.

What it does not see, unless --std rebuilt:
  - accesses that std's precompiled code makes (generic code of std is compiled with the tests, and is seen).
What it never sees:
  - use of a stack frame after its function returned: the fake stacks for that do not know coroutines, so it
    is off;
  - leaks: goroutines that the end of the process cuts off would all be reported.
The runtime tells it of switches between stacks, by --cfg gochan_asan. Doc tests are not run.";

pub(crate) const THREAD_HELP: &str = "\
Run gochan's unit and integration tests under ThreadSanitizer on the threads backend. Needs a nightly
toolchain with the component rust-src.

ThreadSanitizer cannot follow stacks that are switched without telling it, so the coroutines backend is left
to AddressSanitizer and to the models.

Std is rebuilt with it. With --std as-is it does not see what std's precompiled code does to order threads:
the slow path of Mutex, Condvar, Once, parking, the fence when an Arc is dropped. It then reports races that
are none, in the test harness first of all, so such a run can find something but can never pass.

It never sees ordering by fences alone. xtask/tsan.supp names further false reports, with their reasons. Tests
that cannot work under it are skipped: of forks, stack overflows, signals, and memory that returns. Doc tests are
not run.";

pub(crate) fn run(sanitizer: &Sanitizer, options: Options) -> Outcome {
    let std = options.std.unwrap_or(sanitizer.std);
    let cargo = match toolchain(options.bootstrap, std) {
        Ok(cargo) => cargo,
        Err(missing) if options.require => return Err(missing),
        Err(missing) => {
            println!("skipped: {missing}");
            return Ok(());
        }
    };
    let command = command(sanitizer, cargo, std, &options.args)?;
    println!("{command}");
    command.run()
}

/// gochan's tests under AddressSanitizer, those that `args` choose: on a nightly toolchain, or else on the stable one
/// with its unstable options switched on. The backend is left to what is run.
pub(crate) fn address(args: &[&str]) -> Outcome<Cmd> {
    let cargo = toolchain(false, Std::AsIs).or_else(|_| toolchain(true, Std::AsIs))?;
    let libdir = Cmd::new("rustc", &["--print", "target-libdir"]).output().unwrap_or_default();
    let files = std::fs::read_dir(libdir).into_iter().flatten().flatten();
    if !files.into_iter().any(|file| file.file_name().to_string_lossy().contains("rt.asan")) {
        return Err("the toolchain comes without AddressSanitizer for this machine".to_owned());
    }
    let args: Vec<_> = args.iter().map(ToString::to_string).collect();
    Ok(command(&ADDRESS, cargo, Std::AsIs, &args)?.without_env("GOCHAN_BACKEND"))
}

fn command(sanitizer: &Sanitizer, cargo: Cmd, std: Std, args: &[String]) -> Outcome<Cmd> {
    let host = Cmd::new("rustc", &["-vV"]).output().unwrap_or_default();
    let host =
        host.lines().find_map(|line| line.strip_prefix("host: ")).ok_or("rustc does not tell its host")?;
    let mut flags = vec![format!("-Zsanitizer={}", sanitizer.name)];
    flags.extend(sanitizer.flags.iter().map(ToString::to_string));
    let mut folder = sanitizer.name.to_owned();
    match std {
        Std::Rebuilt => folder.push_str("-std"),
        Std::AsIs => flags.extend(sanitizer.mixing.iter().map(ToString::to_string)),
    }
    let (variable, settings) = (sanitizer.settings)();
    // An explicit target keeps the sanitizer out of build scripts and proc macros.
    let command = cargo
        .args(["test", "-p", "gochan", "--no-fail-fast", "--target", host, "--target-dir"])
        .arg(target_dir().join(folder))
        .args((std == Std::Rebuilt).then_some("-Zbuild-std"))
        .args((!chooses_tests(args)).then_some("--tests"))
        .args(args.iter().cloned())
        .args((!sanitizer.skipped.is_empty() && !args.iter().any(|arg| arg == "--")).then_some("--"))
        .args(sanitizer.skipped.iter().flat_map(|name| ["--skip", name]))
        .env_flags("RUSTFLAGS", &flags.join(" "))
        .env("CARGO_PROFILE_DEV_OPT_LEVEL", sanitizer.optimised)
        .env("GOCHAN_BACKEND", sanitizer.backend)
        .env(variable, settings);
    Ok(command)
}

/// Whether these arguments of `cargo test` say which targets to test.
fn chooses_tests(args: &[String]) -> bool {
    let ours = args.iter().take_while(|arg| *arg != "--");
    ours.into_iter()
        .any(|arg| ["--test", "--lib", "--tests"].iter().any(|name| arg.split('=').next() == Some(name)))
}

/// The start of a cargo command that accepts unstable options, or what is missing for it.
fn toolchain(bootstrap: bool, std: Std) -> Outcome<Cmd> {
    let current = Cmd::new("rustc", &["--version"]).output().unwrap_or_default();
    let nightly = |tool: &'static str| Cmd::new("rustup", &["run", "nightly", tool]);
    let (rustc, cargo) = if bootstrap {
        (Cmd::new("rustc", &[]), Cmd::cargo(&[]).env("RUSTC_BOOTSTRAP", "1"))
    } else if current.contains("nightly") {
        (Cmd::new("rustc", &[]), Cmd::cargo(&[]))
    } else if nightly("rustc").args(["--version"]).output().is_some() {
        (nightly("rustc"), nightly("cargo"))
    } else {
        return Err(
            "no nightly toolchain found (`rustup toolchain install nightly`, or --bootstrap)".to_owned()
        );
    };
    let sysroot = rustc.args(["--print", "sysroot"]).output().unwrap_or_default();
    if std == Std::Rebuilt && !Path::new(&sysroot).join("lib/rustlib/src/rust/library").is_dir() {
        return Err(
            "to rebuild std, the toolchain needs `rustup component add rust-src`; or take --std as-is \
                    and read in --help what that costs"
                .to_owned(),
        );
    }
    Ok(cargo)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_chosen_by_cargo_arguments_only() {
        let chooses =
            |args: &[&str]| chooses_tests(&args.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert!(chooses(&["--test", "channel"]) && chooses(&["--test=channel"]) && chooses(&["--lib"]));
        assert!(!chooses(&[]) && !chooses(&["ch_07"]) && !chooses(&["--", "--test-threads=1", "--test"]));
    }
}
