//! `explore = "all"`: one run for each interleaving, until none is left.
//!
//! Other goroutines run before each operation, where a goroutine waits or ends, and where it begins; the actions in
//! between are one [step](super::history). The [`search`](super::search) chooses which goroutine takes the next step,
//! and which ready arm a `select!` takes. The clock jumps when all wait, and up to `jumps` times while some can run:
//! then it is one of the candidates for the next step.
//!
//! Polling loops would continue forever while the goroutine that they wait for is not chosen. So a goroutine that has
//! called `gosched` twice while no other took a step is not a candidate until another one has taken a step, and neither
//! is one that has taken [`LONG_ROW`] steps in a row.

mod explorer;

use super::choices::Choices;
use super::orders::Orders;
use super::progress::{Line, PAUSE, describe};
pub(in crate::test) use super::search::Reduction;
use super::search::Search;
use crate::base::report::{print_for_test, without_panic_reports};
use crate::base::test_group::TestGroup;
use crate::test::bubble::Bubble;
use crate::test::director::End;
use crate::test::drive::{GoroutinesLeft, TimedOut, group_of, on_thread, timed_out, verdict};
use crate::test::options::{Body, Jumps, Test};
use crate::test::own_workers::CountedThread;
use crate::test::report::{Symptom, Verdict};
use explorer::{Explorer, LONG_ROW, MANY_STEPS};
use std::collections::HashSet;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::Sender;
use std::time::Instant;

/// The limits of a search, and its kind.
#[derive(Debug, Clone, Copy)]
pub(in crate::test) struct Extent {
    /// The test fails if there are more interleavings than this.
    pub(in crate::test) limit: u64,
    pub(in crate::test) reduction: Reduction,
}

impl Default for Extent {
    fn default() -> Extent {
        Extent { limit: 100_000, reduction: Reduction::Equivalent }
    }
}

/// The result of a search.
#[derive(Debug, Default)]
pub struct Coverage {
    /// All of them.
    pub interleavings: HashSet<u64>,
    /// The number of runs, including those that turned out to be redundant.
    pub runs: u64,
    /// The maximum number of runs without reduction. `None`: astronomically many.
    pub orders: Option<u128>,
    /// A goroutine was made to let others continue, since it made no progress.
    pub is_bounded: bool,
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = self.interleavings.len() as u128;
        match found {
            1 => f.write_str("the only interleaving passes")?,
            _ => write!(f, "all {} interleavings pass", grouped(found))?,
        }
        match self.orders {
            Some(orders) if orders <= found => {}
            Some(orders) => write!(f, " (of at most {} without reduction)", grouped(orders))?,
            None => f.write_str(" (of more than 10^38 without reduction)")?,
        }
        if self.is_bounded {
            write!(
                f,
                ", but for those in which a goroutine has {LONG_ROW} steps in a row while others could run"
            )?;
        }
        Ok(())
    }
}

/// With commas between thousands.
fn grouped(number: u128) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Runs `body` in all interleavings, up to the first that fails.
#[track_caller]
pub(in crate::test) fn run(test: &Test, extent: Extent, body: impl Body) -> Coverage {
    let _thread = CountedThread::of_tests();
    let group = group_of(test);
    let passed = Arc::new(AtomicU64::new(0));
    let replayed = choices_from_environment().unwrap_or_else(|error| panic!("{error}"));
    let begun = Instant::now();
    let deadline = test.timeout.map(|timeout| begun + timeout);
    let drive = {
        let (test, group, passed) = (test.clone(), group.clone(), passed.clone());
        let search = replayed.clone().map_or_else(|| Search::new(extent.reduction), Search::replay);
        move |tell: Sender<Found>| Driver::new(test, group, passed, tell).search(search, extent.limit, body)
    };
    let name = std::thread::current().name().unwrap_or_default().to_owned();
    let answer = match Line::new() {
        None => on_thread(deadline, None, drive),
        Some(mut line) => {
            let passed = || passed.load(Relaxed) as usize;
            let mut look = || line.show(|took| describe(&name, passed(), None, took, None));
            on_thread(deadline, Some((PAUSE, &mut look)), drive)
        }
    };
    match answer {
        Ok(Found::All(coverage)) => {
            print_for_test(&match replayed {
                Some(choices) => format!("the interleaving of GOCHAN_SEED={choices} does not fail\n"),
                None => format!("{coverage}\n"),
            });
            coverage
        }
        Ok(Found::TooMany(count)) => panic!(
            "not exhausted: {} interleavings pass, and there are more. Make the test smaller, raise the limit with \
             `limit = …`, or draw some of them with `explore = {count}`",
            grouped(u128::from(count))
        ),
        Ok(Found::Failure(failure)) => {
            let mut text = match failure.before {
                0 => "the first interleaving".to_owned(),
                1 => "the second interleaving, after one that passes".to_owned(),
                before => format!("after {} interleavings that pass", grouped(u128::from(before))),
            };
            text += &format!("\nwhat happened, in this order:\n{}", failure.story);
            if failure.differs {
                text += DIFFERS;
            }
            text += &format!("to see it again: GOCHAN_SEED={} cargo test {name}", failure.choices);
            failure.verdict.raise_with(&text);
            Coverage::default()
        }
        Err(TimedOut) => {
            let passed = grouped(u128::from(passed.load(Relaxed)));
            timed_out(test, &group)
                .and(&format!("{passed} interleavings have passed by then, of an unknown number"))
                .raise();
            Coverage::default()
        }
    }
}

