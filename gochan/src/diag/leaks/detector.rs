//! The criteria by which a group of goroutines is a leak.
//!
//! A goroutine is *overdue* when its wait has lasted longer than the limit. A large number of overdue goroutines proves
//! nothing: those of an idle pool of workers are overdue as well. So it must be certain that a group grows, and that
//! none of its overdue goroutines goes on:
//!
//! * *It grows* if more of its goroutines are overdue now than goroutines of that spawn location existed at an earlier
//!   survey, overdue or not: the difference has been spawned since. A pool never meets this condition. A single growth
//!   may be a second pool, so [`GROWTHS`] are required, each measured from the one before. Each requires goroutines
//!   that were spawned after the previous one and are overdue, so at least the limit lies between two growths.
//! * *None goes on* if all goroutines that were overdue at the last survey still are, in the same wait: those whose
//!   waits began before the limit of that survey. Otherwise the group starts anew.

use crate::diag::location_key::LocationKey;
use crate::sched::park::WaitReason;
use std::collections::HashMap;
use std::time::Duration;

/// The number of times that a group has to grow.
const GROWTHS: u32 = 2;

/// The key of a group: what its goroutines have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct LeakGroup {
    pub(crate) spawned_at: LocationKey,
    pub(crate) waiting_at: Option<LocationKey>,
    pub(crate) reason: WaitReason,
}

/// A group as found by one survey. Groups without overdue goroutines may be omitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Sight {
    /// Goroutines that have waited there for longer than the limit.
    pub(crate) overdue: usize,
    /// Of those, the ones whose wait began before the limit of the previous survey.
    pub(crate) stayed: usize,
    /// Goroutines spawned at the location of the group's spawns, in any state.
    pub(crate) spawned: usize,
    /// The longest wait.
    pub(crate) longest: Duration,
}

/// The memory of a group between surveys.
#[derive(Debug, Default)]
struct Record {
    /// At the last survey.
    overdue: usize,
    /// The smallest number of goroutines spawned there that a survey has found since the group last grew.
    spawned: usize,
    growths: u32,
    /// The number of overdue goroutines at the last report; zero if it was never reported.
    reported: usize,
}

/// The result of a survey.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Groups that were just found to leak, or that have doubled since they were reported.
    pub(crate) report: Vec<LeakGroup>,
    /// All groups that leak.
    pub(crate) leaks: Vec<LeakGroup>,
}

/// Finds leaks in successive surveys.
#[derive(Debug, Default)]
pub(crate) struct Detector(HashMap<LeakGroup, Record>);

impl Detector {
    pub(crate) fn look(&mut self, sights: &HashMap<LeakGroup, Sight>) -> Verdict {
        self.0.retain(|group, _| sights.contains_key(group));
        let mut verdict = Verdict::default();
        for (group, sight) in sights {
            let record = self.0.entry(*group).or_default();
            record.see(sight);
            if record.leaks() {
                verdict.leaks.push(*group);
                if record.is_news() {
                    record.reported = record.overdue;
                    verdict.report.push(*group);
                }
            }
        }
        verdict
    }
}

impl Record {
    fn see(&mut self, sight: &Sight) {
        if self.overdue == 0 || sight.stayed < self.overdue {
            // The rest of a group that was reported is no news, unless most of the group is gone.
            let reported = if 2 * sight.overdue < self.reported { 0 } else { self.reported };
            *self = Record { overdue: sight.overdue, spawned: sight.spawned, growths: 0, reported };
            return;
        }
        self.overdue = sight.overdue;
        if sight.overdue > self.spawned {
            self.growths += 1;
            self.spawned = sight.spawned;
        } else {
            self.spawned = self.spawned.min(sight.spawned);
        }
    }

    fn leaks(&self) -> bool {
        self.growths >= GROWTHS
    }

