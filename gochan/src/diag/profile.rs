//! The profile of all goroutines: how many wait where, and for how long.

use super::dump::{Rough, State, write_places};
use super::finding::Plural;
pub use super::finding::{Finding, FindingKind};
use super::leaks;
use super::tally::{self, Tally};
use crate::base::fork;
use crate::knots::certain_deadlocks;
use std::fmt;
use std::panic::Location;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// All goroutines, grouped by location, state and name, as seen by [`profile`]. Displayed, it is a text.
#[derive(Debug, Clone)]
#[doc(alias = "pprof")]
pub struct Profile {
    taken: SystemTime,
    groups: Vec<GoroutineGroup>,
    findings: Vec<Finding>,
}

/// Goroutines that were spawned at one location and have the same state at one location.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GoroutineGroup {
    /// Their number.
    pub count: usize,
    /// Their state.
    pub state: State,
    /// The name that all of them have, given by `Builder::name`. Goroutines with different names are in different
    /// groups, unless there would be more than 32 such groups: then they form one group without a name.
    pub name: Option<String>,
    /// The source location where they were spawned. `None` if they have not started yet and the location is not known.
    pub spawned_at: Option<&'static Location<'static>>,
    /// The source location where they wait, if they do.
    pub waiting_at: Option<&'static Location<'static>>,
    /// How long they have waited, if they wait.
    #[doc(alias = "age")]
    pub waits: Option<WaitTimes>,
}

/// How long the goroutines of a group have waited; accurate to about ten milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct WaitTimes {
    /// The shortest wait.
    pub shortest: Duration,
    /// The mean of all waits.
    pub mean: Duration,
    /// The longest wait.
    pub longest: Duration,
    /// The sum of all waits.
    pub total: Duration,
}

/// The detectors of faults, in the order in which they are queried.
const SOURCES: &[fn() -> Vec<Finding>] = &[leaks::findings, deadlocks];

fn deadlocks() -> Vec<Finding> {
    let knots = certain_deadlocks().into_iter();
    knots.map(|knot| Finding { kind: FindingKind::Deadlock, text: knot.to_string() }).collect()
}

/// The current goroutines, grouped by the locations where they were spawned and where they wait, by their state and
/// their name.
///
/// This is Go's goroutine profile with locations instead of whole stacks. It summarises what a million goroutines do,
/// and comparing two profiles of different times shows what has grown.
///
/// Nothing is stopped meanwhile, and goroutines do no extra work: each is counted in its state at some moment during
/// the call. The time is linear in the maximum number of stacks ever in use, about 0.3 seconds of processor time for a
/// million of them. The memory is linear in the number of groups and of goroutines with a name. Goroutines that no
/// worker has started yet are counted; their spawn location is known only if they have a name or a stack size of their
/// own.
///
/// ```
/// use gochan::prelude::*;
/// use gochan::runtime;
///
/// let results = chan!(u64);
/// for n in 0..100 {
///     go!([results] { results.send(n * n) });
/// }
/// let mut profile = runtime::profile();
/// // The largest group comes first.
/// while profile.groups()[0].count < 100 || profile.groups()[0].waits.is_none() {
///     runtime::gosched();
///     profile = runtime::profile();
/// }
/// assert_eq!(profile.groups()[0].state.to_string(), "chan send");
/// println!("{profile}");
/// ```
///
/// The text of this profile begins like this:
///
/// ```text
/// 100 goroutines in 1 group
///
/// 100 goroutines [chan send, 12 ms to 15 ms]:
///     waits at src/main.rs:6:15
///     spawned at src/main.rs:6:5
/// ```
#[doc(alias("pprof", "goroutineprofile"))]
#[must_use]
pub fn profile() -> Profile {
    let now = Instant::now();
    let groups = tally::take(now).into_iter().map(|tally| GoroutineGroup::of(tally, now)).collect();
    // The detectors have locks, which threads that do not exist here may hold.
    let sources = if fork::is_forked_child() { &[] } else { SOURCES };
    let findings = sources.iter().flat_map(|source| source()).collect();
    Profile::new(groups, findings)
}

impl Profile {
    /// When it was taken, since 1970.
    pub(crate) fn time(&self) -> Duration {
        self.taken.duration_since(UNIX_EPOCH).unwrap_or_default()
    }

