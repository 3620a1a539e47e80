//! `explore = "all"`: one run for each interleaving, until there is none left.
//!
//! Other goroutines run before each operation, where a goroutine waits or ends, and where it begins; what lies between is
//! one [step](super::history). Which goroutine has the next one, and what a `select!` with several ready arms takes, is for
//! the [`search`](super::search) to choose. The clock jumps when all wait, and as often as `jumps` says while some can run:
//! then it is one of those that may have the next step.
//!
//! Loops that poll would go round for ever while the one they wait for is not chosen. So a goroutine that has called
//! `gosched` twice while no other had a step is no choice until another has had one, and neither is one that has had
//! [`LONG_ROW`] steps in a row.

mod explorer;

use super::choices::Choices;
use super::orders::Orders;
use super::progress::{Line, PAUSE, describe};
use super::search::Search;
use crate::sched::bubble::{Bubble, End};
use crate::sched::group::Group;
use crate::sched::private::TestThread;
use crate::sched::report::{hush, print_for_test};
use crate::test::drive::{GoroutinesLeft, TimedOut, group_of, on_thread, timed_out, verdict};
use crate::test::options::{Body, Jumps, Test};
use crate::test::report::{Symptom, Verdict};
use explorer::{Explorer, LONG_ROW, MANY_STEPS};
use std::collections::HashSet;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::Sender;
use std::time::Instant;

/// How far a search is to go, and how.
#[derive(Debug, Clone, Copy)]
pub(in crate::test) struct Extent {
    /// The test fails if there are more interleavings.
    pub(in crate::test) limit: u64,
    /// Leaves out orders that make no difference.
    pub(in crate::test) reduces: bool,
}

impl Default for Extent {
    fn default() -> Extent {
        Extent { limit: 100_000, reduces: true }
    }
}

/// What a search has seen.
#[derive(Debug, Default)]
pub struct Coverage {
    /// All of them.
    pub interleavings: HashSet<u64>,
    /// Runs that it took, those included that turned out to be of no use.
    pub runs: u64,
    /// How many runs it would have taken without reduction, at most. None: astronomically many.
    pub orders: Option<u128>,
    /// A goroutine was told to let others go on, for it was getting nowhere.
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

/// With a comma between thousands.
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
    let _thread = TestThread::new();
    let group = group_of(test);
    let passed = Arc::new(AtomicU64::new(0));
    let replayed = choices_from_environment().unwrap_or_else(|error| panic!("{error}"));
    let begun = Instant::now();
    let deadline = test.timeout.map(|timeout| begun + timeout);
    let drive = {
        let (test, group, passed) = (test.clone(), group.clone(), passed.clone());
        let search = replayed.clone().map_or_else(|| Search::new(extent.reduces), Search::replay);
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

/// The one interleaving that `GOCHAN_SEED` asks for.
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

/// What a search comes to.
enum Found {
    All(Coverage),
    /// So many have passed, and that was not all.
    TooMany(u64),
    Failure(Failure),
}

struct Failure {
    /// How many have passed.
    before: u64,
    verdict: Verdict,
    story: String,
    choices: Choices,
    differs: bool,
}

/// Runs one after the other on the thread of the bubble.
struct Driver {
    test: Test,
    group: Arc<Group>,
    passed: Arc<AtomicU64>,
    tell: Sender<Found>,
    left: GoroutinesLeft,
}

impl Driver {
    fn new(test: Test, group: Arc<Group>, passed: Arc<AtomicU64>, tell: Sender<Found>) -> Driver {
        Driver { test, group, passed, tell, left: GoroutinesLeft::None }
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

    /// Once more the interleaving that has just failed, to see where in the source its operations are.
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
        hush(true);
        let again = self.run_once(explorer, &mut None, body);
        hush(false);
        let noted = explorer.take_trace();
        let differs = !again.is_failure() || !noted.is_like(&trace);
        let trace = if differs { trace } else { noted };
        Failure { before, verdict, story: trace.render(self.test.place), choices, differs }
    }

    /// One run, in `bubble` if that is fit for use.
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
        self.left = self.left.or(GoroutinesLeft::of(used));
        if end != End::Finished {
            // Some are left, and may be.
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
