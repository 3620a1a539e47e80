//! Spawning goroutines: on which worker each starts.

use super::join::JoinHandle;
use super::local;
use crate::base::above::{Above, Launch};
use crate::base::attributes::{self, Attributes};
use crate::base::fork;
use crate::base::origin::Origin;
use crate::base::placement::{Alive, Placement, Siblings};
use crate::base::seats::Seat;
use crate::base::settings::{Backend, settings};
use crate::base::stack_cache;
use crate::points;
use crate::sched::fresh::FreshRef;
use crate::sched::runtime::{self, Workers};
use crate::sched::threads;
use crate::sched::worker::Worker;
use std::fmt;
use std::panic::Location;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

thread_local! {
    /// The spawn sites of a thread that is not a worker.
    static SIBLINGS: Siblings = const { Siblings::new() };
    static HOME: usize = NEXT_HOME.fetch_add(1, Relaxed);
}

static NEXT_HOME: AtomicUsize = AtomicUsize::new(0);

/// Why a goroutine could not be spawned: the system gives no memory for its stack, or on
/// [`Backend::Threads`] no other thread. The message says what can be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpawnError(pub(super) String);

impl fmt::Display for SpawnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SpawnError {}

/// Spawns as `go!` does.
///
/// # Panics
/// If there is no stack for another goroutine.
#[inline]
#[track_caller]
pub(crate) fn go_if_possible<F, T>(f: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    if let Err(refusal) = has_stack(None) {
        refuse(&refusal);
    }
    go(f)
}

/// Whether a goroutine that is spawned now could have a stack, of `wanted` bytes if it asks for a size.
#[inline]
pub(super) fn has_stack(wanted: Option<usize>) -> Result<(), SpawnError> {
    if wanted.is_none() && !stack_cache::is_short() {
        return Ok(());
    }
    match settings().backend {
        // The thread has its own.
        Backend::Threads => Ok(()),
        _ => stack_cache::check(wanted.unwrap_or(settings().stack_size)).map_err(SpawnError),
    }
}

#[cold]
#[track_caller]
fn refuse(refusal: &SpawnError) -> ! {
    panic!("cannot spawn a goroutine: {refusal}")
}

/// Spawns by the rules of `go!`, in any case: without a stack for it, it waits.
#[inline]
#[track_caller]
pub(crate) fn go<F, T>(f: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    spawn(Attributes::default(), Placement::Auto, local::origin(Location::caller()), f)
}

/// As [`go()`], with `site` as the place of the call. It inherits nothing: it is not for the caller that it runs, or this is
/// no place for user code.
#[inline]
pub(crate) fn go_from<F, T>(site: &'static Location<'static>, f: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    spawn(Attributes::default(), Placement::Auto, Origin::at(site), f)
}

/// Spawns `closure`.
#[inline]
pub(crate) fn spawn<F, T>(
    attributes: Attributes,
    placement: Placement,
    origin: Origin,
    closure: F,
) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    // SAFETY: a `'static` closure borrows nothing that could end.
    unsafe { spawn_borrowing(attributes, placement, origin, closure) }
}

/// As [`spawn()`], if there is a stack.
pub(super) fn try_spawn<F, T>(
    attributes: Attributes,
    placement: Placement,
    origin: Origin,
    closure: F,
) -> Result<JoinHandle<T>, SpawnError>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    has_stack(attributes.stack_size)?;
    // SAFETY: a `'static` closure borrows nothing that could end.
    unsafe { try_spawn_borrowing(attributes, placement, origin, closure) }
}

impl Launch for Above {
    fn launch<F: FnOnce() + Send + 'static>(placement: Placement, site: &'static Location<'static>, f: F) {
        drop(spawn(Attributes::default(), placement, Origin::at(site), f));
    }
}

/// Spawns `closure`, which may borrow.
///
/// # Safety
/// The closure's borrows outlive the goroutine.
#[inline]
pub(crate) unsafe fn spawn_borrowing<F, T>(
    attributes: Attributes,
    placement: Placement,
    origin: Origin,
    closure: F,
) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send,
    T: Send,
{
    // SAFETY: the caller's promise.
    match unsafe { try_spawn_borrowing(attributes, placement, origin, closure) } {
        Ok(handle) => handle,
        Err(refusal) => refuse(&refusal),
    }
}

