//! The state of all goroutines, as values and as text.

mod descriptor;
mod text;

use super::stacks::{self, Stack, Which};
use crate::base::status::{Seen, Status, Wait};
use crate::base::{attributes, fork};
use crate::sched::goroutine::Goroutine;
use crate::sched::park::WaitReason;
use crate::sched::threads;
use crate::stack::Slot;
use std::collections::HashMap;
use std::fmt;
use std::panic::Location;
use std::time::Instant;

pub use text::dump;
pub(crate) use text::{Rough, learn, paragraphs, write_places};

/// The state of a goroutine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// No worker has started it yet.
    Unstarted,
    /// It runs, or has yielded and is ready to run.
    Runnable,
    /// It is parked, or has been woken but not resumed by its worker yet: a wake does not touch the goroutine.
    Waiting(WaitReason),
}

impl State {
    /// The state of a goroutine that has started.
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

/// One goroutine as seen by [`goroutines`]. Displayed, it is a paragraph of a dump.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct GoroutineInfo {
    /// Unique in the process.
    pub id: u64,
    /// The name given by `Builder::name`.
    pub name: Option<String>,
    /// Its state.
    pub state: State,
    /// The source location where it was spawned.
    pub spawned_at: Option<&'static Location<'static>>,
    /// The source location where it waits, if it does.
    pub waiting_at: Option<&'static Location<'static>>,
    /// How long it has waited, if it waits; accurate to about ten milliseconds.
    pub waiting_since: Option<Instant>,
    /// The descriptor that it waits for, such as that of a socket. It may have been closed since.
    pub waiting_for: Option<i32>,
    /// Its call stack. `None` unless it was requested by [`stacks`](fn@stacks), or if no worker has started the goroutine yet.
    pub stack: Option<Stack>,
}

/// Every goroutine that has started and not ended, by id, and those not yet started that have a name or a stack size of
/// their own.
///
/// Nothing is stopped meanwhile, so each entry is correct for some moment during the call. Other goroutines that no
/// worker has started yet are counted only by [`num_goroutine`](crate::spawn::current::num_goroutine). Linear in the
/// maximum number of stacks ever in use.
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
#[must_use]
pub fn goroutines() -> Vec<GoroutineInfo> {
    // Before the started ones: a goroutine that starts in between is found there. In a forked child the table may be
    // locked by a thread that does not exist.
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
                waiting_for: None,
                stack: None,
            });
        }
    }
    found.sort_by_key(|info| info.id);
    found
}

/// A visit prefetches the memory of the goroutine this many ahead. With many goroutines none of it is in any cache;
/// prefetching reduces a visit of a million of them from 0.44 to 0.28 seconds of processor time.
const AHEAD: usize = 16;

/// Calls `visit` for every goroutine that has started and not ended. The goroutines are not stopped meanwhile. In a forked
/// child only one goroutine exists.
pub(crate) fn visit_started(mut visit: impl FnMut(Seen)) {
    visit_statuses(|status| {
        if let Some(seen) = status.look() {
            visit(seen);
        }
    });
}

/// The number of goroutines that have started on worker number `home`.
pub(crate) fn count_at_home(home: usize) -> usize {
    let mut count = 0;
    visit_statuses(|status| {
        let id = status.id();
        count += usize::from(id != 0 && status.look_home(id) == Some(home as u32));
    });
    count
}

/// Calls `look` for the status of every such goroutine, and for statuses of none.
fn visit_statuses(mut look: impl FnMut(&Status)) {
    // The others belong to the parent, and threads that do not exist here may hold the locks.
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
        waiting_for: wait.and_then(|wait| wait.descriptor),
        stack: None,
    }
}

/// Like [`goroutines`], with the [stack](GoroutineInfo::stack) of each.
///
/// Each worker walks the stacks of the goroutines that wait on it, between the turns of others: about ten microseconds
/// for each, at most a fraction of a millisecond at a time. The calling thread is blocked until all workers have
/// answered, except a worker that has sent nothing for 100 milliseconds because a goroutine occupies it. The goroutines
/// of such a worker, the running ones, and those that no worker has started yet have no stack; the reason is displayed
/// instead. Of more than 10,000 goroutines, only a sample of those with the same locations is walked.
///
/// The stacks are not from one moment, and a goroutine may have gone on between the reading of its state and that of
/// its stack.
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
#[must_use]
pub fn stacks() -> Vec<GoroutineInfo> {
    let mut found = goroutines();
    stacks::collect(&mut found, Which::All);
    found
}
