//! Tests of stacks and of what runs on them, as on other kernels.

use std::env::consts::ARCH;
use std::fs;
use std::path::PathBuf;

use clap::Args;

use crate::ci::{WORKSPACE_TESTS, test_runner};
use crate::command::Cmd;
use crate::counts::Counts;
use crate::{Outcome, root, target_dir};

pub(crate) const HELP: &str = "\
Run the tests of stacks, and some of goroutines and channels, as on other kernels: a seccomp filter refuses what they
do not have, and a preloaded library makes memory calls behave as with larger pages. Linux on x86-64 only.";

#[derive(Args)]
pub(crate) struct Options {
    /// Only on this kernel: old, docker, gvisor, strict, page16k or page64k
    kernel: Option<String>,
}

struct Kernel {
    name: &'static str,
    what: &'static str,
    /// Runs a program on it.
    runner: &'static str,
    /// Tested on each change; the others have nothing that none of these has.
    on_each_change: bool,
}

const KERNELS: [Kernel; 6] = [
    Kernel::new("old", "before Linux 6.13: no guard markers", "{oldkernel} guard", true),
    Kernel::new("gvisor", "before Linux 5.3, and gVisor", "{oldkernel} enosys", true),
    Kernel::new("strict", "a filter that refuses madvise", "{oldkernel} nomadvise", true),
    Kernel::new("page16k", "pages of 16 KiB", "env PAGE_SIM=16384 LD_PRELOAD={page16k}", true),
    Kernel::new("docker", "some containers: no pidfd_open", "{oldkernel} docker", false),
    Kernel::new("page64k", "pages of 64 KiB", "env PAGE_SIM=65536 LD_PRELOAD={page16k}", false),
];

impl Kernel {
    const fn new(
        name: &'static str,
        what: &'static str,
        runner: &'static str,
        on_each_change: bool,
    ) -> Kernel {
        Kernel { name, what, runner, on_each_change }
    }
}

/// In tests of these modules stacks are made, guarded, used up and given back, many at a time.
const NAMES: [&str; 5] = ["stack::", "goroutine_stack::", "stack_guard::", "stack_limits::", "operations::"];

pub(crate) fn run(options: &Options) -> Outcome {
    let mut counts = Counts::default();
    let is_asked = |kernel: &Kernel| options.kernel.as_ref().is_none_or(|name| name == kernel.name);
    match run_on(&is_asked, &mut counts)? {
        true => Ok(()),
        false => Err("some tests failed".to_owned()),
    }
}

/// Those of each change.
pub(crate) fn run_counting(counts: &mut Counts) -> Outcome<bool> {
    run_on(&|kernel| kernel.on_each_change, counts)
}

fn run_on(is_wanted: &dyn Fn(&Kernel) -> bool, counts: &mut Counts) -> Outcome<bool> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        println!("only on Linux on x86-64");
        return Ok(true);
    }
    let tools = [tool("oldkernel", &["-O1"])?, tool("page16k", &["-O1", "-shared", "-fPIC"])?];
    let mut ok = true;
    for kernel in KERNELS.iter().filter(|kernel| is_wanted(kernel)) {
        println!("as on {}: {}", kernel.name, kernel.what);
        let [old, page] = tools.each_ref().map(|tool| tool.display().to_string());
        let runner = kernel.runner.replace("{oldkernel}", &old).replace("{page16k}", &page);
        let command =
            tests().env(&format!("CARGO_TARGET_{}_UNKNOWN_LINUX_GNU_RUNNER", ARCH.to_uppercase()), runner);
        let (passed, counted) = command.run_counting()?;
        counts.add(counted);
        ok &= passed;
    }
    Ok(ok)
}

/// Of what the other tests have built.
fn tests() -> Cmd {
    let runner = test_runner();
    let tests = Cmd::cargo(runner).args(WORKSPACE_TESTS);
    if runner[0] == "nextest" {
        let names = NAMES.map(|name| format!("test(/^{name}/)")).join(" + ");
        tests.args(["-E".to_owned(), format!("package(gochan) & ({names})")])
    } else {
        tests.args(["--"]).args(NAMES)
    }
}

/// A program in C of `xtask/portability`, compiled.
fn tool(name: &str, options: &[&str]) -> Outcome<PathBuf> {
    let (source, folder) =
        (root().join(format!("xtask/portability/{name}.c")), target_dir().join("portability"));
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let tool = folder.join(name);
    Cmd::new("cc", options).args(["-o"]).arg(&tool).arg(&source).args(["-ldl"]).run()?;
    Ok(tool)
}
