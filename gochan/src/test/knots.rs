//! Goroutines of a test that wait for each other forever while others go on.

use super::report::{Symptom, Verdict, leftover};
use crate::base::test_group::TestGroup;
use crate::knots::{self, Knot};
use std::time::{Duration, Instant};

/// In this time it may turn out that all others wait as well.
const GRACE: Duration = Duration::from_millis(50);

/// The knots found so far.
#[derive(Default)]
pub(super) struct Knots {
    found: Vec<Knot>,
    since: Option<Instant>,
}

impl Knots {
    /// Takes those that concern `group`, unless all their goroutines are `allowed` to be left.
    pub(super) fn look(&mut self, group: &TestGroup, allowed: &[&str]) {
        let mut taken = knots::take_of_test(group);
        if !taken.is_empty() && !allowed.is_empty() {
            let goroutines = leftover(group);
            let is_allowed = |id| goroutines.iter().any(|one| one.id() == id && one.is_among(allowed));
            taken.retain(|knot| !knot.ids().all(is_allowed));
        }
        if !taken.is_empty() {
            self.since.get_or_insert_with(Instant::now);
        }
        self.found.append(&mut taken);
    }

    /// True if there are any, and others have gone on since.
    pub(super) fn are_partial(&self) -> bool {
        self.since.is_some_and(|since| since.elapsed() >= GRACE)
    }

    pub(super) fn add_to(&self, verdict: &mut Verdict) {
        let mut new = self.found.iter().filter(|knot| knot.is_new()).peekable();
        // Otherwise these wait for one of another test.
        let one_of_others = if new.peek().is_none() { self.found.first() } else { None };
        new.chain(one_of_others).for_each(|knot| verdict.add(Symptom::Knot, knot.to_string()));
    }
}
