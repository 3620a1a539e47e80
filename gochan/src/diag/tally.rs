//! Counting goroutines by location, without keeping any.

use super::dump::{State, visit_started};
use super::location_key::LocationKey;
use crate::base::status::{Seen, Wait};
use crate::base::{attributes, fork};
use crate::sched::count::known_goroutines;
use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

/// The number of different names that are kept apart among goroutines with the same locations and states.
const NAMES: usize = 32;

/// The key of a group: what its goroutines have in common besides their name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct GroupKey {
    pub(crate) spawned_at: Option<LocationKey>,
    pub(crate) waiting_at: Option<LocationKey>,
    pub(crate) state: State,
}

impl GroupKey {
    pub(crate) fn of(seen: &Seen) -> GroupKey {
        GroupKey {
            spawned_at: seen.site.map(LocationKey),
            waiting_at: seen.wait.and_then(|wait| wait.place).map(LocationKey),
            state: State::of(seen.wait.as_ref()),
        }
    }
}

/// A group of goroutines.
#[derive(Debug)]
pub(crate) struct Tally {
    pub(crate) key: GroupKey,
    pub(crate) name: Option<String>,
    pub(crate) count: usize,
    pub(crate) waits: Option<Waits>,
}

/// When the waits of a group began, and their total length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Waits {
    pub(crate) earliest: Instant,
    pub(crate) latest: Instant,
    pub(crate) total: Duration,
}

/// The sums for a group.
#[derive(Debug, Default, Clone, Copy)]
struct Sum {
    count: usize,
    waits: Option<Waits>,
}

impl Sum {
    fn add(&mut self, other: Sum) {
        self.count += other.count;
        self.waits = match (self.waits, other.waits) {
            (Some(a), Some(b)) => Some(Waits {
                earliest: a.earliest.min(b.earliest),
                latest: a.latest.max(b.latest),
                total: a.total + b.total,
            }),
            (a, b) => a.or(b),
        };
    }
}

/// By name: most goroutines have none.
type Sums<'a> = HashMap<GroupKey, HashMap<Option<&'a str>, Sum>>;

fn add<'a>(sums: &mut Sums<'a>, key: GroupKey, name: Option<&'a str>, sum: Sum) {
    sums.entry(key).or_default().entry(name).or_default().add(sum);
}

/// Counts the current goroutines.
pub(crate) fn take(now: Instant) -> Vec<Tally> {
    // Before the started ones: a goroutine that starts in between is found there. In a forked child the table may be
    // locked by a thread that does not exist.
    let attributed = if fork::is_forked_child() { Vec::new() } else { attributes::all() };
    let attributed: HashMap<_, _> =
        attributed.into_iter().map(|(id, site, name)| (id, (site, name))).collect();
    let name_of = |id: u64| attributed.get(&id)?.1.as_deref();
    let mut unstarted: HashSet<u64> = attributed.keys().copied().collect();
    let (mut sums, mut found) = (Sums::new(), 0);
    visit_started(|seen| {
        unstarted.remove(&seen.id);
        let waits = seen.wait.map(|Wait { since, .. }| Waits {
            earliest: since,
            latest: since,
            total: now.saturating_duration_since(since),
        });
        add(&mut sums, GroupKey::of(&seen), name_of(seen.id), Sum { count: 1, waits });
        found += 1;
    });
    let unstarted_at = |spawned_at| GroupKey { spawned_at, waiting_at: None, state: State::Unstarted };
    // The others have ended meanwhile.
    for id in unstarted.iter().filter(|id| attributes::knows(**id)) {
        add(
            &mut sums,
            unstarted_at(Some(LocationKey(attributed[id].0))),
            name_of(*id),
            Sum { count: 1, waits: None },
        );
        found += 1;
    }
    let hidden = known_goroutines().saturating_sub(found);
    if hidden > 0 {
        add(&mut sums, unstarted_at(None), None, Sum { count: hidden, waits: None });
    }
    sums.into_iter().flat_map(|(key, by_name)| tallies(key, by_name)).collect()
}

/// The groups with these locations: one for each name, or a single one if there are too many names.
fn tallies(key: GroupKey, mut by_name: HashMap<Option<&str>, Sum>) -> Vec<Tally> {
    if by_name.len() > NAMES {
        let mut all = Sum::default();
        by_name.drain().for_each(|(_, sum)| all.add(sum));
        by_name.insert(None, all);
    }
    let tally = |(name, Sum { count, waits }): (Option<&str>, Sum)| Tally {
        key,
        name: name.map(str::to_owned),
        count,
        waits,
    };
    by_name.into_iter().map(tally).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::Location;

    fn tallies_of(names: usize) -> Vec<Tally> {
        let here = GroupKey {
            spawned_at: Some(LocationKey(Location::caller())),
            waiting_at: None,
            state: State::Runnable,
        };
        let names: Vec<_> = (0..names).map(|name| name.to_string()).collect();
        let mut sums = Sums::new();
        for name in names.iter().map(String::as_str).cycle().take(1000) {
            add(&mut sums, here, Some(name), Sum { count: 1, waits: None });
        }
        sums.into_iter().flat_map(|(key, by_name)| tallies(key, by_name)).collect()
    }

    #[test]
    fn goroutines_are_told_apart_by_name_unless_each_has_its_own() {
        let few = tallies_of(10);
        assert_eq!(few.len(), 10);
        assert!(few.iter().all(|tally| tally.count == 100 && tally.name.is_some()));
        assert_eq!(tallies_of(NAMES).len(), NAMES);
        let many = tallies_of(NAMES + 1);
        assert_eq!((many.len(), many[0].count, &many[0].name), (1, 1000, &None));
    }

    #[test]
    fn waits_are_added_up() {
        let now = Instant::now();
        let wait = |seconds| {
            let since = now - Duration::from_secs(seconds);
            let waits = Waits { earliest: since, latest: since, total: Duration::from_secs(seconds) };
            Sum { count: 1, waits: Some(waits) }
        };
        let mut sum = Sum::default();
        [wait(3), wait(1), wait(8)].into_iter().for_each(|wait| sum.add(wait));
        let waits = sum.waits.unwrap();
        assert_eq!((sum.count, waits.total), (3, Duration::from_secs(12)));
        assert_eq!(
            (now - waits.earliest, now - waits.latest),
            (Duration::from_secs(8), Duration::from_secs(1))
        );
    }
}
