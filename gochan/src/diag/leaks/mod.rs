//! Detection of goroutine leaks while the program runs.
//!
//! A thread inspects all goroutines now and then: the [`survey`] counts them by location, and the [`detector`] decides
//! from successive surveys which groups leak. It is not the monitor's thread, since a survey of a million stacks takes
//! longer than the monitor may be away; the thread exists only if leak detection is enabled.

mod detector;
mod survey;
#[cfg(test)]
mod tests;

use super::dump::{Rough, write_places};
use super::finding::{Finding, FindingKind, Plural};
use crate::base::actors::OwnedThread;
use crate::base::lock::lock;
use crate::base::report;
use crate::base::settings::settings;
use detector::{Detector, LeakGroup, Sight};
use std::collections::HashMap;
use std::sync::{Mutex, Once};
use std::time::{Duration, Instant};
use survey::Survey;

/// Surveys within the time after which a wait is too long.
const LOOKS: u32 = 4;
/// After a survey the thread rests for at least this many times the duration of the survey.
const RESTS: u32 = 50;
/// The step of the clock of waits.
const SHORTEST_REST: Duration = Duration::from_millis(10);

/// The groups that leak, as of the last survey.
static FINDINGS: Mutex<Vec<Finding>> = Mutex::new(Vec::new());

/// Starts leak detection if the settings enable it.
pub(crate) fn start_if_asked() {
    static WATCHED: Once = Once::new();
    let limit = settings().leaks_after;
    if limit.is_zero() {
        return;
    }
    WATCHED.call_once(|| {
        std::thread::Builder::new()
            .name("gochan-leaks".to_owned())
            .stack_size(128 * 1024)
            .spawn(move || watch(limit))
            .unwrap_or_else(|error| {
                report::fatal(&format!("cannot start the thread that looks for leaks: {error}"))
            });
    });
}

/// The groups that leak, if leak detection is enabled.
pub(crate) fn findings() -> Vec<Finding> {
    lock(&FINDINGS).clone()
}

fn watch(limit: Duration) -> ! {
    let _owned = OwnedThread::new();
    let mut detector = Detector::default();
    let mut rest = limit / LOOKS;
    // Waits that had begun by then were too long at the last survey.
    let mut last_cutoff = None;
    loop {
        std::thread::sleep(rest.max(SHORTEST_REST));
        let start = Instant::now();
        let cutoff = start.checked_sub(limit);
        if let Some(cutoff) = cutoff {
            look(&mut detector, Survey::new(start, cutoff, last_cutoff), limit);
        }
        last_cutoff = cutoff;
        rest = (limit / LOOKS).max(start.elapsed() * RESTS);
    }
}

fn look(detector: &mut Detector, mut survey: Survey, limit: Duration) {
    super::dump::visit_started(|seen| survey.count(&seen));
    let sights = survey.sights();
    let verdict = detector.look(&sights);
    let describe = |group| describe(group, &sights, limit);
    for group in in_order(verdict.report) {
        report::warn(&format!("goroutine leak: {}", describe(group)));
    }
    let finding = |group| Finding { kind: FindingKind::Leak, text: describe(group) };
    let found = in_order(verdict.leaks).into_iter().map(finding).collect();
    *lock(&FINDINGS) = found;
}

fn in_order(mut groups: Vec<LeakGroup>) -> Vec<LeakGroup> {
    groups.sort_by_key(|group| (group.spawned_at, group.waiting_at));
    groups
}

fn describe(group: LeakGroup, sights: &HashMap<LeakGroup, Sight>, limit: Duration) -> String {
    let Sight { overdue, longest, .. } = sights[&group];
    let mut text = format!(
        "{} have waited for more than {}, none of them goes on, and they become ever more [{}, up to {}]:\n",
        Plural(overdue, "goroutine"),
        Rough(limit),
        group.reason,
        Rough(longest),
    );
    let _ = write_places(&mut text, group.waiting_at.map(|place| place.0), Some(group.spawned_at.0));
    text.truncate(text.trim_end().len());
    text
}
