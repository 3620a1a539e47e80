//! The settings of the process's runtime: chosen before first use, by the program and by the environment.

use super::fork::tell_children;
use super::knots;
use super::report::{self, PanicPolicy};
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::OnceLock;
use std::time::Duration;

/// How goroutines are carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Backend {
    /// Stackful coroutines, many to a worker thread.
    #[default]
    Coroutines,
    /// Every goroutine is an OS thread from a cached pool: strictly sound beside any thread-local, visible to
    /// every debugger and sanitizer, and far more expensive.
    Threads,
}

/// Which stacks dumps and reports show: Go's `GOTRACEBACK`, by the same words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
#[doc(alias = "SetTraceback")]
pub enum Traceback {
    /// None: each goroutine is told with its places alone.
    None,
    /// That of the goroutine that asks, if it is one that does; all of them in a report that none has asked for.
    Single,
    /// Those of all goroutines, without the functions of the runtime.
    #[default]
    All,
    /// Those of all goroutines, with the functions of the runtime.
    System,
}

/// Settings of the process-wide runtime. They take effect only if [`install`](Builder::install)ed before the first
/// goroutine.
///
/// The environment overrides them: `GOCHAN_MAXPROCS` (workers), `GOCHAN_STACK` (bytes, or `64K`, `1M`) and
/// `GOCHAN_BACKEND` (`coroutines` or `threads`), `GOCHAN_DEADLOCK` (`report`, `watch` or `ignore`), `GOCHAN_STUCK` (`10s`,
/// `500ms`, or `off`), `GOCHAN_LEAKS` (`5m`, `1h`, or `off`), `GOCHAN_BLOCKING_THREADS` (a number of at least 1) and
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
    backend: Backend,
    deadlock_report: Option<bool>,
    stuck_after: Option<Duration>,
    leaks_after: Option<Duration>,
    blocking_threads: Option<usize>,
    keep_quit: bool,
    traceback: Option<Traceback>,
}

/// Why [`Builder::install`] refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstallError(String);

impl fmt::Display for InstallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InstallError {}

/// Settings after defaults and environment have been applied.
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
    /// Somebody has asked for it, and bears to wait for the names of functions.
    pub(crate) traceback_is_asked_for: bool,
}

static SETTINGS: OnceLock<Settings> = OnceLock::new();

impl Builder {
    /// Default settings: one worker per available core, 256 KiB stacks, panics reported, coroutines.
    pub fn new() -> Builder {
        Builder::default()
    }

    /// How many worker threads run goroutines; at least 1.
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

    /// How goroutines are carried out.
    #[must_use]
    pub fn backend(mut self, backend: Backend) -> Builder {
        self.backend = backend;
        self
    }

    /// Whether a deadlock ends the process, with a report of who waits where and exit code 2. It does by default.
    ///
    /// A deadlock is called only if nothing could wake any goroutine, ever: no timer, no call of
    /// [`blocking`](crate::blocking), no signal that is waited for, no thread that the runtime does not know. Only a
    /// signal handler of the program's own could, which no library sees: a program that waits for that says false.
    /// Linux only; elsewhere threads are not counted, and nothing is reported.
    ///
    /// A deadlock of some goroutines, while others go on, does not end the process. It is reported once on standard error,
    /// with the places of both sides, where it is certain: goroutines and threads wait for each other by locks, joins,
    /// initialisers, scopes or [`WaitGroup::go`](crate::WaitGroup::go). It is looked for in builds with debug assertions, in
    /// tests under [`#[gochan::test]`](macro@crate::test), which fail, and, since each lock then costs more, in other builds
    /// only if the environment has `GOCHAN_DEADLOCK=watch`. A guard is taken to be dropped by the goroutine that has
    /// locked, not handed to another one by a thread-local.
    #[must_use]
    pub fn deadlock_report(mut self, report: bool) -> Builder {
        self.deadlock_report = Some(report);
        self
    }

    /// After how long a goroutine that does not let others run is reported on standard error, once; 10 seconds by
    /// default, zero for never. Coroutines only.
    ///
    /// Such a goroutine holds up all others of its worker: it computes, or blocks its thread. Let it call
    /// [`gosched`](super::gosched) now and then, or move the work into [`blocking`](crate::blocking).
    #[must_use]
    pub fn stuck_after(mut self, time: Duration) -> Builder {
        self.stuck_after = Some(time);
        self
    }

    /// Reports leaks of goroutines while the program runs: on standard error, every group of goroutines that were spawned
    /// at one place, wait at one place for longer than `time`, and become ever more. Zero, the default: never.
    ///
    /// A group is reported once it has grown twice by goroutines that were started when all before them had waited for
    /// that long already, and none of it has gone on meanwhile. That takes about three times `time` from the first goroutine
    /// that leaks. Each group is reported again whenever its number has doubled. A pool that idles does not grow and is not
    /// reported, nor is a group of which one goroutine goes on now and then. Goroutines in
    /// [`time::sleep`](crate::time::sleep) do not count: they will go on.
    ///
    /// Choose `time` longer than any wait that is in order, such as that of an idle connection. `5m` is a good beginning
    /// for a server. What has been reported is in [`profile`](crate::runtime::profile), too.
    ///
    /// A thread of its own looks at all goroutines four times in `time`, and less often if a look takes so long that this
    /// would be more than two percent of a processor. Goroutines do nothing for it.
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

