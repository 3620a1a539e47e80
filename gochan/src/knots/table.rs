//! The table of the parties' waits, and the search for knots.

use super::found::{self, Knot, Member};
use super::party::{Held, Party};
use super::{Obstacle, do_guards_wander};
use crate::base::fork;
use crate::base::status::Status;
use crate::base::test_group::{self, TestGroup};
use crate::sched::goroutine::Goroutine;
use crate::sched::park::WaitReason;
use crate::sched::threads;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::panic::Location;
use std::ptr::NonNull;
#[cfg(not(gochan_model))]
use std::sync;
use std::thread::Thread;

/// The current waits, by party.
#[derive(Debug)]
struct Table {
    waiting: BTreeMap<Party, Entry>,
    /// Goroutines that have ended and left something locked.
    ended: BTreeSet<Party>,
    /// Parties that are known to wait forever.
    told: BTreeSet<Party>,
}

#[derive(Debug)]
struct Entry {
    reason: WaitReason,
    place: &'static Location<'static>,
    site: Option<&'static Location<'static>>,
    /// `None` for a goroutine.
    thread: Option<Thread>,
    in_test: bool,
    obstacle: NonNull<dyn Obstacle>,
}

// SAFETY: obstacles are `Sync`.
unsafe impl Send for Entry {}

/// The result of a search.
#[derive(Debug, PartialEq, Eq)]
enum Search {
    /// Each one of these waits for the next.
    Stuck {
        path: Vec<Party>,
        last: Last,
    },
    Alive,
}

/// The dependency of the last party of a path.
#[derive(Debug, PartialEq, Eq)]
enum Last {
    /// The party at this index of the path.
    Member(usize),
    Ended(Party),
}

impl Table {
    const EMPTY: Table = Table { waiting: BTreeMap::new(), ended: BTreeSet::new(), told: BTreeSet::new() };
}

#[cfg(not(gochan_model))]
fn table() -> sync::MutexGuard<'static, Table> {
    static TABLE: sync::Mutex<Table> = sync::Mutex::new(Table::EMPTY);
    crate::base::lock::lock(&TABLE)
}

/// In a model, other threads run while it is locked.
#[cfg(gochan_model)]
fn table() -> crate::base::spin::Guard<'static, Table> {
    use crate::base::spin::SpinLock;
    static TABLE: SpinLock<Table> = SpinLock::new(Table::EMPTY);
    TABLE.lock()
}

/// Clears the state of the last execution.
#[cfg(all(test, gochan_model))]
pub(crate) fn reset() {
    *table() = Table::EMPTY;
}

/// Enters the wait that the caller is about to begin. If that closes a knot, the knot is recorded.
///
/// # Safety
/// The obstacle outlives the entry, which exists until [`leave`].
pub(crate) unsafe fn enter(
    party: Party,
    reason: WaitReason,
    place: &'static Location<'static>,
    obstacle: &dyn Obstacle,
) {
    let goroutine = Goroutine::current();
    let status = if goroutine.is_some() { None } else { threads::current() };
    let site =
        goroutine.map(Goroutine::status).or(status.as_deref().map(|status| &**status)).and_then(Status::site);
    let entry = Entry {
        reason,
        place,
        site,
        thread: party.goroutine_id().is_none().then(std::thread::current),
        in_test: test_group::current().is_some(),
        // SAFETY: only the lifetime changes, by the caller's promise.
        obstacle: NonNull::from(unsafe {
            std::mem::transmute::<&dyn Obstacle, &'static dyn Obstacle>(obstacle)
        }),
    };
    let mut table = table();
    table.waiting.insert(party, entry);
    table.tell_of(party);
}

/// Removes the entry of the caller, whose wait has ended.
pub(crate) fn leave(party: Party) {
    table().waiting.remove(&party);
}

/// Called when a goroutine has ended and holds locks.
#[cold]
pub(crate) fn ended_holding(id: u64) {
    // A thread that does not exist in a forked child may have locked the table.
    if fork::is_forked_child() {
        return;
    }
    let party = Party::goroutine(id);
    let mut table = table();
    table.ended.insert(party);
    let waiting: Vec<_> = table.waiting.keys().copied().collect();
    waiting.into_iter().for_each(|party| table.tell_of(party));
}

/// Forgets the knots of goroutines of `group` whose waits were called off: a test has ended them.
pub(crate) fn forget(group: &TestGroup) {
    let mut table = table();
    let Table { waiting, ended, told } = &mut *table;
    let is_over = |party: Party| {
        // Others may still wait for one that has ended and left something locked.
        !waiting.contains_key(&party)
            && !ended.contains(&party)
            && party.goroutine_id().is_some_and(|id| group.contains(id))
    };
    told.retain(|party| !is_over(*party));
    found::forget(is_over);
}

/// For each wait for a lock or an initialiser, the party that holds it and where it locked, as far as known.
pub(crate) fn who_holds_what() -> String {
    use WaitReason::*;
    let table = table();
    let mut text = String::new();
    for (party, entry) in &table.waiting {
        if !matches!(entry.reason, Mutex | RwLockRead | RwLockWrite | Once | SingleFlight) {
            continue;
        }
        for held in entry.depends_on() {
            let what = found::link(entry.reason, held, table.ended.contains(&held.party));
            let _ = writeln!(text, "{party} waits at {}: {what}", entry.place);
        }
    }
    text
}

impl Entry {
    fn depends_on(&self) -> Vec<Held> {
        // SAFETY: a party leaves its wait after its entry is taken out, under the lock of the table, which is held.
        unsafe { self.obstacle.as_ref() }.depends_on()
    }
}