    pub(crate) fn new(mut groups: Vec<GoroutineGroup>, findings: Vec<Finding>) -> Profile {
        let order = |group: &GoroutineGroup| {
            (group.spawned_at, group.waiting_at, group.state.to_string(), group.name.clone())
        };
        groups.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| order(a).cmp(&order(b))));
        Profile { taken: SystemTime::now(), groups, findings }
    }

    /// When it was taken.
    pub fn taken(&self) -> SystemTime {
        self.taken
    }

    /// The groups, the largest first.
    pub fn groups(&self) -> &[GoroutineGroup] {
        &self.groups
    }

    /// The number of goroutines in all groups.
    pub fn count(&self) -> usize {
        self.groups.iter().map(|group| group.count).sum()
    }

    /// The conditions that the runtime considers faults of the program, for the detectors that are enabled.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }
}

impl GoroutineGroup {
    fn of(tally: Tally, now: Instant) -> GoroutineGroup {
        let waits = tally.waits.map(|waits| WaitTimes {
            shortest: now.saturating_duration_since(waits.latest),
            mean: waits.total / u32::try_from(tally.count).unwrap_or(u32::MAX),
            longest: now.saturating_duration_since(waits.earliest),
            total: waits.total,
        });
        GoroutineGroup {
            count: tally.count,
            state: tally.key.state,
            name: tally.name,
            spawned_at: tally.key.spawned_at.map(|at| at.0),
            waiting_at: tally.key.waiting_at.map(|at| at.0),
            waits,
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} in {}", Plural(self.count(), "goroutine"), Plural(self.groups.len(), "group"))?;
        for group in &self.groups {
            write!(f, "\n{group}")?;
        }
        for finding in &self.findings {
            writeln!(f, "\n{}: {}", finding.kind, finding.text)?;
        }
        Ok(())
    }
}

impl fmt::Display for GoroutineGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Plural(self.count, "goroutine"))?;
        if let Some(name) = &self.name {
            write!(f, " `{name}`")?;
        }
        write!(f, " [{}", self.state)?;
        if let Some(waits) = &self.waits {
            let (shortest, longest) = (Rough(waits.shortest).to_string(), Rough(waits.longest).to_string());
            if shortest == longest {
                write!(f, ", {longest}")?;
            } else {
                write!(f, ", {shortest} to {longest}")?;
            }
        }
        f.write_str("]:\n")?;
        write_places(f, self.waiting_at, self.spawned_at)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::sched::park::WaitReason;

    fn group(count: usize, name: Option<&str>, waits: Option<(u64, u64)>) -> GoroutineGroup {
        let here = Location::caller();
        GoroutineGroup {
            count,
            state: if waits.is_some() { State::Waiting(WaitReason::Send) } else { State::Runnable },
            name: name.map(str::to_owned),
            spawned_at: Some(here),
            waiting_at: waits.map(|_| here),
            waits: waits.map(|(shortest, longest)| WaitTimes {
                shortest: Duration::from_secs(shortest),
                mean: Duration::from_secs((shortest + longest) / 2),
                longest: Duration::from_secs(longest),
                total: count as u32 * Duration::from_secs((shortest + longest) / 2),
            }),
        }
    }

    /// Three groups and a finding.
    pub(crate) fn example() -> Profile {
        let groups = vec![
            group(1, None, None),
            group(3, Some("the \"odd\" one"), Some((2, 2))),
            group(40, None, Some((1, 240))),
        ];
        let leak = Finding { kind: FindingKind::Leak, text: "40 goroutines\n    are too many".to_owned() };
        Profile::new(groups, vec![leak])
    }

    #[test]
    fn the_text_has_the_largest_group_first_and_ends_with_the_findings() {
        let text = example().to_string();
        let paragraphs: Vec<_> = text.split("\n\n").collect();
        assert_eq!(paragraphs.len(), 5, "{text}");
        assert_eq!(paragraphs[0], "44 goroutines in 3 groups");
        assert!(
            paragraphs[1].starts_with("40 goroutines [chan send, 1.0 s to 4 min]:\n    waits at "),
            "{text}"
        );
        assert!(paragraphs[2].starts_with("3 goroutines `the \"odd\" one` [chan send, 2.0 s]:\n"), "{text}");
        assert!(paragraphs[3].starts_with("1 goroutine [runnable]:\n    spawned at "), "{text}");
        assert_eq!(paragraphs[4], "leak: 40 goroutines\n    are too many\n");
    }
}