    /// How many calls of [`blocking`](crate::blocking) run at once, each on a thread of its own; 10,000 by default, and
    /// at least 1. More calls wait for a free thread. Threads that have had nothing to do for ten seconds end.
    ///
    /// A limit below the number of calls that wait for each other stops them for good, so it is for programs whose
    /// calls depend on nothing but what is outside of the process. To bound what a program does at once, use a
    /// [`Semaphore`](crate::sync::Semaphore).
    #[must_use]
    pub fn max_blocking_threads(mut self, threads: usize) -> Builder {
        self.blocking_threads = Some(threads);
        self
    }

    /// Whether SIGQUIT, which Ctrl-\\ sends, makes a program under `#[gochan::main]` print what all goroutines do and
    /// end with exit code 2, as Go programs do. It does by default; else the signal does what it does in any program.
    #[must_use]
    pub fn dump_on_quit(mut self, dump: bool) -> Builder {
        self.keep_quit = !dump;
        self
    }

    /// Which stacks [`dump`](crate::runtime::dump) and reports show; all of them by default.
    ///
    /// The report of a deadlock leaves them out by default if it takes longer than 70 milliseconds to look up the names of
    /// the functions, as it does in programs with much debug information. With this setting, or with `GOCHAN_TRACEBACK`, it
    /// waits for them.
    #[must_use]
    pub fn traceback(mut self, traceback: Traceback) -> Builder {
        self.traceback = Some(traceback);
        self
    }

    /// Makes these the settings of the process.
    ///
    /// # Errors
    /// If a runtime runs already or other settings were installed, or if a setting or one of the environment
    /// variables makes no sense; the message names it.
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
        let settings = self.resolve()?;
        take_effect();
        SETTINGS.set(settings).map_err(|_| {
            InstallError(
                "the gochan runtime has its settings already; install yours before the first goroutine, once"
                    .to_owned(),
            )
        })
    }

    fn resolve(self) -> Result<Settings, InstallError> {
        let workers = match env("GOCHAN_MAXPROCS") {
            Some(text) => text.trim().parse::<NonZeroUsize>().map(NonZeroUsize::get).map_err(|_| {
                InstallError(format!("GOCHAN_MAXPROCS is `{text}`; it must be a whole number of at least 1"))
            })?,
            None => match self.workers {
                Some(0) => {
                    return Err(InstallError("`workers(0)`: a runtime needs at least 1 worker".to_owned()));
                }
                Some(workers) => workers,
                None => std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
            },
        };
        if workers > MAX_WORKERS {
            return Err(InstallError(format!(
                "{workers} workers are asked for; at most {MAX_WORKERS} make sense"
            )));
        }
        let stack_size = match env("GOCHAN_STACK") {
            Some(text) => parse_size(&text).ok_or_else(|| {
                InstallError(format!(
                    "GOCHAN_STACK is `{text}`; it must be a number of bytes such as 65536, 64K or 1M"
                ))
            })?,
            None => self.stack_size.unwrap_or(crate::stack::DEFAULT_STACK),
        };
        if stack_size > MAX_STACK {
            return Err(InstallError(format!(
                "a stack of {stack_size} bytes is asked for; at most {MAX_STACK}"
            )));
        }
        let backend = match env("GOCHAN_BACKEND").as_deref().map(str::trim) {
            None => self.backend,
            Some("coroutines") => Backend::Coroutines,
            Some("threads") => Backend::Threads,
            Some(text) => {
                return Err(InstallError(format!(
                    "GOCHAN_BACKEND is `{text}`; it must be `coroutines` or `threads`"
                )));
            }
        };
        let deadlock_report = match env("GOCHAN_DEADLOCK").as_deref().map(str::trim) {
            None => self.deadlock_report.unwrap_or(true),
            Some("report" | "watch") => true,
            Some("ignore") => false,
            Some(text) => {
                return Err(InstallError(format!(
                    "GOCHAN_DEADLOCK is `{text}`; it must be `report`, `watch` or `ignore`"
                )));
            }
        };
        let stuck_after = match env("GOCHAN_STUCK") {
            None => self.stuck_after.unwrap_or(STUCK_AFTER),
            Some(text) => parse_duration(&text).ok_or_else(|| {
                InstallError(format!(
                    "GOCHAN_STUCK is `{text}`; it must be a time such as 10s or 500ms, or `off`"
                ))
            })?,
        };
        let leaks_after = match env("GOCHAN_LEAKS") {
            None => self.leaks_after.unwrap_or(Duration::ZERO),
            Some(text) => parse_duration(&text).ok_or_else(|| {
                InstallError(format!(
                    "GOCHAN_LEAKS is `{text}`; it must be a time such as 5m or 1h, or `off`"
                ))
            })?,
        };
        let blocking_threads = match env("GOCHAN_BLOCKING_THREADS") {
            Some(text) => text.trim().parse::<NonZeroUsize>().map(NonZeroUsize::get).map_err(|_| {
                InstallError(format!(
                    "GOCHAN_BLOCKING_THREADS is `{text}`; it must be a whole number of at least 1"
                ))
            })?,
            None => match self.blocking_threads {
                Some(0) => {
                    return Err(InstallError(
                        "`max_blocking_threads(0)`: blocking calls need at least 1 thread".to_owned(),
                    ));
                }
                threads => threads.unwrap_or(BLOCKING_THREADS),
            },
        };
        let traceback = match env("GOCHAN_TRACEBACK").as_deref().map(str::trim) {
            None => self.traceback.unwrap_or_default(),
            Some("none" | "0") => Traceback::None,
            Some("single") => Traceback::Single,
            Some("all" | "1") => Traceback::All,
            Some("system" | "2") => Traceback::System,
            Some(text) => {
                return Err(InstallError(format!(
                    "GOCHAN_TRACEBACK is `{text}`; it must be `none`, `single`, `all` or `system`"
                )));
            }
        };
        Ok(Settings {
            traceback,
            traceback_is_asked_for: self.traceback.is_some() || env("GOCHAN_TRACEBACK").is_some(),
            deadlock_report,
            blocking_threads,
            stuck_after,
            leaks_after,
            dump_on_quit: !self.keep_quit,
            workers,
            stack_size: crate::stack::usable_size(stack_size),
            on_panic: self.on_panic,
            backend,
        })
    }
}

