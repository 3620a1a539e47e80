//! The arguments of the attribute, and the start of the run.

use super::TIMEOUT;
use super::explore::exhaustive::{self, Coverage, Extent, Reduction};
use crate::base::attributes::Attributes;
use crate::spawn::main::Ending;
use std::panic::Location;
use std::process::ExitCode;
use std::time::Duration;

/// One test, as `#[gochan::test]` describes it.
#[derive(Debug, Clone)]
#[must_use = "it does nothing until it runs"]
pub struct Test {
    pub(super) stack_size: usize,
    /// `None` for no timeout.
    pub(super) timeout: Option<Duration>,
    pub(super) allowed: &'static [&'static str],
    /// The base seed of an exploration, if it does not follow from the location.
    pub(super) first_seed: Option<u64>,
    /// Of an exploration.
    pub(super) jumps: Jumps,
    mode: Mode,
    /// The location of the attribute.
    pub(super) place: &'static Location<'static>,
}

/// How often, in one run of an exploration, the clock may jump to the next deadline while some can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Jumps {
    pub(super) count: u32,
    /// The total length of the jumps; `None` for no limit.
    pub(super) ahead: Option<Duration>,
}

impl Jumps {
    pub(super) const DEFAULT: Jumps = Jumps { count: 3, ahead: Some(Duration::from_secs(1)) };
}

/// How the goroutines of a test run.
#[derive(Debug, Clone, Copy)]
enum Mode {
    Plain,
    VirtualTime,
    /// This many times.
    Explore(u32),
    /// Once for each interleaving.
    All(Extent),
}

/// The body of a test: runs it, and returns whether its result stands for success.
pub(super) trait Body: Fn() -> bool + Copy + Send + 'static {}

impl<F: Fn() -> bool + Copy + Send + 'static> Body for F {}

impl Test {
    /// A test without arguments.
    #[track_caller]
    #[allow(clippy::new_without_default, reason = "it notes its caller")]
    pub fn new() -> Test {
        const STACK: usize = 8 << 20;
        Test {
            stack_size: STACK,
            timeout: Some(TIMEOUT),
            allowed: &[],
            first_seed: None,
            jumps: Jumps::DEFAULT,
            mode: Mode::Plain,
            place: Location::caller(),
        }
    }

    /// `stack_size = …`
    pub fn stack_size(mut self, bytes: usize) -> Test {
        self.stack_size = bytes;
        self
    }

    /// `timeout = …`
    pub fn timeout(mut self, nanoseconds: u64) -> Test {
        self.timeout = Some(Duration::from_nanos(nanoseconds));
        self
    }

    /// `virtual_time`
    pub fn virtual_time(mut self) -> Test {
        if let Mode::Plain = self.mode {
            self.mode = Mode::VirtualTime;
        }
        self
    }

    /// `explore = …`, which implies virtual time.
    pub fn explore(mut self, runs: u32) -> Test {
        self.mode = Mode::Explore(runs);
        self
    }

    /// `jumps = …`
    pub fn jumps(mut self, count: u32) -> Test {
        self.jumps = Jumps { count, ahead: None };
        self
    }

    /// `explore = "all"`, which implies virtual time.
    pub fn explore_all(mut self) -> Test {
        self.mode = Mode::All(Extent::default());
        self
    }

    /// `limit = …`, after `explore = "all"`.
    pub fn limit(mut self, interleavings: u64) -> Test {
        if let Mode::All(extent) = &mut self.mode {
            extent.limit = interleavings;
        }
        self
    }

    /// For tests of exploration itself: tries all orders of steps, whether they make a difference or not.
    pub fn without_reduction(mut self) -> Test {
        if let Mode::All(extent) = &mut self.mode {
            extent.reduction = Reduction::None;
        }
        self
    }

    /// For tests of exploration itself: like [`Test::run`], with `explore = "all"`.
    ///
    /// # Panics
    /// If the test has not passed.
    #[track_caller]
    pub fn cover<F>(self, f: F) -> Coverage
    where
        F: Fn() + Copy + Send + 'static,
    {
        let Mode::All(extent) = self.mode else { panic!("only a test with `explore = \"all\"` covers all") };
        exhaustive::run(&self, extent, move || {
            f();
            true
        })
    }

    /// For tests of exploration itself: interleavings other than those that belong to the location.
    pub fn first_seed(mut self, seed: u64) -> Test {
        self.first_seed = Some(seed);
        self
    }

    /// `allow = […]`
    pub fn allow(mut self, goroutines: &'static [&'static str]) -> Test {
        self.allowed = goroutines;
        self
    }

    /// Runs the body; returns if the test has passed.
    ///
    /// # Panics
    /// If it has not passed: with the body's panic, or with a description of the failure.
    #[track_caller]
    pub fn run<F, T>(mut self, f: F)
    where
        F: Fn() -> T + Copy + Send + 'static,
        T: Ending,
    {
        if let Some(timeout) = timeout_from_environment() {
            self.timeout = timeout;
        }
        let body = move || f().report() == ExitCode::SUCCESS;
        match self.mode {
            Mode::Plain => super::plain::run(&self, body),
            Mode::VirtualTime => super::virtual_time::run(&self, body),
            Mode::Explore(runs) => super::explore::run(&self, runs, body),
            Mode::All(extent) => {
                exhaustive::run(&self, extent, body);
            }
        }
    }

    pub(super) fn attributes(&self) -> Attributes {
        let name = std::thread::current().name().unwrap_or("test").to_owned();
        Attributes { name: Some(name), stack_size: Some(self.stack_size) }
    }
}

/// The value of `GOCHAN_TEST_TIMEOUT`, if it is set.
fn timeout_from_environment() -> Option<Option<Duration>> {
    let text = std::env::var("GOCHAN_TEST_TIMEOUT").ok().filter(|text| !text.is_empty())?;
    if text == "off" {
        return Some(None);
    }
    match parse_duration(&text) {
        Some(timeout) => Some(Some(timeout)),
        None => {
            panic!("GOCHAN_TEST_TIMEOUT is `{text}`; it must be a time such as 500ms, 5s, 2m or 1h, or `off`")
        }
    }
}

/// `500ms`, `5s`, `2m`, `1h`; zero is refused.
pub(super) fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let count = text[..digits].parse::<u64>().ok().filter(|&count| count > 0)?;
    let milliseconds = match &text[digits..] {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    count.checked_mul(milliseconds).map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_unit() {
        assert_eq!(parse_duration("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(parse_duration("5s"), Some(Duration::from_secs(5)));
        assert_eq!(parse_duration("2m"), Some(Duration::from_secs(120)));
        assert_eq!(parse_duration("1h"), Some(Duration::from_secs(3600)));
        for bad in ["", "5", "s", "0s", "-1s", "1.5s", "5 s", "5d", "99999999999999999999s"] {
            assert_eq!(parse_duration(bad), None, "{bad}");
        }
    }
}
