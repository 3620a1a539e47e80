//! The progress of an exploration: for the report of one that does not end, and on a terminal if it takes long.

use std::io::{IsTerminal, Write, stderr};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// Data that the running thread passes to the waiting one.
#[derive(Debug, Default)]
pub(super) struct Progress {
    run: AtomicUsize,
    different: AtomicUsize,
    seed: AtomicU64,
}

impl Progress {
    pub(super) fn begin(&self, run: usize, seed: u64) {
        self.seed.store(seed, Relaxed);
        self.run.store(run, Relaxed);
    }

    /// This many of the finished runs were different interleavings.
    pub(super) fn ended(&self, different: usize) {
        self.different.store(different, Relaxed);
    }

    /// The last argument of [`Progress::ended`].
    pub(super) fn different(&self) -> usize {
        self.different.load(Relaxed)
    }

    /// The number of the current run, from 0.
    pub(super) fn run(&self) -> usize {
        self.run.load(Relaxed)
    }

    /// The report of a run that has not ended in time.
    pub(super) fn tell(&self, all: Option<usize>) -> String {
        format!(
            "this was interleaving {}, seed {}: if those before have taken most of the time, ask for fewer, or for more \
             time",
            number_of(self.run(), all),
            self.seed.load(Relaxed)
        )
    }
}

/// A count for readers: from one.
pub(super) fn number_of(run: usize, all: Option<usize>) -> String {
    match all {
        Some(all) => format!("{} of {all}", run + 1),
        None => format!("{}", run + 1),
    }
}

/// A line of a terminal that is rewritten in place. Explorations that run in parallel use it one after the other.
pub(super) struct Line {
    begun: Instant,
    shown: Option<Instant>,
    owned: Option<MutexGuard<'static, ()>>,
}

/// A shorter exploration has no line.
const LONG: Duration = Duration::from_secs(2);
/// The interval between updates of the line.
pub(super) const PAUSE: Duration = Duration::from_millis(500);

impl Line {
    /// `None` if standard error is not a terminal.
    pub(super) fn new() -> Option<Line> {
        stderr().is_terminal().then(|| Line { begun: Instant::now(), shown: None, owned: None })
    }

    /// Must be called now and then.
    pub(super) fn show(&mut self, text: impl FnOnce(Duration) -> String) {
        static ONLY: Mutex<()> = Mutex::new(());
        let took = self.begun.elapsed();
        if took < LONG || self.shown.is_some_and(|shown| shown.elapsed() < PAUSE) {
            return;
        }
        if self.owned.is_none() {
            self.owned = ONLY.try_lock().ok();
        }
        if self.owned.is_some() {
            self.shown = Some(Instant::now());
            // Written at the position of the cursor, which returns there: others write there too. Text that does not
            // fit is cut off.
            print(&format!("\x1b7\x1b[?7l\x1b[K{}\x1b[?7h\x1b8", text(took)));
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.owned.is_some() {
            print("\x1b[K");
        }
    }
}

/// Not by `eprint!`, which is captured in a test.
fn print(text: &str) {
    let mut stderr = stderr().lock();
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}

/// The text of the line for this many runs in this time.
pub(super) fn describe(
    test: &str,
    runs: usize,
    all: Option<usize>,
    took: Duration,
    limit: Option<Duration>,
) -> String {
    let of = all.map(|all| format!(" of {all}")).unwrap_or_default();
    let left = limit.map(|limit| format!(", {} s left", limit.saturating_sub(took).as_secs()));
    let rate = runs as f64 / took.as_secs_f64();
    format!("{test}: {runs}{of} interleavings, {rate:.0}/s{}", left.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_what_runs_and_how_far_and_how_fast() {
        let took = Duration::from_secs(4);
        assert_eq!(describe("mine", 1000, Some(5000), took, None), "mine: 1000 of 5000 interleavings, 250/s");
        assert_eq!(
            describe("mine", 1000, None, took, Some(Duration::from_secs(60))),
            "mine: 1000 interleavings, 250/s, 56 s left"
        );
    }
}
