//! What all goroutines are doing, as values and as text.

use super::goroutine::Goroutine;
use super::park::WaitReason;
use super::settings::{Traceback, settings};
use super::stacks::{self, OfPlainThread, Patience, Stack, Which};
use super::status::{Seen, Status, Wait};
use super::{attributes, fork, knots, threads};
use crate::stack::Slot;
use std::collections::{BTreeMap, HashMap};
use std::fmt::{self, Write as _};
use std::panic::Location;
use std::time::{Duration, Instant};

/// What a goroutine is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// No worker has started it yet.
    Unstarted,
    /// It runs, or has yielded.
    Runnable,
    /// It is parked, or has been woken and no worker has resumed it yet: a wake does not touch the goroutine.
    Waiting(WaitReason),
}

impl State {
    /// Of a goroutine that has started.
    pub(crate) fn of(wait: Option<&Wait>) -> State {
        wait.map_or(State::Runnable, |wait| State::Waiting(wait.reason))
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            State::Unstarted => f.write_str("not started"),
            State::Runnable => f.write_str("runnable"),
            State::Waiting(reason) => reason.fmt(f),
        }
    }
}

/// One goroutine as [`goroutines`] saw it. Displayed, it is a paragraph of a dump.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct GoroutineInfo {
    /// Unique in the process.
    pub id: u64,
    /// Given by `Builder::name`.
    pub name: Option<String>,
    /// What it is doing.
    pub state: State,
    /// Where in the source it was spawned.
    pub spawned_at: Option<&'static Location<'static>>,
    /// Where in the source it waits, if it does.
    pub waiting_at: Option<&'static Location<'static>>,
    /// Since when it waits, if it does; right to about ten milliseconds.
    pub waiting_since: Option<Instant>,
    /// The calls that it is in. None unless it has been asked for, by [`stacks`], or if no worker has started it yet.
    pub stack: Option<Stack>,
}

/// Every goroutine that has started and not ended, by id, and those not started yet that have a name or a stack size
/// of their own.
///
/// Nothing is stopped meanwhile, so each entry is right for some moment during the call. Other goroutines that no
/// worker has started yet are in [`num_goroutine`](super::num_goroutine) only. Linear in the number of stacks ever in
/// use.
///
/// ```
/// let ch = gochan::chan!(());
/// let waiting = gochan::go!([ch] { ch.recv() });
/// while !gochan::runtime::goroutines().iter().any(|g| g.id == waiting.id() && g.waiting_at.is_some()) {
///     gochan::runtime::gosched();
/// }
/// ch.close();
/// waiting.join().unwrap();
/// ```
#[doc(alias = "Stack")]
pub fn goroutines() -> Vec<GoroutineInfo> {
    // Before the look at the started ones: what starts in between is then seen there. In a forked child the table may be
    // locked by a thread that is not there.
    let attributed = if fork::is_forked_child() { Vec::new() } else { attributes::all() };
    let mut found = Vec::new();
    visit_started(|seen| found.push(describe(seen)));
    let started: HashMap<u64, usize> =
        found.iter().enumerate().map(|(index, info)| (info.id, index)).collect();
    for (id, site, name) in attributed {
        if let Some(&index) = started.get(&id) {
            found[index].name = name;
        } else if attributes::knows(id) {
            found.push(GoroutineInfo {
                id,
                name,
                state: State::Unstarted,
                spawned_at: Some(site),
                waiting_at: None,
                waiting_since: None,
                stack: None,
            });
        }
    }
    found.sort_by_key(|info| info.id);
    found
}

/// A visit asks for the memory of goroutines so many ahead. None of it is in any cache if there are many goroutines; with
/// this a million of them take 0.28 seconds of a processor instead of 0.44.
const AHEAD: usize = 16;

/// Calls `visit` for every goroutine that has started and not ended, while they go on. In a forked child, for the one
/// that is there.
pub(crate) fn visit_started(mut visit: impl FnMut(Seen)) {
    let mut look = |status: &Status| {
        if let Some(seen) = status.look() {
            visit(seen);
        }
    };
    // The others are the parent's, and threads that are not there may hold the locks.
    if fork::is_forked_child() {
        let own = threads::current();
        let status = Goroutine::current().map(Goroutine::status).or(own.as_deref().map(|own| &**own));
        return status.into_iter().for_each(look);
    }
    threads::all().iter().for_each(|status| look(status));
    crate::stack::pool::for_each_slot(|slot| {
        Goroutine::prefetch_status(Slot { top: slot.top + AHEAD * slot.stride, ..slot });
        // SAFETY: slots stay mapped during the visit.
        look(unsafe { Goroutine::status_on(slot) });
    });
}

fn describe(seen: Seen) -> GoroutineInfo {
    let Seen { id, site, wait } = seen;
    GoroutineInfo {
        id,
        name: None,
        state: State::of(wait.as_ref()),
        spawned_at: site,
        waiting_at: wait.and_then(|wait| wait.place),
        waiting_since: wait.map(|wait| wait.since),
        stack: None,
    }
}

