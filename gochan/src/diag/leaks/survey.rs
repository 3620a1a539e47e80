//! One look at all goroutines: how many of each group wait for too long.

use super::detector::{Group, Sight};
use crate::diag::place::Place;
use crate::sched::park::WaitReason;
use crate::sched::status::Seen;
use std::collections::HashMap;
use std::time::Instant;

/// Groups and spawn places beyond this many are left out.
const MOST: usize = 4096;

/// Counts goroutines of which it is shown one after the other. The memory is that of the groups.
#[derive(Debug)]
pub(super) struct Survey {
    now: Instant,
    /// A wait that began by then is too long.
    cutoff: Instant,
    /// What was the cutoff at the look before.
    last_cutoff: Option<Instant>,
    spawned: HashMap<Place, usize>,
    overdue: HashMap<Group, Overdue>,
}

#[derive(Debug)]
struct Overdue {
    count: usize,
    stayed: usize,
    since: Instant,
}

impl Survey {
    pub(super) fn new(now: Instant, cutoff: Instant, last_cutoff: Option<Instant>) -> Survey {
        Survey { now, cutoff, last_cutoff, spawned: HashMap::new(), overdue: HashMap::new() }
    }

    pub(super) fn count(&mut self, seen: &Seen) {
        let Some(spawned_at) = seen.site.map(Place) else { return };
        if let Some(spawned) = self.spawned.get_mut(&spawned_at) {
            *spawned += 1;
        } else if self.spawned.len() < MOST {
            self.spawned.insert(spawned_at, 1);
        } else {
            return;
        }
        // A sleeping goroutine goes on without the help of others.
        if let Some(wait) = seen.wait
            && wait.since <= self.cutoff
            && wait.reason != WaitReason::Sleep
        {
            let group = Group { spawned_at, waiting_at: wait.place.map(Place), reason: wait.reason };
            if self.overdue.len() < MOST || self.overdue.contains_key(&group) {
                let overdue =
                    self.overdue.entry(group).or_insert(Overdue { count: 0, stayed: 0, since: wait.since });
                overdue.count += 1;
                overdue.stayed += usize::from(self.last_cutoff.is_some_and(|cutoff| wait.since <= cutoff));
                overdue.since = overdue.since.min(wait.since);
            }
        }
    }

    /// The groups of which goroutines wait for too long.
    pub(super) fn sights(self) -> HashMap<Group, Sight> {
        let sight = |(group, overdue): (Group, Overdue)| {
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
