//! What is known of the knots that were found, as values and as text.

use super::party::{Held, Party};
use crate::sched::group::Group;
#[cfg(not(all(test, gochan_model)))]
use crate::sched::monitor;
use crate::sched::park::WaitReason;
use std::fmt;
use std::panic::Location;
use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::Thread;

/// Goroutines and threads that wait for each other and will do so for ever.
#[derive(Debug, Clone)]
pub(crate) struct Knot {
    /// Each one waits for the next.
    pub(super) members: Vec<Member>,
    /// So many at the end wait in a circle; zero: the last one waits for what a goroutine held that has ended.
    pub(super) cycle: usize,
    /// Else the first member waits for a knot that was found before.
    pub(super) is_new: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) party: Party,
    /// None: a goroutine.
    pub(super) thread: Option<Thread>,
    pub(super) in_test: bool,
    pub(super) reason: WaitReason,
    pub(super) waits_at: &'static Location<'static>,
    pub(super) spawned_at: Option<&'static Location<'static>>,
    /// With whether that one has ended.
    pub(super) depends_on: Vec<(Held, bool)>,
}

/// Those not reported yet, and all that were new.
static PENDING: Mutex<Vec<Knot>> = Mutex::new(Vec::new());
static ALL: Mutex<Vec<Knot>> = Mutex::new(Vec::new());
/// How many are pending.
static COUNT: AtomicUsize = AtomicUsize::new(0);

fn lock(knots: &Mutex<Vec<Knot>>) -> MutexGuard<'_, Vec<Knot>> {
    knots.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A search has found it.
pub(super) fn add(knot: Knot) {
    #[cfg(all(test, gochan_model))]
    return super::model::add(knot);
    #[cfg(not(all(test, gochan_model)))]
    tell(knot);
}

#[cfg(not(all(test, gochan_model)))]
fn tell(knot: Knot) {
    if !knot.is_of_test() && !knot.is_new {
        return;
    }
    if knot.is_new {
        lock(&ALL).push(knot.clone());
    }
    let is_of_test = knot.is_of_test();
    lock(&PENDING).push(knot);
    COUNT.fetch_add(1, Release);
    if !is_of_test {
        monitor::knot_is_found();
    }
}

/// Every knot that was ever found: none of them comes undone.
pub(crate) fn certain_deadlocks() -> Vec<Knot> {
    lock(&ALL).clone()
}

/// Those that goroutines of `group` are in, each given out once.
pub(crate) fn take_of_test(group: &Group) -> Vec<Knot> {
    take(|knot| knot.is_of(group))
}

/// True if a goroutine of `group` is in one that nobody has taken.
pub(crate) fn is_found_in_test(group: &Group) -> bool {
    COUNT.load(Acquire) > 0 && lock(&PENDING).iter().any(|knot| knot.is_of(group))
}

/// Those that no goroutine of a test is in, each given out once.
pub(crate) fn take_of_program() -> Vec<Knot> {
    take(|knot| !knot.is_of_test())
}

fn take(wanted: impl Fn(&Knot) -> bool) -> Vec<Knot> {
    if COUNT.load(Acquire) == 0 {
        return Vec::new();
    }
    let mut pending = lock(&PENDING);
    let (taken, left): (Vec<_>, Vec<_>) = pending.drain(..).partition(wanted);
    COUNT.fetch_sub(taken.len(), Release);
    *pending = left;
    taken
}

impl Knot {
    fn is_of_test(&self) -> bool {
        self.members.iter().any(|member| member.in_test)
    }

    fn is_of(&self, group: &Group) -> bool {
        self.ids().any(|id| group.contains(id))
    }

    /// False if it was found before, and is found again by another one that waits for it.
    pub(crate) fn is_new(&self) -> bool {
        self.is_new
    }

    /// The goroutines in it.
    pub(crate) fn ids(&self) -> impl Iterator<Item = u64> {
        self.members.iter().filter_map(|member| member.party.goroutine_id())
    }
}

/// What `held` has to do with a wait of this kind.
pub(super) fn link(reason: WaitReason, held: Held, has_ended: bool) -> String {
    let Held { party, place } = held;
    let verb = match reason {
        WaitReason::Join | WaitReason::Scope | WaitReason::WaitGroup => {
            return format!("until {party} has ended");
        }
        WaitReason::Once | WaitReason::SingleFlight => "run",
        _ => "held",
    };
    let since = place.map(|place| format!(" since {place}")).unwrap_or_default();
    let ended = if has_ended { ", which has ended" } else { "" };
    format!("{verb} by {party}{since}{ended}")
}

impl fmt::Display for Knot {
    /// A line that says how many, then two for each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.cycle {
            0 => f.write_str("deadlock: a goroutine has ended and left locked what others wait for")?,
            1 => f.write_str("deadlock: a goroutine waits for itself")?,
            count => write!(f, "deadlock: {count} goroutines wait for each other")?,
        }
        for (index, member) in self.members.iter().enumerate() {
            let next = self.members.get(index + 1).or_else(|| {
                let start = self.members.len() - self.cycle;
                self.members.get(start)
            });
            member.fmt(f, next.map(|next| next.party))?;
        }
        Ok(())
    }
}

impl Member {
    /// `next`: what it waits for in the knot.
    fn fmt(&self, f: &mut fmt::Formatter<'_>, next: Option<Party>) -> fmt::Result {
        match &self.thread {
            Some(thread) => write!(f, "\n    thread `{}`", thread.name().unwrap_or("without a name"))?,
            None => write!(f, "\n    {}", self.party)?,
        }
        write!(f, ": waits in {} at {}", self.reason, self.waits_at)?;
        let is_next = |(held, ended): &&(Held, bool)| Some(held.party) == next || *ended;
        if let Some((held, has_ended)) = self.depends_on.iter().find(is_next) {
            write!(f, ", {}", link(self.reason, *held, *has_ended))?;
        }
        if let Some(site) = self.spawned_at {
            write!(f, "\n        spawned at {site}")?;
        }
        Ok(())
    }
}
