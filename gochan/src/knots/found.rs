//! The knots that were found, as values and as text.

use super::party::{Held, Party};
#[cfg(not(all(test, gochan_model)))]
use crate::base::bell;
use crate::base::lock::lock;
use crate::base::report;
use crate::base::settings;
use crate::base::test_group::TestGroup;
use crate::sched::park::WaitReason;
use std::fmt;
use std::panic::Location;
use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::sync::{Mutex, MutexGuard};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// Goroutines and threads that wait for each other, and will do so forever.
#[derive(Debug, Clone)]
pub(crate) struct Knot {
    /// Each one waits for the next.
    pub(crate) members: Vec<Member>,
    /// The number of members at the end that wait in a circle; zero if the last one waits for something that an ended
    /// goroutine held.
    pub(crate) cycle: usize,
    /// Otherwise the first member waits for a knot that was found before.
    pub(crate) is_new: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) party: Party,
    /// `None` for a goroutine.
    pub(crate) thread: Option<Thread>,
    pub(crate) in_test: bool,
    pub(crate) reason: WaitReason,
    pub(crate) waits_at: &'static Location<'static>,
    pub(crate) spawned_at: Option<&'static Location<'static>>,
    /// The wait depends on this party, and whether it has ended.
    pub(crate) depends_on: Vec<(Held, bool)>,
}

/// The knots not reported yet, and all new ones in order.
static PENDING: Mutex<Vec<Knot>> = Mutex::new(Vec::new());
static ALL: Mutex<Vec<Knot>> = Mutex::new(Vec::new());
/// The number of pending ones.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// Records a knot that a search has found.
pub(crate) fn add(knot: Knot) {
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
        become_due();
    }
}

/// How long there have been knots that have not been reported.
static DUE_SINCE: Mutex<Option<Instant>> = Mutex::new(None);
/// A knot is reported after this time, in which it may turn out that all goroutines wait: that has its own report.
pub(crate) const PATIENCE: Duration = Duration::from_millis(100);

fn due_since() -> MutexGuard<'static, Option<Instant>> {
    lock(&DUE_SINCE)
}

#[cfg(not(all(test, gochan_model)))]
fn become_due() {
    if !bell::is_attended() {
        // Only threads have used the runtime so far.
        return warn_of_all();
    }
    due_since().get_or_insert_with(Instant::now);
    bell::ring();
}

/// Reports the program's knots once they have lasted. Otherwise returns the time until the next check; `None` if there
/// are none.
pub(crate) fn report_if_due() -> Option<Duration> {
    let mut since = due_since();
    let left = PATIENCE.saturating_sub((*since)?.elapsed());
    if !left.is_zero() {
        return Some(left);
    }
    *since = None;
    drop(since);
    warn_of_all();
    None
}

/// Prints which goroutines wait for each other while others go on. The program continues: they may be a few of many.
fn warn_of_all() {
    let knots = take_of_program();
    if settings::installed().is_none_or(|settings| settings.deadlock_report) {
        knots.iter().for_each(|knot| report::warn(&knot.to_string()));
    }
}

/// Every knot that was ever found: none is ever resolved, but for those that [`forget`] removes.
pub(crate) fn certain_deadlocks() -> Vec<Knot> {
    lock(&ALL).clone()
}

/// Removes the knots all of whose members are over.
pub(super) fn forget(is_over: impl Fn(Party) -> bool) {
    lock(&ALL).retain(|knot| !knot.members.iter().all(|member| is_over(member.party)));
}

/// The knots that contain goroutines of `group`, each returned once.
pub(crate) fn take_of_test(group: &TestGroup) -> Vec<Knot> {
    take(|knot| knot.is_of(group))
}

/// True if a goroutine of `group` is in a knot that has not been taken.
pub(crate) fn is_found_in_test(group: &TestGroup) -> bool {
    COUNT.load(Acquire) > 0 && lock(&PENDING).iter().any(|knot| knot.is_of(group))
}

/// The knots that contain no goroutine of a test, each returned once.
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

    fn is_of(&self, group: &TestGroup) -> bool {
        self.ids().any(|id| group.contains(id))
    }

    /// False if it was found before, and is found again by another party that waits for it.
    pub(crate) fn is_new(&self) -> bool {
        self.is_new
    }

    /// The goroutines in it.
    pub(crate) fn ids(&self) -> impl Iterator<Item = u64> {
        self.members.iter().filter_map(|member| member.party.goroutine_id())
    }
}

/// The relation of `held` to a wait of this kind.
pub(crate) fn link(reason: WaitReason, held: Held, has_ended: bool) -> String {
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
    /// A line with the number, then two lines for each member.
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
    /// `next` is the party that it waits for in the knot.
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