/// As [`goroutines`], with the [stack](GoroutineInfo::stack) of each.
///
/// Each worker looks at the goroutines that wait on it, between the turns of others: about ten microseconds for each, at most
/// a fraction of a millisecond at a time. The calling thread is blocked until all have answered, but not by a worker that has
/// sent nothing for 100 milliseconds because a goroutine keeps it to itself. The goroutines of such a worker, those that run,
/// and those that no worker has started yet have no stack; it is displayed as the reason. Of more than 10,000 goroutines some
/// are looked at of those with the same places.
///
/// The stacks are not of one moment, and a goroutine may have gone on between the look at its state and that at its stack.
///
/// ```
/// let ch = gochan::chan!(());
/// let waiting = gochan::go!([ch] { ch.recv() });
/// while !gochan::runtime::goroutines().iter().any(|g| g.id == waiting.id() && g.waiting_at.is_some()) {
///     gochan::runtime::gosched();
/// }
/// for goroutine in gochan::runtime::stacks() {
///     println!("{goroutine}");
/// }
/// ch.close();
/// waiting.join().unwrap();
/// ```
#[doc(alias = "Stack")]
pub fn stacks() -> Vec<GoroutineInfo> {
    let mut found = goroutines();
    stacks::collect(&mut found, Which::All);
    found
}

impl fmt::Display for GoroutineInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "goroutine {}", self.id)?;
        if let Some(name) = &self.name {
            write!(f, " `{name}`")?;
        }
        write!(f, " [{}", self.state)?;
        if let Some(since) = self.waiting_since {
            write!(f, ", {}", Rough(since.elapsed()))?;
        }
        f.write_str("]:\n")?;
        write_places(f, self.waiting_at, self.spawned_at)?;
        self.stack.iter().try_for_each(|stack| stack.fmt(f))
    }
}

pub(crate) fn write_places(
    f: &mut impl fmt::Write,
    waiting_at: Option<&Location<'_>>,
    spawned_at: Option<&Location<'_>>,
) -> fmt::Result {
    if let Some(place) = waiting_at {
        writeln!(f, "    waits at {place}")?;
    }
    if let Some(place) = spawned_at {
        writeln!(f, "    spawned at {place}")?;
    }
    Ok(())
}

/// A duration for people.
pub(crate) struct Rough(pub(crate) Duration);

impl fmt::Display for Rough {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_secs() {
            0 => write!(f, "{} ms", self.0.as_millis()),
            1..60 => write!(f, "{:.1} s", self.0.as_secs_f64()),
            seconds @ 60..3600 => write!(f, "{} min", seconds / 60),
            seconds => write!(f, "{} h {} min", seconds / 3600, seconds / 60 % 60),
        }
    }
}

/// Up to so many goroutines are told one by one.
const ONE_BY_ONE: usize = 100;

/// Everything that waits or runs, a paragraph each, with the stacks that [`Traceback`] asks for. Of a crowd, goroutines with
/// the same places and the same stack share one.
///
/// ```text
/// goroutine 2 `feeder` [chan send, 1.2 s]:
///     waits at src/queue.rs:31:14
///     spawned at src/main.rs:12:5
///         server::queue::push at src/queue.rs:31:14
///         server::feed at src/main.rs:14:13
/// ```
///
/// It does not wait as goroutines wait, so no other goroutine of the worker runs meanwhile, but it blocks the thread: until
/// the workers have told the stacks, as [`stacks`] says, and the names of the functions are known, which takes up to a second
/// once in a process and is longer in one with much debug information.
pub fn dump() -> String {
    let level = settings().traceback;
    let mut found = goroutines();
    match (level, super::current_id()) {
        (Traceback::None, _) | (Traceback::Single, None) => {}
        (Traceback::Single, Some(id)) => stacks::collect(&mut found, Which::Only(id)),
        (Traceback::All | Traceback::System, _) => stacks::collect(&mut found, Which::All),
    }
    let unstarted = found.iter().filter(|info| info.state == State::Unstarted).count();
    let hidden = super::known_goroutines().saturating_sub(found.len());
    let plain = stacks::of_plain_threads(matches!(level, Traceback::All | Traceback::System));
    learn(&found, &plain, Patience::LONG);
    let mut text = paragraphs(&found, &plain);
    if hidden > 0 && unstarted + hidden > 0 {
        let _ = writeln!(text, "\nand {hidden} more that no worker has started yet");
    }
    if !fork::is_forked_child() {
        for knot in knots::certain_deadlocks() {
            let _ = writeln!(text, "\n{knot}");
        }
    }
    text
}

