//! From a run that has failed to one with fewer switches that fails in the same way.
//!
//! Delta debugging (Zeller and Hildebrandt, 2002): switches are left out, first all of them, then halves, quarters and
//! so on down to single ones, as long as the rest still fails. Then it tries to replace several switches by one. The
//! limits are in runs and steps, not in time, so that the same seed is always shrunk to the same run.

use super::explorer::{Failure, Plan, Runs};
use super::script::{Player, Script, Switch};
use crate::base::report::without_panic_reports;
use crate::test::options::Body;
use crate::test::report::Symptom;
use std::time::{Duration, Instant};

/// The maximum number of runs.
const RUNS: u32 = 1000;
/// The maximum number of them that fail: each leaves goroutines behind that have not ended.
const FAILURES: u32 = 200;
/// The maximum number of steps of all runs together.
const STEPS: u64 = 400_000;
/// If steps take very long, not all of them are tried.
const TIME: Duration = Duration::from_secs(20);

/// The failure to reproduce with fewer switches.
pub(super) struct Fault {
    pub(super) seed: u64,
    pub(super) script: Script,
    steps: u64,
    symptoms: Vec<Symptom>,
}

impl Fault {
    pub(super) fn of(failure: &Failure) -> Fault {
        let Failure { seed, script, steps, verdict, .. } = failure;
        Fault { seed: *seed, script: script.clone(), steps: *steps, symptoms: verdict.symptoms() }
    }

    /// False if there is nothing to leave out, if runs take too many steps, or if each run costs a thread.
    pub(super) fn may_be_shrunk(&self) -> bool {
        !self.script.0.is_empty() && self.most_steps() * 4 < STEPS && !self.symptoms.contains(&Symptom::Stuck)
    }

    /// With fewer switches it may take more steps until it fails, but hardly many more.
    fn most_steps(&self) -> u64 {
        2 * self.steps + 100
    }
}

/// Shrinks a run that has failed; `note` is called for each failing run with fewer switches.
pub(super) fn shrink<B: Body>(runs: &mut Runs, fault: &Fault, body: B, note: impl FnMut(Failure)) {
    without_panic_reports(|| {
        runs.give_up_after(fault.most_steps());
        let budget = Budget { begun: Instant::now(), runs: RUNS, failures: FAILURES, steps: STEPS };
        let mut shrinker = Shrinker { runs, fault, body, note, budget };
        let switches = fewest(fault.script.0.clone(), |switches| shrinker.run(switches));
        shrinker.replace_by_one(switches);
        runs.give_up_after(u64::MAX);
    });
}

/// The remaining limits.
struct Budget {
    begun: Instant,
    runs: u32,
    failures: u32,
    steps: u64,
}

struct Shrinker<'s, B, N> {
    runs: &'s mut Runs,
    fault: &'s Fault,
    body: B,
    note: N,
    budget: Budget,
}

impl<B: Body, N: FnMut(Failure)> Shrinker<'_, B, N> {
    /// The switches made in a run with these, if it has failed in the same way.
    fn run(&mut self, switches: &[Switch]) -> Option<Vec<Switch>> {
        if self.is_spent() {
            return None;
        }
        let script = Script(switches.to_vec());
        let failure = self.runs.run(self.fault.seed, Plan::Play(Player::new(&script)), self.body);
        self.count();
        let failure = failure?;
        self.budget.failures -= 1;
        are_of(&failure.verdict.symptoms(), &self.fault.symptoms).then(|| {
            let switches = failure.script.0.clone();
            (self.note)(failure);
            switches
        })
    }

    fn is_spent(&self) -> bool {
        let Budget { begun, runs, failures, steps } = self.budget;
        runs == 0 || failures == 0 || steps < self.fault.most_steps() || begun.elapsed() > TIME
    }

    fn count(&mut self) {
        self.budget.runs -= 1;
        self.budget.steps = self.budget.steps.saturating_sub(self.runs.steps());
    }

    /// If none can be left out, one new switch may replace several: looks for one that fails after none of them, after
    /// the first and so on.
    fn replace_by_one(&mut self, mut switches: Vec<Switch>) {
        let mut kept = 0;
        while kept + 1 < switches.len() && !self.is_spent() {
            let first = &switches[..kept];
            let others = self.runs.switches_after(self.fault.seed, &Script(first.to_vec()), self.body);
            self.count();
            let found = others.unwrap_or_default().into_iter().find_map(|other| {
                let fewer = self.run(&[first, &[other]].concat())?;
                (fewer.len() < switches.len()).then_some(fewer)
            });
            match found {
                Some(fewer) => switches = fewer,
                None => kept += 1,
            }
        }
    }
}

