//! Telling that nothing will ever happen again.
//!
//! The [`monitor`](super::monitor) asks when no goroutine runs. The answer must never be wrong: everything that could
//! act is looked at twice, and between the looks nothing may have acted. Whoever was at rest both times, without having
//! done anything in between, has been at rest all the time from the one look to the other; so at the end of the first
//! look all of them were at once, and what rests can only be woken by what acts.

use super::describe::GoroutineInfo;
use super::runtime::Workers;
use super::settings::{self, Traceback, settings};
use super::stacks::{self, OfPlainThread, Patience, Which};
use super::{alarm, blocking, describe, knots, outside, report, threads};
use std::sync::atomic::{AtomicBool, Ordering::*};
use std::time::Duration;

/// What a look at the process has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Something runs, or will at a known time. Its end will be noticed.
    Alive,
    /// Only threads that are none of the runtime's business could still act. Their end is not noticed.
    Outsiders,
    /// As `Outsiders`, of threads that have just been told to end.
    Leaving,
    /// Nobody could.
    Dead,
}

static MAIN_HAS_LEFT: AtomicBool = AtomicBool::new(false);

/// Looks once; cheap while there is work.
pub(super) fn look(workers: Option<&Workers>) -> Verdict {
    if !settings().deadlock_report || !somebody_waits() {
        return Verdict::Alive;
    }
    let Some(before) = rest(workers) else { return Verdict::Alive };
    if !outside::nobody_could_act() {
        return Verdict::Outsiders;
    }
    // Again, in the same words: see above.
    match rest(workers) {
        Some(after) if after == before && outside::nobody_could_act() && rest(workers) == Some(before) => {
            if end_idle_threads() {
                Verdict::Leaving
            } else {
                Verdict::Dead
            }
        }
        _ => Verdict::Alive,
    }
}

/// Makes the idle threads of the pools end. True if there were any: look again then.
///
/// They hold thread-locals of what they have run, whose destructors may close a channel. While they do, the threads count
/// as any other thread of the program. To be called when nobody could act but for that, so that no thread is about to
/// become idle.
pub(super) fn end_idle_threads() -> bool {
    let (calls, goroutines) = (blocking::end_idle(), threads::end_idle());
    calls || goroutines
}

fn somebody_waits() -> bool {
    super::count_goroutines() > 0 || outside::waiting_threads() > 0 || MAIN_HAS_LEFT.load(SeqCst)
}

/// If every goroutine waits and none will be woken by the clock: how much has been done so far, in numbers that only
/// grow.
fn rest(workers: Option<&Workers>) -> Option<(u64, u64)> {
    let ended_waits = outside::ended_waits();
    if blocking::pending() > 0 || !alarm::service_rests() {
        return None;
    }
    if workers.is_none() && threads::pending() as isize != outside::waiting_goroutines() {
        return None;
    }
    let turns = turns_at_rest(workers)?;
    Some((turns, ended_waits))
}

/// The turns that all these workers have had, if they have nothing to do and no deadline to wait for.
pub(super) fn turns_at_rest<'w>(all: impl IntoIterator<Item = &'w Workers>) -> Option<u64> {
    let mut turns = 0;
    for worker in all.into_iter().flat_map(Workers::all) {
        if !worker.is_dormant() {
            return None;
        }
        turns += u64::from(worker.progress.turns.load(SeqCst));
    }
    Some(turns)
}

/// Prints what everybody waits for and ends the process. The stacks are printed with it if their names are known soon,
/// else after it if they have been asked for.
pub(super) fn report() -> ! {
    const AT_ONCE: Patience = Patience(Duration::from_millis(70));
    let mut found = describe::goroutines();
    let with_stacks = settings().traceback != Traceback::None;
    let what = if found.is_empty() && MAIN_HAS_LEFT.load(SeqCst) {
        "no goroutines (main called goexit) - deadlock!"
    } else {
        "all goroutines are asleep - deadlock!"
    };
    let held = knots::who_holds_what();
    let held = if held.is_empty() { held } else { format!("\n{held}") };
    let tell = |found: &[GoroutineInfo], plain: &[OfPlainThread]| {
        let paragraphs = describe::paragraphs(found, plain);
        let gap = if paragraphs.is_empty() { "" } else { "\n" };
        format!("fatal error: {what}\n{gap}{paragraphs}{held}")
    };
    let short = tell(&found, &stacks::of_plain_threads(false));
    if !with_stacks {
        report::end_process(&short);
    }
    stacks::collect(&mut found, Which::All);
    let plain = stacks::of_plain_threads(true);
    if describe::learn(&found, &plain, AT_ONCE) {
        report::end_process(&tell(&found, &plain));
    }
    if !settings().traceback_is_asked_for {
        report::end_process(&format!("{short}\nfor the stacks, set GOCHAN_TRACEBACK=all\n"));
    }
    report::print(&format!("{short}\nwith the stacks:\n\n"));
    describe::learn(&found, &plain, Patience::LONG);
    report::end_process(&describe::paragraphs(&found, &plain))
}

/// Prints which goroutines wait for each other while others go on. The program goes on, too: they may be a few of many.
pub(super) fn warn_of_knots() {
    let knots = knots::take_of_program();
    if settings::installed().is_none_or(|settings| settings.deadlock_report) {
        knots.iter().for_each(|knot| report::warn(&knot.to_string()));
    }
}

/// The main goroutine has called `goexit`: the program ends when the others have come to rest.
pub(super) fn main_has_left() -> ! {
    MAIN_HAS_LEFT.store(true, SeqCst);
    if outside::count_threads().is_none() || !settings().deadlock_report {
        while super::count_goroutines() > 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
        report();
    }
    loop {
        outside::Wake::new().sleep(|| {});
    }
}
