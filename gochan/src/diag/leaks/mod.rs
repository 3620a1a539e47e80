//! Leaks of goroutines, found while the program runs.
//!
//! A thread looks at all goroutines now and then: the [`survey`] counts them by place, and the [`detector`] tells from what
//! one survey after the other has counted which groups leak. The thread is not the monitor's, since a look at a million
//! stacks takes longer than the monitor may be away; it exists only if leaks are looked for.

mod detector;
mod survey;
#[cfg(test)]
mod tests;

use super::profile::{Finding, FindingKind, Plural};
use crate::sched::describe::{Rough, write_places};
use crate::sched::outside::OwnedThread;
use crate::sched::report;
use crate::sched::settings::settings;
use detector::{Detector, Group, Sight};
use std::collections::HashMap;
use std::sync::{Mutex, Once, PoisonError};
use std::time::{Duration, Instant};
use survey::Survey;

/// Looks within the time after which a wait is too long.
const LOOKS: u32 = 4;
/// The thread rests for at least so many times as long as its last look has taken.
const RESTS: u32 = 50;
/// The clock of waits goes in such steps.
const SHORTEST_REST: Duration = Duration::from_millis(10);

/// The groups that leak as of the last look.
static FINDINGS: Mutex<Vec<Finding>> = Mutex::new(Vec::new());

/// Begins to look for leaks if the settings say so.
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

/// What leaks, as far as that is looked for.
pub(super) fn findings() -> Vec<Finding> {
    FINDINGS.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn watch(limit: Duration) -> ! {
    let _owned = OwnedThread::new();
    let mut detector = Detector::default();
    let mut rest = limit / LOOKS;
    // Waits that had begun by then were too long at the last look.
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
    crate::sched::describe::visit_started(|seen| survey.count(&seen));
    let sights = survey.sights();
    let verdict = detector.look(&sights);
    let describe = |group| describe(group, &sights, limit);
    for group in in_order(verdict.report) {
        report::warn(&format!("goroutine leak: {}", describe(group)));
    }
    let finding = |group| Finding { kind: FindingKind::Leak, text: describe(group) };
    let found = in_order(verdict.leaks).into_iter().map(finding).collect();
    *FINDINGS.lock().unwrap_or_else(PoisonError::into_inner) = found;
}

fn in_order(mut groups: Vec<Group>) -> Vec<Group> {
    groups.sort_by_key(|group| (group.spawned_at, group.waiting_at));
    groups
}

fn describe(group: Group, sights: &HashMap<Group, Sight>, limit: Duration) -> String {
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
