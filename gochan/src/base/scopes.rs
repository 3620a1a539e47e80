//! Scopes of a thread in which no other goroutine may run.
//!
//! Goroutines of one worker share its thread. Code in the middle of an operation of the thread, such as the lazy
//! initialiser of a `thread_local!`, must finish before another goroutine of the worker runs: that goroutine would
//! initialise the thread-local a second time. No flag marks such code, but its functions are on the stack. So the stack
//! is walked and its return addresses are looked up among the functions known by name: once for each chain of calls.
//!
//! * Builds with debug assertions, and tests under `#[gochan::test]`, [`check`] every switch: a wait inside such a
//!   scope is a mistake in the program and ends the process.
//! * A switch that the goroutine did not ask for, because its turn is long, asks for its [`standing`] first, in any
//!   build. It happens only where the stack shows that no thread-local is being initialised, with or without a function of
//!   its own for that.
//!
//! The names come from the symbol table of the executable. If it has been stripped, and on systems other than Linux, the
//! scopes are unknown.

use super::call_chains::CallChains;
use super::reason::WaitReason;
use super::report;
use super::symbols::{self, ThreadScope};
use crate::stack::walk;
use std::backtrace::Backtrace;
use std::ops::Range;
use std::panic::Location;

/// Where the running goroutine is, as far as its stack shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Outside,
    Inside(ThreadScope),
    /// It may be inside the initialiser of a thread-local: that of a function which accesses thread-locals itself, or of one
    /// without a name.
    Unknown,
}

/// A goroutine that runs on the calling thread.
pub(crate) struct Here<'a> {
    pub(crate) id: u64,
    /// The location of its spawn.
    pub(crate) site: Option<&'static Location<'static>>,
    /// The address range of its stack.
    pub(crate) stack: Range<usize>,
    /// The chains of calls on its worker that were found to be outside any scope.
    pub(crate) seen: &'a CallChains,
}

/// The keys of what [`check`] and [`is_inside`] have seen: the address of the place, or one of these.
const NO_PLACE: usize = 1;
const OPERATION: usize = 2;

/// Reads the names of the functions, before a goroutine has to wait for them, if each switch will be checked.
pub(crate) fn prepare() {
    let _ = symbols::get();
}

/// Ends the process if the goroutine, which is about to wait, is inside a scope of its thread.
#[cold]
#[inline(never)]
pub(crate) fn check(here: &Here<'_>, reason: Option<WaitReason>, place: Option<&'static Location<'static>>) {
    let mark = 0_u8;
    let mark = (&raw const mark).addr();
    let key = place.map_or(NO_PLACE, |place| std::ptr::from_ref(place).addr());
    if here.seen.know(key, mark, &here.stack) {
        return;
    }
    let Some(symbols) = symbols::get() else { return };
    let (mut found, mut chain) = (None, here.seen.begin(key, mark, &here.stack));
    walk::frames_above(mark, here.stack.clone(), |frame| {
        found = symbols.scope_of(frame.address);
        chain.push(frame, &here.stack);
        found.is_none()
    });
    match found {
        Some(scope) => refuse(here, scope, reason, place),
        None => here.seen.remember(chain),
    }
}

/// Where the goroutine is, which is running and is to be switched out without having asked for it.
#[cold]
#[inline(never)]
pub(crate) fn standing(here: &Here<'_>) -> Standing {
    if crate::own_tls::is_on() {
        return Standing::Outside;
    }
    let mark = 0_u8;
    standing_above((&raw const mark).addr(), here, |_| {})
}

fn standing_above(mark: usize, here: &Here<'_>, mut visit: impl FnMut(walk::Frame)) -> Standing {
    let Some(symbols) = symbols::get() else { return Standing::Unknown };
    let mut standing = Standing::Outside;
    let is_complete = walk::frames_above(mark, here.stack.clone(), |frame| {
        visit(frame);
        if let Some(scope) = symbols.scope_of(frame.address) {
            standing = Standing::Inside(scope);
            return false;
        }
        if standing == Standing::Outside && symbols.may_be_inside_inlined(frame.address) {
            standing = Standing::Unknown;
        }
        true
    });
    if standing == Standing::Outside && !is_complete { Standing::Unknown } else { standing }
}

/// True if the goroutine, which is running, is not to be switched out by a test at an operation: it is inside a scope of
/// its thread, or may be. Where nothing can be told, tests switch at every operation.
#[inline(never)]
pub(crate) fn is_inside(here: &Here<'_>) -> bool {
    if crate::own_tls::is_on() {
        return false;
    }
    let mark = 0_u8;
    let mark = (&raw const mark).addr();
    let Some(symbols) = symbols::get() else { return false };
    if here.seen.know(OPERATION, mark, &here.stack) {
        return false;
    }
    let mut chain = here.seen.begin(OPERATION, mark, &here.stack);
    match standing_above(mark, here, |frame| chain.push(frame, &here.stack)) {
        Standing::Inside(_) => return true,
        Standing::Unknown if symbols.shows_inlined() => return true,
        Standing::Unknown | Standing::Outside => {}
    }
    here.seen.remember(chain);
    false
}

/// For the report of a goroutine that calls what never waits in a loop: why that does not end its turn, and what to do.
pub(crate) fn advice(standing: Standing) -> (&'static str, &'static str) {
    const WAIT: &str = "wait for the event instead (a receive, select!, join, WaitGroup, Cond), or call \
                        runtime::gosched() in the loop";
    match standing {
        Standing::Outside => ("never waits", WAIT),
        Standing::Inside(scope) => {
            ("never waits, in a scope of the thread, where nothing switches", symbols::remedy(scope))
        }
        Standing::Unknown => ("never waits, where the stack does not show that a switch is safe", WAIT),
    }
}

#[cold]
fn refuse(
    here: &Here<'_>,
    scope: ThreadScope,
    reason: Option<WaitReason>,
    place: Option<&'static Location<'static>>,
) -> ! {
    let what =
        reason.map_or_else(|| "lets other goroutines run".to_owned(), |reason| format!("waits ({reason})"));
    let stack = Backtrace::force_capture().to_string();
    let place = place.map(ToString::to_string).or_else(|| symbols::place_in(&stack));
    let place = place.map(|place| format!(" at {place}")).unwrap_or_default();
    let (id, scope) = (super::test_group::shown_id(here.id), symbols::describe(scope, &stack));
    let site = here.site.map(|site| format!("\n    spawned at {site}")).unwrap_or_default();
    report::abort(&format!(
        "goroutine {id} {what}{place} {}: another goroutine of its worker thread would run in the middle of it{site}\n    \
         {}; or run on Backend::Threads (GOCHAN_BACKEND=threads), where each goroutine has a thread of its own",
        scope.inside, scope.remedy,
    ))
}
