//! The settings of the process's runtime: chosen before first use, by the program and by the environment.

mod resolve;

use super::coroutine;
use super::fork::tell_children;
use super::report;
use super::slow_path;
use crate::own_tls;
use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

pub(crate) use resolve::{MAX_STACK, MAX_WORKERS};

/// What a panic in a goroutine does to the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum PanicPolicy {
    /// It is reported with the goroutine's id and spawn location, is returned by `join`, and ends only that goroutine.
    #[default]
    Report,
    /// It is reported, and the process exits with code 2, as a Go program does.
    Abort,
}

/// How goroutines run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Backend {
    /// Stackful coroutines, many to a worker thread. Where there are none, as on Windows, goroutines run on `Threads`.
    #[default]
    Coroutines,
    /// Every goroutine is an OS thread from a cached pool: strictly sound with any thread-local, visible to every
    /// debugger and sanitizer, and far more expensive.
    Threads,
    /// As `Coroutines`, and each goroutine has thread-locals of its own, as a thread has: to all code, std's and that of other
    /// crates, it is a thread. On Linux on x86-64 with glibc, with the feature `virtual`; elsewhere, or where the check at the
    /// start fails, a message on standard error says so and the goroutines run on `Threads`.
    Virtual,
}

impl Backend {
    fn named(name: &str) -> Option<Backend> {
        match name {
            "coroutines" => Some(Backend::Coroutines),
            "threads" => Some(Backend::Threads),
            "virtual" => Some(Backend::Virtual),
            _ => None,
        }
    }
}

/// Which stacks dumps and reports show: Go's `GOTRACEBACK`, with the same words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
#[doc(alias = "SetTraceback")]
pub enum Traceback {
    /// No stacks: each goroutine is shown with its locations only.
    None,
    /// The stack of the goroutine that asks, if a goroutine asks; all stacks in a report that no goroutine asked for.
    Single,
    /// The stacks of all goroutines, without the functions of the runtime.
    #[default]
    All,
    /// The stacks of all goroutines, with the functions of the runtime.
    System,
}

/// Settings of the process-wide runtime. They take effect only if [`install`](Builder::install)ed before the first
/// goroutine.
///
/// The environment overrides them: `GOCHAN_MAXPROCS` (workers), `GOCHAN_STACK` (bytes, or `64K`, `1M`) and
/// `GOCHAN_BACKEND` (`coroutines`, `threads` or `virtual`), `GOCHAN_DEADLOCK` (`report`, `watch` or `ignore`), `GOCHAN_STUCK`
/// (`10s`, `500ms`, or `off`), `GOCHAN_LEAKS` (`5m`, `1h`, or `off`), `GOCHAN_BLOCKING` (a number of at least 1) and
/// `GOCHAN_TRACEBACK` (`none`, `single`, `all` or `system`).
///
/// ```
/// use gochan::runtime::{Builder, PanicPolicy};
///
/// Builder::new().workers(2).stack_size(128 * 1024).on_panic(PanicPolicy::Report).install().unwrap();
/// assert_eq!(gochan::go!(|| { 6 * 7 }()).join().unwrap(), 42);
/// ```
///
/// # C code
///
/// Below each stack is a guard of at least 64 KiB. Touching it is reported as a stack overflow and ends the process. Rust
/// probes large frames page by page, so an overflow in Rust code always touches the guard. C compilers do not do so by
/// default (`-fstack-clash-protection` is the option of gcc and clang). A C function with a frame larger than 64 KiB that
/// first touches the far end of its frame can step over the guard and overwrite the stack of another goroutine; this is
/// undefined behavior. Smaller overflows by C code are reported as those of Rust code are.
///
/// So before a goroutine calls C code that recurses deeply or has large frames, such as an array of a size known at run
/// time, give it a stack with room for all of them by [`gochan::Builder::stack_size`](crate::Builder::stack_size), or make
/// the call in [`blocking`](crate::blocking), which runs it on a thread with a stack of the usual size.
#[derive(Debug, Clone, Default)]
#[doc(alias = "GOMAXPROCS")]
pub struct Builder {
    workers: Option<usize>,
    stack_size: Option<usize>,
    on_panic: PanicPolicy,
    backend: Option<Backend>,
    deadlock_report: Option<bool>,
    stuck_after: Option<Duration>,
    leaks_after: Option<Duration>,
    blocking_threads: Option<usize>,
    keep_quit: bool,
    traceback: Option<Traceback>,
}

/// Why [`Builder::install`] failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstallError(String);

