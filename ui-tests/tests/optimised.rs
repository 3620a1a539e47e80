//! A program that is optimised, in which nothing but the machine code may tell where the initialiser of a thread-local is: it
//! takes builds of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const PROGRAM: &str = r#"
    #![forbid(unsafe_code)]
    use gochan::prelude::*;
    use std::cell::Cell;
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
    use std::time::{Duration, Instant};

    static MADE: AtomicU32 = AtomicU32::new(0);

    thread_local! {
        static WITH_DESTRUCTOR: Vec<u32> = vec![slow(); 3];
        static PLAIN: Cell<u32> = Cell::new(slow());
    }

    /// Spends several turns in each operation that ends a long one.
    fn slow() -> u32 {
        let (ctx, _cancel) = background().with_cancel();
        let (empty, start) = (chan!(()), Instant::now());
        let polls: [&dyn Fn(); 3] = [
            &|| assert!(ctx.err().is_none()),
            &|| assert!(ctx.check().is_ok()),
            &|| select! { <-empty => unreachable!(), default => {} },
        ];
        for (poll, end) in polls.iter().zip([40, 80, 120]) {
            while start.elapsed() < Duration::from_millis(end) {
                poll();
            }
        }
        MADE.fetch_add(1, Relaxed)
    }

    fn stands_still() {
        let ch = chan!(u32);
        go!([ch] { send!(ch <- 1) });
        let start = Instant::now();
        while select! { <-ch => false, default => start.elapsed() < Duration::from_millis(1500) } {}
        println!("{}", start.elapsed() > Duration::from_millis(1500));
    }

    #[gochan::main]
    fn main() {
        let first = |_| go!({ WITH_DESTRUCTOR.with(|value| value[0]) });
        let second = |_| go!({ PLAIN.with(|value| value.get()) });
        match std::env::args().nth(1).as_deref() {
            Some("destructor") => (0..3).map(first).collect::<Vec<_>>().into_iter().for_each(|got| _ = got.join()),
            Some("plain") => (0..3).map(second).collect::<Vec<_>>().into_iter().for_each(|got| _ = got.join()),
            _ => return stands_still(),
        }
        println!("{}", MADE.load(Relaxed));
    }
"#;

/// Builds the program with these options for its own crate. The library is as fast to build as in a test.
fn build(options: &[&str]) -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let project = Path::new(env!("CARGO_TARGET_TMPDIR")).join("optimised");
    fs::create_dir_all(project.join("src")).expect("a directory for the program");
    let manifest = format!(
        "[package]\nname = \"optimised\"\nedition = \"2024\"\n[dependencies]\ngochan = {{ path = {:?} }}\n\
         [profile.release]\ncodegen-units = 1\n[profile.release.package.\"*\"]\nopt-level = 0\n[workspace]\n",
        workspace.join("gochan")
    );
    fs::write(project.join("Cargo.toml"), manifest).expect("a manifest");
    fs::write(project.join("src/main.rs"), PROGRAM).expect("a program");
    // The versions that the workspace has, which are there.
    fs::copy(workspace.join("Cargo.lock"), project.join("Cargo.lock")).expect("a lock file");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["rustc", "--release", "--quiet", "--offline", "--"]).args(options).current_dir(&project);
    cargo.env("CARGO_TARGET_DIR", project.join("target")).env_remove("RUSTFLAGS");
    let output = cargo.output().expect("cargo runs");
    assert!(output.status.success(), "{output:?}");
    project.join("target/release/optimised")
}

fn run(program: &Path, what: &str) -> Output {
    let mut command = Command::new(program);
    command.arg(what).env("GOCHAN_MAXPROCS", "1").env("GOCHAN_BACKEND", "coroutines");
    let output = command.output().expect("the program runs");
    assert!(output.status.success(), "{output:?}");
    output
}

/// Each initialiser has run once.
fn initialises_once(program: &Path) {
    for what in ["destructor", "plain"] {
        let output = run(program, what);
        assert_eq!(String::from_utf8_lossy(&output.stdout), "1\n", "{what}: {output:?}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn go_25_no_switch_in_an_initialiser_that_has_no_name_or_is_inlined() {
    let stripped = build(&["-Cstrip=symbols"]);
    initialises_once(&stripped);
    let output = run(&stripped, "loop");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "true\n", "{output:?}");
    for words in ["calls select at src/main.rs:", "does not show that a switch is safe", "runtime::gosched()"]
    {
        assert!(stderr.contains(words), "no {words:?} in {stderr}");
    }

    // The compiler then inlines what is called in one place, also on paths that are rare.
    let inlined = build(&["-Cllvm-args=-inline-threshold=50000", "-Cllvm-args=-inlinecold-threshold=50000"]);
    initialises_once(&inlined);
    if cfg!(target_arch = "x86_64") {
        let output = run(&inlined, "loop");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "false\n", "{output:?}");
    }
}
