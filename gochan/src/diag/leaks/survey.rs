//! A survey of all goroutines: how many of each group have waited too long.

use super::detector::{LeakGroup, Sight};
use crate::base::status::Seen;
use crate::diag::location_key::LocationKey;
use crate::sched::park::WaitReason;
use std::collections::HashMap;
use std::time::Instant;

/// Groups and spawn locations beyond this number are left out.
const MOST: usize = 4096;

/// Counts the goroutines that are passed to it one after the other. Its memory is linear in the number of groups.
#[derive(Debug)]
pub(crate) struct Survey {
    now: Instant,
    /// A wait that began by then is too long.
    cutoff: Instant,
    /// The cutoff of the previous survey.
    last_cutoff: Option<Instant>,
    spawned: HashMap<LocationKey, usize>,
    overdue: HashMap<LeakGroup, Overdue>,
}

#[derive(Debug)]
struct Overdue {
    count: usize,
    stayed: usize,
    since: Instant,
}

impl Survey {
    pub(crate) fn new(now: Instant, cutoff: Instant, last_cutoff: Option<Instant>) -> Survey {
        Survey { now, cutoff, last_cutoff, spawned: HashMap::new(), overdue: HashMap::new() }
    }

    pub(crate) fn count(&mut self, seen: &Seen) {
        let Some(spawned_at) = seen.site.map(LocationKey) else { return };
        if let Some(spawned) = self.spawned.get_mut(&spawned_at) {
            *spawned += 1;
        } else if self.spawned.len() < MOST {
            self.spawned.insert(spawned_at, 1);
        } else {
            return;
        }
        // A sleeping goroutine goes on without help from others.
        if let Some(wait) = seen.wait
            && wait.since <= self.cutoff
            && wait.reason != WaitReason::Sleep
        {
            let group =
                LeakGroup { spawned_at, waiting_at: wait.place.map(LocationKey), reason: wait.reason };
            if self.overdue.len() < MOST || self.overdue.contains_key(&group) {
                let overdue =
                    self.overdue.entry(group).or_insert(Overdue { count: 0, stayed: 0, since: wait.since });
                overdue.count += 1;
                overdue.stayed += usize::from(self.last_cutoff.is_some_and(|cutoff| wait.since <= cutoff));
                overdue.since = overdue.since.min(wait.since);
            }
        }
    }

    /// The groups with goroutines that have waited too long.
    pub(crate) fn sights(self) -> HashMap<LeakGroup, Sight> {
        let sight = |(group, overdue): (LeakGroup, Overdue)| {
            let sight = Sight {
                overdue: overdue.count,
                stayed: overdue.stayed,
                spawned: self.spawned[&group.spawned_at],
                longest: self.now.saturating_duration_since(overdue.since),
            };
            (group, sight)
        };
        self.overdue.into_iter().map(sight).collect()
    }
}