impl fmt::Display for InstallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InstallError {}

/// The settings after defaults and environment have been applied.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) workers: usize,
    pub(crate) stack_size: usize,
    pub(crate) on_panic: PanicPolicy,
    pub(crate) backend: Backend,
    pub(crate) deadlock_report: bool,
    /// Zero: never.
    pub(crate) stuck_after: Duration,
    /// Zero: never.
    pub(crate) leaks_after: Duration,
    /// At least one.
    pub(crate) blocking_threads: usize,
    pub(crate) dump_on_quit: bool,
    pub(crate) traceback: Traceback,
    /// The user asked for stacks, and accepts the time that it takes to load the names of functions.
    pub(crate) traceback_is_asked_for: bool,
}

impl Settings {
    /// With the backend that runs here.
    fn where_possible(self) -> Settings {
        if !coroutine::ARE_HERE {
            return Settings { backend: Backend::Threads, ..self };
        }
        if self.backend == Backend::Virtual
            && let Err(reason) = own_tls::prepare()
        {
            report::warn(&format!(
                "Backend::Virtual is not possible here: {reason}. The goroutines run on Backend::Threads"
            ));
            return Settings { backend: Backend::Threads, ..self };
        }
        self
    }
}

static SETTINGS: OnceLock<Settings> = OnceLock::new();

impl Builder {
    /// Default settings: one worker per available core, 256 KiB stacks, panics reported, coroutines.
    #[must_use]
    pub fn new() -> Builder {
        Builder::default()
    }

    /// The number of worker threads that run goroutines; at least 1.
    #[must_use]
    pub fn workers(mut self, workers: usize) -> Builder {
        self.workers = Some(workers);
        self
    }

    /// Stack bytes of a goroutine, reserved and committed page by page on use. Rounded up: to at least 16 KiB, up to
    /// 64 KiB to whole pages, above that to the next of four steps per doubling (64, 80, 96, 112, 128, 160, … KiB).
    ///
    /// For goroutines that call C code see [C code](Builder#c-code).
    #[must_use]
    pub fn stack_size(mut self, bytes: usize) -> Builder {
        self.stack_size = Some(bytes);
        self
    }

    /// What a panic in a goroutine does to the process.
    #[must_use]
    pub fn on_panic(mut self, policy: PanicPolicy) -> Builder {
        self.on_panic = policy;
        self
    }

    /// How goroutines run.
    #[must_use]
    pub fn backend(mut self, backend: Backend) -> Builder {
        self.backend = Some(backend);
        self
    }

    /// Whether a deadlock ends the process, with exit code 2 and a report of where each goroutine waits. It does by
    /// default.
    ///
    /// A deadlock is reported only if nothing could ever wake any goroutine: no timer, no call of
    /// [`blocking`](crate::blocking), no awaited signal, no thread that the runtime does not know. The one exception is
    /// a signal handler of the program's own, which no library sees: a program that relies on one should pass false.
    /// Linux only; elsewhere threads are not counted, and nothing is reported.
    ///
    /// A deadlock of some goroutines, while others go on, does not end the process. It is reported once on standard
    /// error, with the locations of both sides, if it is certain: goroutines and threads wait for each other by locks,
    /// joins, initialisers, scopes or [`WaitGroup::go`](crate::WaitGroup::go). Builds with debug assertions detect it,
    /// and so do tests under [`#[gochan::test]`](macro@crate::test), which then fail. Since detection makes each lock
    /// slower, other builds detect it only if the environment has `GOCHAN_DEADLOCK=watch`. A guard is assumed to be
    /// dropped by the goroutine that locked, and not to be handed to another one by a thread-local.
    #[must_use]
    pub fn deadlock_report(mut self, report: bool) -> Builder {
        self.deadlock_report = Some(report);
        self
    }

    /// The time after which a goroutine that does not let others run is reported on standard error, once; 10 seconds by
    /// default, zero for never. Coroutines only.
    ///
    /// Such a goroutine computes or blocks its thread, and holds up all other goroutines of its worker. It should call
    /// [`gosched`](crate::spawn::current::gosched) now and then, or move the work into [`blocking`](crate::blocking).
    ///
    /// One that has blocked its thread for a second, in a lock of std, a sleep or a read, is reported then, if its worker has
    /// other goroutines. On Linux the report names the call to the system that the thread sleeps in, and what to use instead.
    #[must_use]
    pub fn stuck_after(mut self, time: Duration) -> Builder {
        self.stuck_after = Some(time);
        self
    }