/// True if both are the same kind of failure.
fn are_of(symptoms: &[Symptom], others: &[Symptom]) -> bool {
    symptoms.len() == others.len() && symptoms.iter().zip(others).all(|(one, other)| one.is_of(other))
}

/// A small subset of `all` that is still enough: none of its elements can be left out. `enough` is asked whether a
/// subset is, and returns those elements of it that matter.
fn fewest<T: Clone>(mut all: Vec<T>, mut enough: impl FnMut(&[T]) -> Option<Vec<T>>) -> Vec<T> {
    let mut size = all.len();
    while size > 0 {
        let mut found = false;
        let mut end = all.len();
        // The last first: the switches before it stay unchanged.
        while end > 0 {
            let begin = end.saturating_sub(size);
            let rest: Vec<T> = all[..begin].iter().chain(&all[end..]).cloned().collect();
            match enough(&rest) {
                Some(matter) => {
                    found = true;
                    all = matter;
                    end = begin.min(all.len());
                }
                None => end = begin,
            }
        }
        size = if size == 1 && found { 1 } else { (size / 2).min(all.len()) };
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The result for `all` if just `needed` matter, and the number of questions asked.
    fn left_of(all: u32, needed: &[u32]) -> (Vec<u32>, u32) {
        let mut questions = 0;
        let left = fewest((0..all).collect(), |some| {
            questions += 1;
            needed.iter().all(|need| some.contains(need)).then(|| some.to_vec())
        });
        (left, questions)
    }

    #[test]
    fn only_what_is_needed_is_left() {
        for (all, needed) in [
            (0, vec![]),
            (1, vec![]),
            (1, vec![0]),
            (57, vec![3, 30, 56]),
            (100, vec![]),
            (64, (0..64).collect()),
        ] {
            assert_eq!(left_of(all, &needed).0, needed, "of {all}");
        }
    }

    #[test]
    fn a_few_of_many_are_found_with_few_questions() {
        let (left, questions) = left_of(1000, &[17, 500, 501]);
        assert_eq!(left, [17, 500, 501]);
        assert!(questions < 120, "{questions}");
    }

    #[test]
    fn what_does_not_matter_as_it_turns_out_is_not_tried() {
        // Only two elements of the first candidate have had an effect.
        let left =
            fewest((0..10).collect(), |some| (some.contains(&1) && some.contains(&2)).then(|| vec![1, 2]));
        assert_eq!(left, [1, 2]);
    }

    #[test]
    fn a_failure_is_the_same_if_it_is_of_a_kind_and_shows_nothing_new() {
        let panic = |text: &str| vec![Symptom::Panic(text.to_owned())];
        assert!(are_of(&panic("2 came before 1"), &panic("12 came before 3")));
        assert!(!are_of(&panic("2 came before 1"), &panic("2 came after 1")));
        let (here, there) = (Some(std::panic::Location::caller()), None);
        let deadlock = |places: &[_]| vec![Symptom::Deadlock(places.to_vec())];
        assert!(are_of(&deadlock(&[here]), &deadlock(&[here, there])));
        assert!(!are_of(&deadlock(&[here]), &deadlock(&[there])));
        assert!(!are_of(&deadlock(&[here]), &[Symptom::Leak(vec![here])]));
        assert!(!are_of(&[], &panic("x")));
    }
}