/// The one interleaving that `GOCHAN_SEED` selects.
fn choices_from_environment() -> Result<Option<Choices>, String> {
    let Some(text) = std::env::var("GOCHAN_SEED").ok().filter(|text| !text.trim().is_empty()) else {
        return Ok(None);
    };
    text.parse().map(Some).map_err(|()| {
        format!("GOCHAN_SEED is `{text}`; of a test with `explore = \"all\"` it begins with `all-`, as the failed test says")
    })
}

const DIFFERS: &str = "a second run of this interleaving went otherwise: the test depends on something besides its \
                       goroutines, such as real time, random numbers, the order of a HashMap or a static\n";

/// The state of a search.
enum Found {
    All(Coverage),
    /// This many have passed, and there are more.
    TooMany(u64),
    Failure(Failure),
}

struct Failure {
    /// The number that have passed.
    before: u64,
    verdict: Verdict,
    story: String,
    choices: Choices,
    differs: bool,
}

/// Performs one run after the other on the thread of the bubble.
struct Driver {
    test: Test,
    group: Arc<TestGroup>,
    passed: Arc<AtomicU64>,
    tell: Sender<Found>,
    left: GoroutinesLeft,
}

impl Driver {
    fn new(test: Test, group: Arc<TestGroup>, passed: Arc<AtomicU64>, tell: Sender<Found>) -> Driver {
        Driver { test, group, passed, tell, left: GoroutinesLeft::default() }
    }

    fn search(mut self, search: Search, limit: u64, body: impl Body) -> GoroutinesLeft {
        let found = self.go_through(search, limit, body);
        let _ = self.tell.send(found);
        self.left
    }

    fn go_through(&mut self, search: Search, limit: u64, body: impl Body) -> Found {
        let (mut coverage, mut orders) = (Coverage::default(), Orders::default());
        let explorer = {
            let jumps = self.test.jumps;
            let strikes = if jumps == Jumps::DEFAULT { 0 } else { jumps.count };
            Rc::new(Explorer::new(search, strikes, self.group.clone()))
        };
        let mut bubble = None;
        loop {
            let verdict = self.run_once(&explorer, &mut bubble, body);
            coverage.runs += 1;
            if verdict.is_failure() {
                return Found::Failure(self.failure(
                    &explorer,
                    coverage.interleavings.len() as u64,
                    verdict,
                    body,
                ));
            }
            if explorer.is_new() && coverage.interleavings.insert(explorer.interleaving()) {
                explorer.history(|history| orders.add(history));
                self.passed.store(coverage.interleavings.len() as u64, Relaxed);
            }
            if !explorer.advance() {
                coverage.orders = orders.total();
                coverage.is_bounded = explorer.is_bounded();
                return Found::All(coverage);
            }
            if coverage.interleavings.len() as u64 >= limit {
                return Found::TooMany(coverage.interleavings.len() as u64);
            }
        }
    }

    /// Repeats the interleaving that has just failed, to record the locations of its operations.
    fn failure(
        &mut self,
        explorer: &Rc<Explorer>,
        before: u64,
        verdict: Verdict,
        body: impl Body,
    ) -> Failure {
        let choices = explorer.choices();
        let trace = explorer.take_trace();
        explorer.note_places(trace.operations());
        let again = without_panic_reports(|| self.run_once(explorer, &mut None, body));
        let noted = explorer.take_trace();
        let differs = !again.is_failure() || !noted.is_like(&trace);
        let trace = if differs { trace } else { noted };
        Failure { before, verdict, story: trace.render(self.test.place), choices, differs }
    }

    /// Performs one run, in `bubble` if that can be used.
    fn run_once(
        &mut self,
        explorer: &Rc<Explorer>,
        bubble: &mut Option<&'static Bubble>,
        body: impl Body,
    ) -> Verdict {
        explorer.begin();
        let used = *bubble.get_or_insert_with(|| {
            Bubble::new(self.group.clone(), Box::new(explorer::Handle(explorer.clone(), self.tell.clone())))
        });
        let (end, result) = used.run(self.test.attributes(), self.test.place, body);
        explorer.end();
        let mut verdict = verdict(&self.test, &self.group, used, end, result);
        if explorer.is_endless() {
            verdict.add(
                Symptom::Endless,
                format!("no end after {MANY_STEPS} steps: goroutines keep each other busy"),
            );
        } else if explorer.has_strayed() {
            verdict.add(
                Symptom::Body,
                "goroutines did not do the same as before under the same choices: the test depends on something besides \
                 them, such as real time, random numbers, the order of a HashMap or a static"
                    .to_owned(),
            );
        }
        self.left.add(used, end);
        if end != End::Finished {
            // Some are left, as is allowed.
            *bubble = None;
        }
        verdict
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coverage_is_told_in_a_line() {
        let coverage = |found: u64, orders| Coverage {
            interleavings: (0..found).collect(),
            orders,
            ..Coverage::default()
        };
        assert_eq!(coverage(1, Some(1)).to_string(), "the only interleaving passes");
        assert_eq!(coverage(6, Some(6)).to_string(), "all 6 interleavings pass");
        assert_eq!(
            coverage(1296, Some(34_650)).to_string(),
            "all 1,296 interleavings pass (of at most 34,650 without reduction)"
        );
        assert!(coverage(2, None).to_string().contains("of more than 10^38"));
    }
}