/// # Safety
/// As for `spawn_borrowing`.
#[inline]
unsafe fn try_spawn_borrowing<F, T>(
    attributes: Attributes,
    placement: Placement,
    origin: Origin,
    closure: F,
) -> Result<JoinHandle<T>, SpawnError>
where
    F: FnOnce() -> T + Send,
    T: Send,
{
    fork::refuse_after_fork();
    let attributed = !attributes.is_default();
    let site = origin.site();
    let worker = Worker::current();
    let id = match worker {
        Some(worker) => worker.new_id(),
        None => runtime::reserve_ids(1),
    };
    if attributed {
        attributes::remember(id, site, attributes);
    }
    let fresh = FreshRef::new(id, attributed, origin, closure);
    match worker {
        Some(worker) => spawn_on(worker, fresh, placement),
        None => spawn_from_thread(fresh, placement)?,
    }
    points::after_spawn(site);
    Ok(JoinHandle::of(fresh))
}

#[inline]
fn spawn_on(worker: &'static Worker, fresh: FreshRef, placement: Placement) {
    let all = worker.workers.all();
    let offset = match placement {
        Placement::Auto => match worker.running() {
            Some(parent) if all.len() > 1 => {
                if let Some(index) = parent.siblings.take_seat() {
                    worker.count_spawned();
                    return all[index].push_fresh_from_elsewhere(fresh, true);
                }
                let site = fresh.header().origin.site();
                let turn = Some(worker.turn_number());
                let own_site = || parent.status().site();
                parent.siblings.next_offset(site, worker.workers.spread(), turn, own_site, || Alive {
                    all: crate::sched::count::count_goroutines(),
                    ready: worker.ready_count(),
                })
            }
            _ => 0,
        },
        Placement::Local => 0,
        Placement::Spread => NEXT_HOME.fetch_add(1, Relaxed),
        Placement::Worker(index) => index + all.len() - worker.index % all.len(),
    };
    worker.count_spawned();
    if offset == 0 {
        worker.push_fresh(fresh);
    } else {
        let target = &all[(worker.index + offset) % all.len()];
        if target.index == worker.index {
            worker.push_fresh(fresh);
        } else {
            target.push_fresh_from_elsewhere(fresh, false);
        }
    }
}

fn spawn_from_thread(fresh: FreshRef, placement: Placement) -> Result<(), SpawnError> {
    if settings().backend == Backend::Threads {
        runtime::SPAWNED_OUTSIDE.fetch_add(1, Relaxed);
        // SAFETY: it is new, and its handle is made when this has returned.
        return unsafe { threads::start(fresh) }.map_err(SpawnError);
    }
    let all = runtime::workers().all();
    let index = match placement {
        Placement::Auto => {
            if let Some(index) = SIBLINGS.try_with(Siblings::take_seat).ok().flatten() {
                runtime::SPAWNED_OUTSIDE.fetch_add(1, Relaxed);
                all[index].push_fresh_from_elsewhere(fresh, true);
                return Ok(());
            }
            let offset = SIBLINGS.try_with(|siblings| {
                siblings.next_offset(
                    fresh.header().origin.site(),
                    runtime::workers().spread(),
                    None,
                    || None,
                    || Alive { all: crate::sched::count::count_goroutines(), ready: 0 },
                )
            });
            HOME.try_with(|home| *home).unwrap_or(0) + offset.unwrap_or(0)
        }
        Placement::Local => HOME.try_with(|home| *home).unwrap_or(0),
        Placement::Spread => NEXT_HOME.fetch_add(1, Relaxed),
        Placement::Worker(index) => index,
    };
    runtime::SPAWNED_OUTSIDE.fetch_add(1, Relaxed);
    all[index % all.len()].push_fresh_from_elsewhere(fresh, false);
    Ok(())
}

/// The caller has accepted a connection. The next goroutine that it starts by the rule goes to the worker with the fewest
/// connections, to serve it. Returns the connection's seat there.
pub(crate) fn seat_next() -> Seat {
    let all = match Worker::current() {
        Some(worker) => worker.workers.all(),
        None => runtime::started_workers().map_or(&[][..], Workers::all),
    };
    let own = Worker::current().map_or(0, |worker| worker.index % all.len());
    let nearest =
        |&index: &usize| (all[index].remote.spawned.seats.taken(), (index + all.len() - own) % all.len());
    let Some(index) = (0..all.len()).min_by_key(nearest).filter(|_| all.len() > 1) else {
        return Seat::none();
    };
    match Worker::current() {
        Some(worker) => drop(worker.running().inspect(|acceptor| acceptor.siblings.seat_next(index))),
        None => drop(SIBLINGS.try_with(|siblings| siblings.seat_next(index))),
    }
    Seat::of(&all[index].remote.spawned.seats)
}

/// The home of the calling thread, which is not a worker: where its alarms and local goroutines go.
pub(crate) fn home_of_this_thread() -> &'static Worker {
    let all = runtime::workers().all();
    &all[HOME.try_with(|home| *home).unwrap_or(0) % all.len()]
}