impl Table {
    /// Records a knot that contains `party` or that `party` waits for, unless it is already known.
    fn tell_of(&mut self, party: Party) {
        let Search::Stuck { path, last } = self.search(party) else { return };
        if do_guards_wander() {
            return;
        }
        let (is_new, cycle) = match last {
            Last::Member(first) => {
                let knot = &path[first..];
                (!knot.iter().any(|party| self.told.contains(party)), knot.len())
            }
            Last::Ended(party) => (self.told.insert(party), 0),
        };
        self.told.extend(&path);
        let members: Vec<_> = path.iter().map(|party| self.member(*party)).collect();
        found::add(Knot { members, cycle, is_new });
    }

    fn member(&self, party: Party) -> Member {
        let entry = &self.waiting[&party];
        let depends_on = entry.depends_on().into_iter().map(|held| (held, self.ended.contains(&held.party)));
        Member {
            party,
            thread: entry.thread.clone(),
            in_test: entry.in_test,
            reason: entry.reason,
            waits_at: entry.place,
            spawned_at: entry.site,
            depends_on: depends_on.collect(),
        }
    }

    /// Looks for a party that waits for itself, or for an ended one, along the dependencies from `start`.
    fn search(&self, start: Party) -> Search {
        let mut seen = BTreeSet::from([start]);
        // The path so far, and for each step the alternatives left to try.
        let mut path = vec![start];
        let mut others = vec![self.waiting.get(&start).map_or_else(Vec::new, Entry::depends_on)];
        while let Some(choices) = others.last_mut() {
            let Some(Held { party: next, .. }) = choices.pop() else {
                others.pop();
                path.pop();
                continue;
            };
            if let Some(index) = path.iter().position(|party| *party == next) {
                return Search::Stuck { path, last: Last::Member(index) };
            }
            if self.ended.contains(&next) {
                return Search::Stuck { path, last: Last::Ended(next) };
            }
            if let Some(entry) = self.waiting.get(&next)
                && seen.insert(next)
            {
                path.push(next);
                others.push(entry.depends_on());
            }
        }
        Search::Alive
    }
}

#[cfg(test)]
mod tests {
    use crate::knots::table::*;

    /// Each of `waits` is a party and the parties that it depends on.
    fn search(waits: &[(u64, &[u64])], ended: &[u64], start: u64) -> Search {
        let party = Party::goroutine;
        let obstacles: Vec<_> = waits
            .iter()
            .map(|(_, others)| {
                let others: Vec<_> = others.iter().map(|&other| Held::by(party(other))).collect();
                move || others.clone()
            })
            .collect();
        let entry = |obstacle: &dyn Obstacle| Entry {
            reason: WaitReason::Mutex,
            place: Location::caller(),
            site: None,
            thread: None,
            in_test: false,
            // SAFETY: only the lifetime changes; the obstacles outlive the search.
            obstacle: NonNull::from(unsafe {
                std::mem::transmute::<&dyn Obstacle, &'static dyn Obstacle>(obstacle)
            }),
        };
        let waiting = waits.iter().zip(&obstacles);
        let table = Table {
            waiting: waiting.map(|(wait, obstacle)| (party(wait.0), entry(obstacle))).collect(),
            ended: ended.iter().map(|&id| party(id)).collect(),
            told: BTreeSet::new(),
        };
        table.search(party(start))
    }

    fn stuck(path: &[u64], last: Last) -> Search {
        Search::Stuck { path: path.iter().map(|&id| Party::goroutine(id)).collect(), last }
    }

    #[test]
    fn a_party_that_runs_or_is_not_known_ends_the_search() {
        assert_eq!(search(&[(1, &[2])], &[], 1), Search::Alive);
        assert_eq!(search(&[(1, &[])], &[], 1), Search::Alive);
        assert_eq!(search(&[(1, &[2, 3]), (2, &[4]), (3, &[2, 5])], &[], 1), Search::Alive);
    }

    #[test]
    fn a_circle_is_found_from_inside_and_from_outside() {
        assert_eq!(search(&[(1, &[1])], &[], 1), stuck(&[1], Last::Member(0)));
        let waits: &[(u64, &[u64])] = &[(1, &[2]), (2, &[3]), (3, &[1]), (4, &[2])];
        assert_eq!(search(waits, &[], 1), stuck(&[1, 2, 3], Last::Member(0)));
        assert_eq!(search(waits, &[], 4), stuck(&[4, 2, 3, 1], Last::Member(1)));
    }

    #[test]
    fn one_that_cannot_act_is_enough_if_all_must() {
        let waits: &[(u64, &[u64])] = &[(1, &[7, 2, 8]), (2, &[1])];
        assert_eq!(search(waits, &[], 1), stuck(&[1, 2], Last::Member(0)));
    }

    #[test]
    fn what_was_left_locked_holds_up_for_ever() {
        let ended = Last::Ended(Party::goroutine(9));
        assert_eq!(search(&[(1, &[2]), (2, &[9])], &[9], 1), stuck(&[1, 2], ended));
    }

    #[test]
    fn ways_that_meet_again_are_walked_once() {
        // 2 to the power of 40 paths from the first to the last.
        let last = 80;
        let pairs: Vec<_> = (0..last).map(|id| (id, [(id | 1) + 1, (id | 1) + 2])).collect();
        let waits: Vec<_> = pairs.iter().map(|(id, others)| (*id, &others[..])).collect();
        assert_eq!(search(&waits, &[], 0), Search::Alive);
    }
}
