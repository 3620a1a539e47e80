//! Scenarios that need a process of their own. A test binary starts itself again with the name of a
//! scenario; the `asked_scenario` test of the scenario's module runs it there and does nothing otherwise.

use std::env;
use std::io::Read;
use std::process::{Command, ExitCode, ExitStatus, Stdio, exit};
use std::thread;
use std::time::{Duration, Instant};

use super::patience;

const SCENARIO: &str = "GOCHAN_TEST_SCENARIO";
/// Comes before the scenario's own output, after the test harness's.
const MARK: &str = "--- the scenario begins ---\n";

/// How a scenario ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

impl Outcome {
    /// The scenario's exit code; `None` if a signal ended it.
    pub(crate) fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// It ended well and printed just this.
    #[track_caller]
    pub(crate) fn prints(&self, expected: &str) {
        assert_eq!(self.code(), Some(0), "{self:#?}");
        assert_eq!(self.stdout, expected, "{self:#?}");
    }

    /// It failed and said all of this on stderr, in any letter case.
    #[track_caller]
    pub(crate) fn fails_saying(&self, words: &[&str]) {
        assert_ne!(self.code(), Some(0), "{self:#?}");
        for word in words {
            assert!(self.stderr.to_lowercase().contains(&word.to_lowercase()), "no {word:?} in {self:#?}");
        }
    }
}

/// A scenario about to be run.
pub(crate) struct Scenario(pub(crate) Command);

/// The name that the test harness has for a test of a module.
pub(crate) fn test_name(module: &str, test: &str) -> String {
    let (_binary, module) = module.split_once("::").expect("the tests are in modules");
    format!("{module}::{test}")
}

impl Scenario {
    /// The scenario of this name of a module, on the backend and workers of this run. [`scenarios`] makes a function of
    /// it.
    pub(crate) fn new(module: &str, name: &str) -> Scenario {
        let mut command = Command::new(env::current_exe().expect("a test knows its own path"));
        // One test thread: the harness then runs the scenario on the main thread and keeps no other.
        let test = test_name(module, "asked_scenario");
        command.args(["--exact", &test, "--nocapture", "--test-threads=1"]);
        command.env(SCENARIO, name).env_remove("RUST_BACKTRACE");
        Scenario(command)
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.0.env(name, value);
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.0.env_remove(name);
        self
    }

    pub(crate) fn workers(self, workers: usize) -> Self {
        self.env("GOCHAN_MAXPROCS", &workers.to_string())
    }

    pub(crate) fn backend(self, backend: &str) -> Self {
        self.env("GOCHAN_BACKEND", backend)
    }

    /// Runs it to its end; fails if there is none.
    #[track_caller]
    pub(crate) fn run(mut self) -> Outcome {
        fn reader(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<String> {
            thread::spawn(move || {
                let mut bytes = Vec::new();
                pipe.read_to_end(&mut bytes).expect("a pipe can be read");
                String::from_utf8_lossy(&bytes).into_owned()
            })
        }
        let start = Instant::now();
        self.0.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.0.spawn().expect("a test can be started again");
        let stdout = reader(child.stdout.take().expect("stdout is piped"));
        let stderr = reader(child.stderr.take().expect("stderr is piped"));
        let status = loop {
            if let Some(status) = child.try_wait().expect("a child can be waited for") {
                break Some(status);
            }
            if start.elapsed() > patience() {
                child.kill().expect("a child can be killed");
                break None;
            }
            thread::sleep(Duration::from_millis(1));
        };
        let took = start.elapsed();
        let stdout = stdout.join().expect("the reader does not panic");
        let stderr = stderr.join().expect("the reader does not panic");
        let Some(status) = status else {
            panic!("no end after {took:?}\nstdout: {stdout}\nstderr: {stderr}");
        };
        let stdout = stdout.split_once(MARK).map_or("", |(_, own)| own).to_owned();
        Outcome { status, stdout, stderr, took }
    }
}

/// What the `asked_scenario` test of a binary consists of: in a child, runs what was asked for.
pub(crate) fn run_if_asked(scenarios: &[(&str, fn())]) {
    let Ok(name) = env::var(SCENARIO) else { return };
    let (_, run) = scenarios.iter().find(|(known, _)| *known == name).expect("the scenario is listed");
    // A shell ignores them for what it runs in the background, and the runtime leaves ignored signals alone.
    #[cfg(unix)]
    for signal in [libc::SIGINT, libc::SIGQUIT] {
        // SAFETY: no handler is installed that this could replace.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    // The harness's main thread, if it is not this one, only waits for it.
    gochan::__private::disregard_other_threads();
    print!("\n{MARK}");
    run();
    // A scenario that is no `#[gochan::main]` ends well by returning.
    exit(0);
}

/// What a scenario returns, as the real `main` of its process would.
pub(crate) trait End {
    fn end(self);
}

impl End for () {
    fn end(self) {}
}

impl End for ExitCode {
    fn end(self) {
        let code = (0..=u8::MAX).find(|code| ExitCode::from(*code) == self);
        exit(code.map_or(i32::MAX, i32::from));
    }
}

/// The `asked_scenario` test of a module, which lists the scenarios, and the function `scenario` that asks for one of
/// them by its name.
#[allow(unused_macros, reason = "not every test binary has scenarios")]
macro_rules! scenarios {
    ($($name:ident),* $(,)?) => {
        #[test]
        fn asked_scenario() {
            crate::common::process::run_if_asked(
                &[$((stringify!($name), || crate::common::process::End::end($name()))),*],
            );
        }

        pub(super) fn scenario(name: &str) -> crate::common::process::Scenario {
            crate::common::process::Scenario::new(module_path!(), name)
        }
    };
}
#[allow(unused_imports, reason = "as above")]
pub(crate) use scenarios;