const STUCK_AFTER: Duration = Duration::from_secs(10);
/// As many threads as a Go program may have.
const BLOCKING_THREADS: usize = 10_000;
/// The numbers of the process's own workers are below this.
pub(super) const MAX_WORKERS: usize = 4096;
pub(super) const MAX_STACK: usize = 1 << 40;

/// A variable of the environment; empty counts as unset.
fn env(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()).filter(|value| !value.is_empty())
}

/// `65536`, `64K`, `64KiB`, `1M`, `1G`; zero is refused.
fn parse_size(text: &str) -> Option<usize> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let unit = match text[digits..].trim().to_ascii_uppercase().as_str() {
        "" | "B" => 1,
        "K" | "KB" | "KIB" => 1 << 10,
        "M" | "MB" | "MIB" => 1 << 20,
        "G" | "GB" | "GIB" => 1 << 30,
        _ => return None,
    };
    text[..digits].parse::<usize>().ok()?.checked_mul(unit).filter(|&bytes| bytes > 0)
}

/// `10s`, `500ms`, `2m`, `1h`; `off` and `0` are zero.
fn parse_duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    if matches!(text, "off" | "0") {
        return Some(Duration::ZERO);
    }
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u32 = text[..digits].parse().ok()?;
    let unit = match text[digits..].trim() {
        "ms" => Duration::from_millis(1),
        "s" => Duration::from_secs(1),
        "m" | "min" => Duration::from_secs(60),
        "h" => Duration::from_secs(3600),
        _ => return None,
    };
    Some(unit * number)
}

/// What is done when the settings are known.
fn take_effect() {
    tell_children();
    if env("GOCHAN_DEADLOCK").is_some_and(|value| value.trim() == "watch") {
        knots::watch();
    }
}

/// The settings in force, if there are any yet.
pub(super) fn installed() -> Option<&'static Settings> {
    SETTINGS.get()
}

/// The settings in force. Bad environment variables end the process here, with the reason, if nobody installed
/// settings before.
#[inline]
pub(crate) fn settings() -> &'static Settings {
    SETTINGS.get_or_init(|| {
        take_effect();
        Builder::new().resolve().unwrap_or_else(|error| report::fatal(&format!("cannot start: {error}")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_their_units() {
        assert_eq!(parse_size("65536"), Some(65536));
        assert_eq!(parse_size("64K"), Some(65536));
        assert_eq!(parse_size(" 1 MiB "), Some(1 << 20));
        for bad in ["", "0", "-1", "64X", "K", "1.5M", "99999999999999999999G"] {
            assert_eq!(parse_size(bad), None, "{bad}");
        }
    }

    #[test]
    fn times_are_read_with_their_units() {
        assert_eq!(parse_duration("10s"), Some(Duration::from_secs(10)));
        assert_eq!(parse_duration(" 500 ms "), Some(Duration::from_millis(500)));
        assert_eq!(parse_duration("2m"), Some(Duration::from_secs(120)));
        assert_eq!(parse_duration("1h"), Some(Duration::from_secs(3600)));
        assert_eq!(parse_duration("off"), Some(Duration::ZERO));
        for bad in ["", "10", "-1s", "s", "1d", "1.5s", "99999999999s"] {
            assert_eq!(parse_duration(bad), None, "{bad}");
        }
    }

    #[test]
    fn zero_workers_is_refused_by_name() {
        let error = Builder::new().workers(0).resolve();
        if std::env::var_os("GOCHAN_MAXPROCS").is_none() {
            assert!(error.unwrap_err().to_string().contains("workers(0)"));
        }
    }
}