/// Looks up the names of all stacks at once. False if that takes longer.
pub(super) fn learn(found: &[GoroutineInfo], plain: &[OfPlainThread], patience: Patience) -> bool {
    let stacks = found.iter().filter_map(|info| info.stack.as_ref());
    let stacks = stacks.chain(plain.iter().filter_map(|plain| plain.stack.as_ref()));
    stacks::learn(stacks.flat_map(|stack| stack.addresses().iter().copied()), patience)
}

/// The paragraphs of `found`, and of plain threads that wait.
pub(super) fn paragraphs(found: &[GoroutineInfo], plain: &[OfPlainThread]) -> String {
    let mut text = String::new();
    if found.len() <= ONE_BY_ONE {
        for info in found {
            let gap = if text.is_empty() { "" } else { "\n" };
            let _ = write!(text, "{gap}{info}");
        }
    } else {
        crowd(&mut text, found);
    }
    for OfPlainThread { thread, stack } in plain {
        if let Some(wait) = thread.status.wait() {
            let name = thread.name.as_deref().unwrap_or("without a name");
            let gap = if text.is_empty() { "" } else { "\n" };
            let _ =
                writeln!(text, "{gap}thread `{name}` [{}, {}]:", wait.reason, Rough(wait.since.elapsed()));
            let _ = write_places(&mut text, wait.place, None);
            let _ = stack.iter().try_for_each(|stack| write!(text, "{stack}"));
        }
    }
    text
}

fn crowd(text: &mut String, found: &[GoroutineInfo]) {
    type Place = Option<&'static Location<'static>>;
    type Key<'i> = (Option<&'i str>, String, Place, Place, Option<&'i Stack>);
    let mut groups: BTreeMap<Key<'_>, Vec<&GoroutineInfo>> = BTreeMap::new();
    for info in found {
        let state = info.state.to_string();
        let key = (info.name.as_deref(), state, info.waiting_at, info.spawned_at, info.stack.as_ref());
        groups.entry(key).or_default().push(info);
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    groups.sort_by_key(|group| group[0].id);
    for group in groups {
        let gap = if text.is_empty() { "" } else { "\n" };
        let first = group[0];
        if group.len() == 1 {
            let _ = write!(text, "{gap}{first}");
            continue;
        }
        let _ = write!(text, "{gap}{} goroutines", group.len());
        if let Some(name) = &first.name {
            let _ = write!(text, " `{name}`");
        }
        let _ = write!(text, " [{}", first.state);
        let longest = group.iter().filter_map(|info| info.waiting_since).min();
        if let Some(since) = longest {
            let _ = write!(text, ", up to {}", Rough(since.elapsed()));
        }
        text.push_str("]: ");
        ranges(text, group.iter().map(|info| info.id));
        text.push('\n');
        let _ = write_places(text, first.waiting_at, first.spawned_at);
        let _ = first.stack.iter().try_for_each(|stack| write!(text, "{stack}"));
    }
}

/// `3, 5-9, 12` of ascending numbers.
fn ranges(text: &mut String, ids: impl Iterator<Item = u64>) {
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for id in ids {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == id => *last = id,
            _ => runs.push((id, id)),
        }
    }
    for (index, (first, last)) in runs.into_iter().enumerate() {
        let gap = if index == 0 { "" } else { ", " };
        let _ = match last - first {
            0 => write!(text, "{gap}{first}"),
            _ => write!(text, "{gap}{first}-{last}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_told_roughly() {
        let told = |millis| Rough(Duration::from_millis(millis)).to_string();
        assert_eq!(told(40), "40 ms");
        assert_eq!(told(1_234), "1.2 s");
        assert_eq!(told(59_900), "59.9 s");
        assert_eq!(told(60_000), "1 min");
        assert_eq!(told(7_320_000), "2 h 2 min");
    }

    #[test]
    fn neighbours_share_a_range() {
        let mut text = String::new();
        ranges(&mut text, [1, 3, 4, 5, 9, 10, 20].into_iter());
        assert_eq!(text, "1, 3-5, 9-10, 20");
    }

    #[test]
    fn a_crowd_names_every_goroutine() {
        let info = |id: u64| GoroutineInfo {
            id,
            name: (id == 7).then(|| "odd one".to_owned()),
            state: State::Waiting(if id.is_multiple_of(2) { WaitReason::Send } else { WaitReason::Recv }),
            spawned_at: Some(Location::caller()),
            waiting_at: Some(Location::caller()),
            waiting_since: Some(Instant::now()),
            stack: None,
        };
        let text = paragraphs(&(1..=200).map(info).collect::<Vec<_>>(), &[]);
        assert!(text.contains("goroutine 7 `odd one` [chan receive, "), "{text}");
        assert!(text.contains("99 goroutines [chan receive, up to "), "{text}");
        assert!(text.contains("100 goroutines [chan send, up to "), "{text}");
        assert!(text.contains("]: 1, 3, 5, 9, 11,") && text.contains(", 198, 200\n"), "{text}");
    }
}