    /// Reports leaks of goroutines while the program runs. A leak is a group of goroutines that were spawned at one
    /// location, have waited at one location for longer than `time`, and grow in number. It is reported on standard
    /// error. Zero, the default, means never.
    ///
    /// A group is reported once it has grown twice by goroutines that were started after all earlier ones had already
    /// waited for that long, while none of the group went on. That takes about three times `time` from the first
    /// goroutine that leaks. Each group is reported again whenever its number has doubled. An idle pool does not grow
    /// and is not reported, nor is a group of which one goroutine goes on now and then. Goroutines in
    /// [`time::sleep`](crate::time::sleep) do not count: they will go on.
    ///
    /// Choose `time` longer than any legitimate wait, such as that of an idle connection. `5m` is a good start for a
    /// server. Reported leaks are also in [`profile`](crate::runtime::profile).
    ///
    /// A separate thread inspects all goroutines four times in `time`, and less often if the inspections would use more
    /// than two percent of a processor. The goroutines themselves do nothing for it.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// gochan::runtime::Builder::new().leaks_after(Duration::from_secs(300)).install().unwrap();
    /// assert_eq!(gochan::go!({ 6 * 7 }).join().unwrap(), 42);
    /// ```
    #[must_use]
    #[doc(alias("goleak", "goroutineleak"))]
    pub fn leaks_after(mut self, time: Duration) -> Builder {
        self.leaks_after = Some(time);
        self
    }

    /// How many calls of [`blocking`](crate::blocking) run at once, each on its own thread; 10,000 by default, and at
    /// least 1. More calls wait for a free thread. Threads that have been idle for ten seconds end.
    ///
    /// Calls that wait for each other stop for good if there are more of them than the limit. So a low limit is only
    /// for programs whose calls depend on nothing inside the process. To bound what a program does at once, use a
    /// [`Semaphore`](crate::sync::Semaphore).
    #[must_use]
    pub fn blocking_threads(mut self, threads: usize) -> Builder {
        self.blocking_threads = Some(threads);
        self
    }

    /// Whether SIGQUIT, which Ctrl-\\ sends, makes a program under `#[gochan::main]` print what all goroutines do and
    /// end with exit code 2, as Go programs do. It does by default; otherwise the signal has its usual effect.
    #[must_use]
    pub fn dump_on_quit(mut self, dump: bool) -> Builder {
        self.keep_quit = !dump;
        self
    }

    /// Which stacks [`dump`](crate::runtime::dump) and reports show; all stacks by default.
    ///
    /// By default the report of a deadlock omits them if loading the names of the functions takes longer than 70
    /// milliseconds, as it does in programs with much debug information. With this setting, or with `GOCHAN_TRACEBACK`,
    /// it waits for the names.
    #[must_use]
    pub fn traceback(mut self, traceback: Traceback) -> Builder {
        self.traceback = Some(traceback);
        self
    }

    /// Makes these the settings of the process.
    ///
    /// # Errors
    /// If a runtime is already running or other settings were installed, or if a setting or one of the environment
    /// variables is invalid; the message names it.
    ///
    /// ```
    /// use gochan::runtime::Builder;
    ///
    /// fn main() {
    ///     Builder::new().workers(2).stack_size(64 * 1024).install().expect("these are the first settings");
    ///     assert_eq!(gochan::go!({ 1 + 1 }).join().unwrap(), 2);
    ///     assert!(Builder::new().install().is_err(), "a runtime runs");
    /// }
    /// ```
    pub fn install(self) -> Result<(), InstallError> {
        let settings = self.resolve()?.where_possible();
        take_effect();
        SETTINGS.set(settings).map_err(|_| {
            InstallError(
                "the gochan runtime has its settings already; install yours before the first goroutine, once"
                    .to_owned(),
            )
        })
    }
}

/// Called when the settings are known.
fn take_effect() {
    tell_children();
    if resolve::variable("GOCHAN_DEADLOCK").is_some_and(|value| value.trim() == "watch") {
        slow_path::watch_holders();
    }
}

/// The settings in force, if any.
pub(crate) fn installed() -> Option<&'static Settings> {
    SETTINGS.get()
}

/// The settings in force. If nothing was installed before, invalid environment variables end the process here with a
/// message.
#[inline]
pub(crate) fn settings() -> &'static Settings {
    SETTINGS.get_or_init(|| {
        take_effect();
        let settings = Builder::new().resolve();
        settings.unwrap_or_else(|error| report::fatal(&format!("cannot start: {error}"))).where_possible()
    })
}
