//! A dump as text.

use super::descriptor::addresses;
use super::{GoroutineInfo, State, goroutines};
use crate::base::above::{Above, Dump};
use crate::base::fork;
use crate::base::settings::{Traceback, settings};
use crate::diag::stacks::{self, Detail, OfPlainThread, Patience, Which};
use crate::knots;
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::panic::Location;
use std::time::Duration;

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
        if let Some(socket) = self.waiting_for.and_then(addresses) {
            write!(f, ", {socket}")?;
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

/// A duration in readable form.
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

/// Up to this number of goroutines are listed individually.
const ONE_BY_ONE: usize = 100;

/// Every goroutine that waits or runs, one paragraph each, with the stacks that [`Traceback`] selects. In a crowd,
/// goroutines with the same locations and the same stack share one paragraph.
///
/// ```text
/// goroutine 2 `feeder` [chan send, 1.2 s]:
///     waits at src/queue.rs:31:14
///     spawned at src/main.rs:12:5
///         server::queue::push at src/queue.rs:31:14
///         server::feed at src/main.rs:14:13
/// ```
///
/// The calling goroutine does not park, so no other goroutine of its worker runs meanwhile: the call blocks the thread
/// until the workers have sent the stacks, as described at [`stacks`](crate::runtime::stacks), and the names of the functions are known.
/// Loading the names takes up to a second, once in a process, and longer in a program with much debug information.
#[must_use]
pub fn dump() -> String {
    let level = settings().traceback;
    let mut found = goroutines();
    match (level, crate::sched::here::current_id()) {
        (Traceback::None, _) | (Traceback::Single, None) => {}
        (Traceback::Single, Some(id)) => stacks::collect(&mut found, Which::Only(id)),
        (Traceback::All | Traceback::System, _) => stacks::collect(&mut found, Which::All),
    }
    let unstarted = found.iter().filter(|info| info.state == State::Unstarted).count();
    let hidden = crate::sched::count::known_goroutines().saturating_sub(found.len());
    let plain = stacks::of_plain_threads(match level {
        Traceback::All | Traceback::System => Detail::Stacks,
        Traceback::None | Traceback::Single => Detail::Locations,
    });
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

/// Looks up the names of all stacks at once. False if that takes longer than allowed.
pub(crate) fn learn(found: &[GoroutineInfo], plain: &[OfPlainThread], patience: Patience) -> bool {
    let stacks = found.iter().filter_map(|info| info.stack.as_ref());
    let stacks = stacks.chain(plain.iter().filter_map(|plain| plain.stack.as_ref()));
    stacks::learn(stacks.flat_map(|stack| stack.addresses().iter().copied()), patience)
}

/// The paragraphs of `found`, and of the plain threads that wait.
pub(crate) fn paragraphs(found: &[GoroutineInfo], plain: &[OfPlainThread]) -> String {
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
    let mut groups: BTreeMap<_, Vec<&GoroutineInfo>> = BTreeMap::new();
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

/// `3, 5-9, 12`, from ascending numbers.
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

impl Dump for Above {
    fn dump() -> String {
        dump()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sched::park::WaitReason;
    use std::time::Instant;

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
            waiting_for: None,
            stack: None,
        };
        let text = paragraphs(&(1..=200).map(info).collect::<Vec<_>>(), &[]);
        assert!(text.contains("goroutine 7 `odd one` [chan receive, "), "{text}");
        assert!(text.contains("99 goroutines [chan receive, up to "), "{text}");
        assert!(text.contains("100 goroutines [chan send, up to "), "{text}");
        assert!(text.contains("]: 1, 3, 5, 9, 11,") && text.contains(", 198, 200\n"), "{text}");
    }
}
