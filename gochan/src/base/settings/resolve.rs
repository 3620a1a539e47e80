//! From the program's choices, the environment and the defaults to the settings in force.

use super::{Backend, Builder, InstallError, Settings, Traceback};
use std::num::NonZeroUsize;
use std::time::Duration;

const STUCK_AFTER: Duration = Duration::from_secs(10);
/// As many threads as a Go program may have.
const BLOCKING_THREADS: usize = 10_000;
/// The process's own workers have numbers below this.
pub(crate) const MAX_WORKERS: usize = 4096;
pub(crate) const MAX_STACK: usize = 1 << 40;

impl Builder {
    pub(super) fn resolve(self) -> Result<Settings, InstallError> {
        let workers = match count_in("GOCHAN_MAXPROCS")?.or(self.workers) {
            Some(0) => {
                return Err(InstallError("`workers(0)`: a runtime needs at least 1 worker".to_owned()));
            }
            Some(workers) => workers,
            None => std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
        };
        if workers > MAX_WORKERS {
            return Err(InstallError(format!(
                "{workers} workers are asked for; at most {MAX_WORKERS} make sense"
            )));
        }
        let stack_size = parsed_in("GOCHAN_STACK", parse_size, "a number of bytes such as 65536, 64K or 1M")?
            .or(self.stack_size)
            .unwrap_or(crate::stack::DEFAULT_STACK);
        if stack_size > MAX_STACK {
            return Err(InstallError(format!(
                "a stack of {stack_size} bytes is asked for; at most {MAX_STACK}"
            )));
        }
        let backend = parsed_in("GOCHAN_BACKEND", Backend::named, "`coroutines`, `threads` or `virtual`")?;
        let deadlock_report = |text: &str| match text {
            "report" | "watch" => Some(true),
            "ignore" => Some(false),
            _ => None,
        };
        let deadlock_report = parsed_in("GOCHAN_DEADLOCK", deadlock_report, "`report`, `watch` or `ignore`")?;
        let stuck_after = parsed_in("GOCHAN_STUCK", parse_duration, "a time such as 10s or 500ms, or `off`")?;
        let leaks_after = parsed_in("GOCHAN_LEAKS", parse_duration, "a time such as 5m or 1h, or `off`")?;
        let blocking_threads = match count_in("GOCHAN_BLOCKING")?.or(self.blocking_threads) {
            Some(0) => {
                return Err(InstallError(
                    "`blocking_threads(0)`: blocking calls need at least 1 thread".to_owned(),
                ));
            }
            threads => threads.unwrap_or(BLOCKING_THREADS),
        };
        let traceback = |text: &str| match text {
            "none" | "0" => Some(Traceback::None),
            "single" => Some(Traceback::Single),
            "all" | "1" => Some(Traceback::All),
            "system" | "2" => Some(Traceback::System),
            _ => None,
        };
        let traceback = parsed_in("GOCHAN_TRACEBACK", traceback, "`none`, `single`, `all` or `system`")?
            .or(self.traceback);
        Ok(Settings {
            traceback: traceback.unwrap_or_default(),
            traceback_is_asked_for: traceback.is_some(),
            deadlock_report: deadlock_report.or(self.deadlock_report).unwrap_or(true),
            blocking_threads,
            stuck_after: stuck_after.or(self.stuck_after).unwrap_or(STUCK_AFTER),
            leaks_after: leaks_after.or(self.leaks_after).unwrap_or(Duration::ZERO),
            dump_on_quit: !self.keep_quit,
            workers,
            stack_size: crate::stack::usable_size(stack_size),
            on_panic: self.on_panic,
            backend: backend.or(self.backend).unwrap_or_default(),
        })
    }
}

/// A variable of the environment. An empty one counts as unset.
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()).filter(|value| !value.is_empty())
}

/// The value of a variable, if it is set. The error says that it must be `expected`.
fn parsed_in<T>(
    name: &str,
    parse: impl FnOnce(&str) -> Option<T>,
    expected: &str,
) -> Result<Option<T>, InstallError> {
    let Some(text) = variable(name) else { return Ok(None) };
    let invalid = || InstallError(format!("{name} is `{text}`; it must be {expected}"));
    parse(text.trim()).map(Some).ok_or_else(invalid)
}

fn count_in(name: &str) -> Result<Option<usize>, InstallError> {
    let parse = |text: &str| text.parse().ok().map(NonZeroUsize::get);
    parsed_in(name, parse, "a whole number of at least 1")
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
