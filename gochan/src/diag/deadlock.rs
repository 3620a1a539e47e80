//! Finding out that nothing will ever happen again.
//!
//! The [`monitor`](super::monitor) asks this about the process when no goroutine runs, and the thread of a test about the
//! tests. The answer must never be wrong, so [`judge`] looks at everything that could act several times, and nothing may have
//! acted between the looks. What was at rest at two looks, without having done anything in between, has been at rest all the
//! time from the first to the second. So at the end of the first look everything was at rest at once, and what rests can
//! only be woken by something that acts.

use super::dump;
use super::dump::GoroutineInfo;
use super::stacks::{self, Detail, OfPlainThread, Patience, Which};
use crate::base::settings::{Traceback, settings};
use crate::base::{actors, report};
use crate::knots;
use crate::sched::runtime::Workers;
use crate::sched::{threads, unwinding};
use crate::spawn::{alarm, blocking};
use std::sync::atomic::{AtomicBool, Ordering::*};
use std::time::Duration;

/// What [`judge`] has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Something runs, or will at a known time. Its end will be noticed.
    Alive,
    /// Only threads that the runtime does not know could still act. Their end is not noticed.
    Outsiders,
    /// As `Outsiders`, for threads that have just been asked to end.
    Leaving,
    /// Nothing could act.
    Dead,
}

/// What has to rest for a deadlock, besides calls of `blocking`, alarms, and goroutines on threads.
pub(crate) trait Scene {
    /// The workers that could run a goroutine.
    fn workers(&self) -> Vec<&'static Workers>;

    /// True if everything else rests that the runtime knows of.
    fn rests(&self) -> bool;

    /// True if no thread that the runtime does not know could act.
    fn has_no_outsiders(&self) -> bool;
}

/// Looks for a deadlock. Cheap while there is work.
pub(crate) fn judge(scene: &impl Scene) -> Verdict {
    let Some(before) = rest(scene) else { return Verdict::Alive };
    if !scene.has_no_outsiders() {
        return Verdict::Outsiders;
    }
    let unchanged = || rest(scene) == Some(before);
    if !(unchanged() && scene.has_no_outsiders() && unchanged()) {
        return Verdict::Alive;
    }
    if unwinding::end_idle_threads() { Verdict::Leaving } else { Verdict::Dead }
}

/// If every goroutine of the scene waits and none will be woken by the clock: the numbers of turns and of ended waits so far,
/// which only grow.
fn rest(scene: &impl Scene) -> Option<(u64, u64)> {
    let ended_waits = actors::ended_waits();
    let rests = scene.rests()
        && blocking::pending() == 0
        && alarm::service_rests()
        && threads::pending() as isize == actors::waiting_goroutines();
    if !rests {
        return None;
    }
    let mut turns = 0;
    for worker in scene.workers().into_iter().flat_map(Workers::all) {
        if !worker.is_dormant() {
            return None;
        }
        turns += u64::from(worker.progress.turns.load(SeqCst));
    }
    Some((turns, ended_waits))
}

/// The process, with its workers; none on `Backend::Threads`.
struct Process(Option<&'static Workers>);

impl Scene for Process {
    fn workers(&self) -> Vec<&'static Workers> {
        self.0.into_iter().collect()
    }

    fn rests(&self) -> bool {
        true
    }

    fn has_no_outsiders(&self) -> bool {
        actors::nobody_could_act()
    }
}

static MAIN_HAS_LEFT: AtomicBool = AtomicBool::new(false);

/// Looks for a deadlock of the process.
pub(crate) fn look(workers: Option<&'static Workers>) -> Verdict {
    let something_waits = || {
        crate::sched::count::count_goroutines() > 0
            || actors::waiting_threads() > 0
            || MAIN_HAS_LEFT.load(SeqCst)
    };
    if !settings().deadlock_report || !something_waits() {
        return Verdict::Alive;
    }
    judge(&Process(workers))
}

/// Reports what every goroutine waits for and ends the process. The stacks are part of the report if their names are known
/// soon; else they follow it if they have been asked for.
pub(crate) fn report() -> ! {
    const AT_ONCE: Patience = Patience(Duration::from_millis(70));
    let mut found = dump::goroutines();
    let with_stacks = settings().traceback != Traceback::None;
    let what = if found.is_empty() && MAIN_HAS_LEFT.load(SeqCst) {
        "no goroutines (main called goexit) - deadlock!"
    } else {
        "all goroutines are asleep - deadlock!"
    };
    let held = knots::who_holds_what();
    let held = if held.is_empty() { held } else { format!("\n{held}") };
    let tell = |found: &[GoroutineInfo], plain: &[OfPlainThread]| {
        let paragraphs = dump::paragraphs(found, plain);
        let gap = if paragraphs.is_empty() { "" } else { "\n" };
        format!("fatal error: {what}\n{gap}{paragraphs}{held}")
    };
    let short = tell(&found, &stacks::of_plain_threads(Detail::Locations));
    if !with_stacks {
        report::end_process(&short);
    }
    stacks::collect(&mut found, Which::All);
    let plain = stacks::of_plain_threads(Detail::Stacks);
    if dump::learn(&found, &plain, AT_ONCE) {
        report::end_process(&tell(&found, &plain));
    }
    if !settings().traceback_is_asked_for {
        report::end_process(&format!("{short}\nfor the stacks, set GOCHAN_TRACEBACK=all\n"));
    }
    report::print(&format!("{short}\nwith the stacks:\n\n"));
    dump::learn(&found, &plain, Patience::LONG);
    report::end_process(&dump::paragraphs(&found, &plain))
}

/// The main goroutine has called `goexit`: the program ends when the others have come to rest.
pub(crate) fn main_has_left() -> ! {
    MAIN_HAS_LEFT.store(true, SeqCst);
    if actors::count_threads().is_none() || !settings().deadlock_report {
        while crate::sched::count::count_goroutines() > 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
        report();
    }
    loop {
        actors::Wake::new().sleep(|| {});
    }
}
