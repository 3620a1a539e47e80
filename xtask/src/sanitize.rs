//! gochan's tests under a sanitizer, as far as that goes without rebuilding std.

use clap::Args;

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
    /// Rebuild std with the sanitizer too; needs `rustup component add rust-src --toolchain nightly`
    #[arg(long)]
    build_std: bool,
    /// Passed on to `cargo test`; what follows a further `--` goes to the tests
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

pub(crate) struct Sanitizer {
    /// As rustc and cargo's target directory call it.
    name: &'static str,
    /// Flags for rustc that only a std built without the sanitizer asks for.
    mixing: &'static str,
    backend: &'static str,
    /// The variable that the sanitizer's runtime reads, and what it is to read.
    settings: fn() -> (&'static str, String),
}

pub(crate) const ADDRESS: Sanitizer = Sanitizer {
    name: "address",
    mixing: "",
    backend: "coroutines",
    settings: || ("ASAN_OPTIONS", "detect_stack_use_after_return=0:detect_leaks=0".to_owned()),
};

pub(crate) const THREAD: Sanitizer = Sanitizer {
    name: "thread",
    // rustc holds that code with and without this sanitizer cannot be mixed, for the reason that
    // `THREAD_HELP` tells; a run with the std that is there has to.
    mixing: " -Cunsafe-allow-abi-mismatch=sanitizer",
    backend: "threads",
    settings: || {
        let known = root().join("xtask/tsan.supp");
        ("TSAN_OPTIONS", format!("halt_on_error=1:suppressions={}", known.display()))
    },
};

pub(crate) const ADDRESS_HELP: &str = "\
Run gochan's unit and integration tests under AddressSanitizer on the coroutines backend. Needs a nightly
toolchain.

What it does not see, unless --build-std rebuilds std:
  - accesses that std's precompiled code makes (generic code of std is compiled with the tests, and is seen).
What it never sees:
  - use of a stack frame after its function returned: the fake stacks for that do not know coroutines, so it
    is off;
  - leaks: goroutines that the end of the process cuts off would all be reported.
Doc tests are not run.";

pub(crate) const THREAD_HELP: &str = "\
Run gochan's unit and integration tests under ThreadSanitizer on the threads backend. Needs a nightly
toolchain.

ThreadSanitizer cannot follow stacks that are switched without telling it, so the coroutines backend is left
to AddressSanitizer and to the models.

Unless --build-std rebuilds std, it does not see what std's precompiled code does to order threads: the slow
path of std's Mutex, Condvar, parking. It then reports races that are none wherever data is guarded by those
alone, and only a run with --build-std is a verdict. xtask/tsan.supp names further false reports, with their
reasons.
It never sees ordering by fences alone.
Doc tests are not run.";

pub(crate) fn run(sanitizer: &Sanitizer, options: Options) -> Outcome {
    let Some(command) = toolchain(options.bootstrap) else {
        let missing = "no nightly toolchain found (`rustup toolchain install nightly`, or --bootstrap)";
        if options.require {
            return Err(missing.to_owned());
        }
        println!("skipped: {missing}");
        return Ok(());
    };
    let host = Cmd::new("rustc", &["-vV"]).output().unwrap_or_default();
    let host =
        host.lines().find_map(|line| line.strip_prefix("host: ")).ok_or("rustc does not tell its host")?;
    let name = sanitizer.name;
    let (flags, folder) = match options.build_std {
        true => (format!("-Zsanitizer={name}"), format!("{name}-std")),
        false => (format!("-Zsanitizer={name}{}", sanitizer.mixing), name.to_owned()),
    };
    let (variable, settings) = (sanitizer.settings)();
    // An explicit target keeps the sanitizer out of build scripts and proc macros.
    let command = command
        .args(["test", "-p", "gochan", "--tests", "--no-fail-fast", "--target", host, "--target-dir"])
        .arg(target_dir().join(folder))
        .args(options.build_std.then_some("-Zbuild-std"))
        .args(options.args)
        .env_flags("RUSTFLAGS", &flags)
        .env("GOCHAN_BACKEND", sanitizer.backend)
        .env(variable, settings);
    println!("{command}");
    command.run()
}

/// The start of a cargo command that accepts unstable options.
fn toolchain(bootstrap: bool) -> Option<Cmd> {
    if bootstrap {
        return Some(Cmd::cargo(&[]).env("RUSTC_BOOTSTRAP", "1"));
    }
    let current = Cmd::new("rustc", &["--version"]).output()?;
    if current.contains("nightly") {
        return Some(Cmd::cargo(&[]));
    }
    let nightly = Cmd::new("rustup", &["run", "nightly", "rustc", "--version"]).output()?;
    nightly.contains("nightly").then(|| Cmd::new("rustup", &["run", "nightly", "cargo"]))
}
