//! Scopes of a thread that another goroutine must not run inside of.
//!
//! Goroutines of one worker share its thread. Code that is in the middle of something that belongs to the thread, such as
//! the lazy initialiser of a `thread_local!`, must come to its end before another goroutine of the worker runs: that one
//! would initialise the thread-local once more. No flag says that such code runs, but its functions are on the stack. So
//! the stack is walked and its return addresses are looked up among the functions known by name: once for each place,
//! goroutine and depth of the stack, which is all that is looked at after that.
//!
//! * Builds with debug assertions, and tests under `#[gochan::test]`, [`check`] every switch: a wait inside of such a scope
//!   is a mistake of the program, and ends the process.
//! * A switch that the goroutine did not ask for, because its turn is long, asks [`is_inside`] first, in any build.
//!
//! Names come from the symbol table of the executable. Where it has been stripped, and on systems other than Linux, nothing
//! is known of the scopes.

mod symbols;

use super::goroutine::Goroutine;
use super::park::WaitReason;
use super::report;
use crate::stack::walk;
use std::cell::Cell;
use std::panic::Location;
use symbols::Scope;

/// What to do where the functions on the stack have no names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unseen {
    /// The goroutine may be anywhere: it is not switched out.
    Stays,
    /// It is switched out.
    Switches,
}

/// Stacks of a worker that have been found outside of any scope.
#[derive(Debug)]
pub(super) struct Seen([Cell<Fingerprint>; SEEN]);

const SEEN: usize = 256;

/// Stands for the chain of calls that leads to a switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fingerprint {
    place: usize,
    site: usize,
    depth: usize,
}

impl Fingerprint {
    const NONE: Fingerprint = Fingerprint { place: 0, site: 0, depth: 0 };

    fn slot(self) -> usize {
        const ODD: usize = 0x9e37_79b9_7f4a_7c15_u64 as usize;
        let mixed = self.place.wrapping_mul(ODD) ^ self.site.rotate_left(20) ^ self.depth;
        (mixed.wrapping_mul(ODD) >> (usize::BITS - 8)) % SEEN
    }
}

impl Seen {
    pub(super) fn new() -> Seen {
        Seen([const { Cell::new(Fingerprint::NONE) }; SEEN])
    }
}

fn fingerprint(goroutine: &Goroutine, place: usize) -> Fingerprint {
    let here = 0_u8;
    let depth = goroutine.base().wrapping_sub((&raw const here).addr());
    let site = goroutine.status().site().map_or(0, |site| std::ptr::from_ref(site).addr());
    Fingerprint { place, site, depth }
}

/// Reads the names of the functions: before any goroutine waits for that, where each switch will be checked.
pub(super) fn prepare() {
    let _ = symbols::get();
}

/// Ends the process if the goroutine, which is about to wait, is in the middle of a scope of its thread.
#[cold]
#[inline(never)]
pub(super) fn check(
    goroutine: &Goroutine,
    reason: Option<WaitReason>,
    place: Option<&'static Location<'static>>,
) {
    let key = fingerprint(goroutine, place.map_or(1, |place| std::ptr::from_ref(place).addr()));
    let seen = &goroutine.worker().seen.0[key.slot()];
    if seen.get() == key {
        return;
    }
    match find(goroutine) {
        Ok(Some(scope)) => refuse(goroutine, scope, reason, place),
        Ok(None) | Err(NoSymbols) => seen.set(key),
    }
}

/// True if the goroutine, which runs, is in the middle of a scope of its thread.
pub(super) fn is_inside(goroutine: &Goroutine, unseen: Unseen) -> bool {
    let key = fingerprint(goroutine, 0);
    let seen = &goroutine.worker().seen.0[key.slot()];
    if seen.get() == key {
        return false;
    }
    match find(goroutine) {
        Ok(Some(_)) => true,
        Ok(None) => {
            seen.set(key);
            false
        }
        Err(NoSymbols) => unseen == Unseen::Stays,
    }
}

/// The executable has no names for its functions.
struct NoSymbols;

/// The innermost scope on the stack of the goroutine, which runs.
fn find(goroutine: &Goroutine) -> Result<Option<Scope>, NoSymbols> {
    let symbols = symbols::get().ok_or(NoSymbols)?;
    let mut found = None;
    walk::frames(goroutine.stack(), |address| {
        found = symbols.scope_of(address);
        found.is_none()
    });
    Ok(found)
}

#[cold]
fn refuse(
    goroutine: &Goroutine,
    scope: Scope,
    reason: Option<WaitReason>,
    place: Option<&'static Location<'static>>,
) -> ! {
    let what =
        reason.map_or_else(|| "lets other goroutines run".to_owned(), |reason| format!("waits ({reason})"));
    let place = place.map(|place| format!(" at {place}")).unwrap_or_default();
    let (id, scope) = (super::group::shown_id(goroutine.id()), symbols::describe(scope));
    let site = goroutine.status().site().map(|site| format!("\n    spawned at {site}")).unwrap_or_default();
    report::abort(&format!(
        "goroutine {id} {what}{place} {}: another goroutine of its worker thread would run in the middle of it{site}\n    \
         {}; or run on Backend::Threads (GOCHAN_BACKEND=threads), where each goroutine has a thread of its own",
        scope.inside, scope.remedy,
    ))
}
