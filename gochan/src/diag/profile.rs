//! The profile of all goroutines: how many wait where, and for how long.

use super::tally::{self, Tally};
use super::{json, leaks};
use crate::sched::describe::{Rough, State, write_places};
use crate::sched::fork;
use crate::sched::knots::certain_deadlocks;
use std::fmt;
use std::panic::Location;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// All goroutines, grouped by what they have in common, as [`profile`] saw them. Displayed, it is a text.
#[derive(Debug, Clone)]
#[doc(alias = "pprof")]
pub struct Profile {
    taken: SystemTime,
    groups: Vec<GoroutineGroup>,
    findings: Vec<Finding>,
}

/// Goroutines that were spawned at one place and do the same at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GoroutineGroup {
    /// How many there are.
    pub count: usize,
    /// What they are doing.
    pub state: State,
    /// The name that all of them have, given by `Builder::name`. Goroutines with different names are in different groups,
    /// unless there would be more than 32 such groups: then they are in one, which has no name.
    pub name: Option<String>,
    /// Where in the source they were spawned. None: they are not started yet, and the place is not known.
    pub spawned_at: Option<&'static Location<'static>>,
    /// Where in the source they wait, if they do.
    pub waiting_at: Option<&'static Location<'static>>,
    /// For how long they have waited, if they do.
    #[doc(alias = "age")]
    pub waits: Option<WaitTimes>,
}

/// For how long the goroutines of a group have waited; right to about ten milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct WaitTimes {
    /// The shortest wait.
    pub shortest: Duration,
    /// The mean of all.
    pub mean: Duration,
    /// The longest wait.
    pub longest: Duration,
    /// The sum of all.
    pub total: Duration,
}

/// Something that the runtime takes for a fault of the program.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// What kind of fault it is.
    pub kind: FindingKind,
    /// What was found, in one or several lines.
    pub text: String,
}

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FindingKind {
    /// Goroutines that wait for what seems never to come, and become ever more. They are looked for if
    /// [`Builder::leaks_after`](crate::runtime::Builder::leaks_after) or `GOCHAN_LEAKS` says so.
    Leak,
    /// Goroutines that wait for each other forever, while others go on. They are known in builds with debug
    /// assertions, in tests, and with `GOCHAN_DEADLOCK=watch`.
    Deadlock,
}

impl fmt::Display for FindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FindingKind::Leak => "leak",
            FindingKind::Deadlock => "deadlock",
        })
    }
}

/// What looks for faults, and is asked in this order.
const SOURCES: &[fn() -> Vec<Finding>] = &[leaks::findings, deadlocks];

fn deadlocks() -> Vec<Finding> {
    let knots = certain_deadlocks().into_iter();
    knots.map(|knot| Finding { kind: FindingKind::Deadlock, text: knot.to_string() }).collect()
}

/// The goroutines as of now, grouped by the places where they were spawned and where they wait, by their state and
/// their name.
///
/// This is Go's goroutine profile with places instead of whole stacks. It tells at a glance what a million goroutines
/// do, and two profiles of different times tell what has become more.
///
/// Nothing is stopped meanwhile, and goroutines do nothing for it: each is counted as it was at some moment during the
/// call. The time is linear in the number of stacks ever in use, about 0.3 seconds of a processor for a
/// million of them. The memory is linear in the number of groups and of goroutines with a name. Goroutines that no worker
/// has started yet are counted; where they were spawned is known only of those with a name or a stack size of their own.
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
pub fn profile() -> Profile {
    let now = Instant::now();
    let groups = tally::take(now).into_iter().map(|tally| GoroutineGroup::of(tally, now)).collect();
    // What looks for faults has locks, which threads that are not there may hold.
    let sources = if fork::is_forked_child() { &[] } else { SOURCES };
    let findings = sources.iter().flat_map(|source| source()).collect();
    Profile::new(groups, findings)
}

impl Profile {
    /// When it was taken, since 1970.
    pub(super) fn time(&self) -> Duration {
        self.taken.duration_since(UNIX_EPOCH).unwrap_or_default()
    }

    pub(super) fn new(mut groups: Vec<GoroutineGroup>, findings: Vec<Finding>) -> Profile {
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

    /// How many goroutines there are in all groups.
    pub fn count(&self) -> usize {
        self.groups.iter().map(|group| group.count).sum()
    }

    /// What the runtime takes for faults of the program, as far as it looks for any.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The profile as one object in JSON. Times are in nanoseconds, that of the profile since 1970; what is not known is
    /// left out.
    ///
    /// ```json
    /// {"time_ns":1764439200000000000,"goroutines":100,"groups":[
    /// {"count":100,"state":"chan send","name":"feeder",
    /// "spawned_at":{"file":"src/main.rs","line":6,"column":5},
    /// "waiting_at":{"file":"src/main.rs","line":6,"column":15},
    /// "shortest_ns":12000000,"mean_ns":13000000,"longest_ns":15000000,"total_ns":1300000000}],
    /// "findings":[{"kind":"leak","text":"100 goroutines …"}]}
    /// ```
    ///
    /// ```
    /// let json = gochan::runtime::profile().to_json();
    /// assert!(json.starts_with("{\"time_ns\":"));
    /// ```
    pub fn to_json(&self) -> String {
        json::of(self)
    }

    /// The profile in the format of pprof, compressed by gzip: write it to a file and open that by `go tool pprof`.
    ///
    /// A sample is a group. Its stack is the place where the goroutines wait, below it the place where they were spawned; a
    /// function is called by the place it stands for. The values are the number of goroutines and the sum of the times
    /// that they have waited (`-sample_index=waited`). State and name are labels (`-tags`), and findings are comments
    /// (`-comments`). Needs the feature `pprof`.
    ///
    /// ```no_run
    /// std::fs::write("goroutines.pb.gz", gochan::runtime::profile().to_pprof())?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[cfg(feature = "pprof")]
    pub fn to_pprof(&self) -> Vec<u8> {
        super::pprof::of(self)
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
            state: tally.places.state,
            name: tally.name,
            spawned_at: tally.places.spawned_at.map(|place| place.0),
            waiting_at: tally.places.waiting_at.map(|place| place.0),
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

/// So many of a thing.
pub(super) struct Plural<'a>(pub(super) usize, pub(super) &'a str);

impl fmt::Display for Plural<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.0, self.1, if self.0 == 1 { "" } else { "s" })
    }
}

#[cfg(test)]
pub(super) mod tests {
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
    pub(in crate::diag) fn example() -> Profile {
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