    fn is_news(&self) -> bool {
        self.overdue >= 2 * self.reported
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::Location;

    fn group() -> LeakGroup {
        let place = LocationKey(Location::caller());
        LeakGroup { spawned_at: place, waiting_at: Some(place), reason: WaitReason::Recv }
    }

    /// The detector's answers for a group with these sights: (overdue, stayed, spawned).
    fn reports(sights: &[(usize, usize, usize)]) -> Vec<bool> {
        let mut detector = Detector::default();
        let group = group();
        let look = |&(overdue, stayed, spawned): &(usize, usize, usize)| {
            let sight = Sight { overdue, stayed, spawned, ..Sight::default() };
            let sights = HashMap::from_iter((overdue > 0).then_some((group, sight)));
            !detector.look(&sights).report.is_empty()
        };
        sights.iter().map(look).collect()
    }

    #[test]
    fn a_group_that_grows_twice_is_reported() {
        let sights = [(2, 0, 4), (4, 2, 6), (5, 4, 7), (7, 5, 9), (8, 7, 10)];
        assert_eq!(reports(&sights), [false, false, false, false, true]);
    }

    #[test]
    fn what_was_reported_is_reported_again_when_it_has_doubled() {
        let steady: Vec<_> = (1..=40).map(|look: usize| (look, look - 1, look + 1)).collect();
        let looks: Vec<_> =
            (1..).zip(reports(&steady)).filter(|(_, told)| *told).map(|(look, _)| look).collect();
        assert_eq!(looks, [5, 10, 20, 40]);
    }

    #[test]
    fn a_pool_that_idles_is_not_reported() {
        let sights = [(0, 0, 8), (3, 0, 8), (5, 3, 8), (8, 5, 8), (8, 8, 8), (8, 8, 8)];
        assert_eq!(reports(&sights), [false; 6]);
    }

    #[test]
    fn a_second_pool_is_not_reported() {
        let sights = [(8, 0, 8), (8, 8, 16), (16, 8, 16), (16, 16, 16), (16, 16, 16)];
        assert_eq!(reports(&sights), [false; 5]);
    }

    #[test]
    fn a_group_of_which_one_goes_on_starts_anew() {
        // As many as before, or more, but not the same ones.
        let sights = [(2, 0, 4), (5, 2, 7), (6, 4, 8), (9, 6, 11), (12, 8, 14), (15, 11, 17)];
        assert_eq!(reports(&sights), [false; 6]);
    }

    #[test]
    fn goroutines_on_their_way_through_do_not_hide_a_leak() {
        // At most surveys a hundred pass by, and one stays.
        let sights = [(1, 0, 101), (2, 1, 80), (3, 2, 3), (4, 3, 104), (5, 4, 60), (6, 5, 7), (8, 6, 100)];
        assert_eq!(reports(&sights), [false, false, false, false, false, false, true]);
    }

    #[test]
    fn what_is_left_of_a_reported_group_is_no_news_unless_it_is_little() {
        let leak = |from: usize, to: usize| (from..=to).map(|look| (look, look - 1, look + 1));
        let mut sights: Vec<_> = leak(1, 5).collect();
        let news = |sights: &[_]| reports(sights).into_iter().filter(|told| *told).count();
        assert_eq!(news(&sights), 1);
        // One goes on: only a doubled number is news.
        sights.push((4, 4, 5));
        sights.extend(leak(5, 9));
        assert_eq!(news(&sights), 1);
        sights.extend(leak(10, 10));
        assert_eq!(news(&sights), 2);
        // Nearly all go on.
        sights.push((1, 1, 2));
        sights.extend(leak(2, 5));
        assert_eq!(news(&sights), 3);
    }

    #[test]
    fn a_group_that_is_gone_is_forgotten() {
        let mut detector = Detector::default();
        let sight = Sight { overdue: 1, stayed: 0, spawned: 1, ..Sight::default() };
        detector.look(&HashMap::from([(group(), sight)]));
        assert_eq!(detector.0.len(), 1);
        assert_eq!(detector.look(&HashMap::new()), Verdict::default());
        assert!(detector.0.is_empty());
    }
}
