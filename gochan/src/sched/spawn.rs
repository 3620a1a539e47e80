//! Spawning goroutines and waiting for their end.

use super::attributes::{self, Attributes};
use super::bubble::{
    between_points_touching, has_points, point, point_before_touching, point_of_spawn, touch,
};
use super::group;
use super::knots;
use super::park::{Parker, WaitReason};
use super::place::{Alive, Placement, Siblings};
use super::runtime;
use super::settings::{Backend, MAX_STACK, settings};
use super::task::TaskRef;
use super::touch::{Access, Touch};
use super::worker::Worker;
use super::{fork, threads};
use crate::callback::drop_quietly;
use std::fmt;
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

thread_local! {
    /// The spawn sites of a thread that is not a worker.
    static SIBLINGS: Siblings = const { Siblings::new() };
    static HOME: usize = NEXT_HOME.fetch_add(1, Relaxed);
}

static NEXT_HOME: AtomicUsize = AtomicUsize::new(0);

/// Spawns `closure`. The borrows in it are the caller's business.
///
/// # Safety
/// The closure's borrows outlive the goroutine.
#[inline]
pub(super) unsafe fn spawn<F, T>(
    attributes: Attributes,
    placement: Placement,
    site: &'static Location<'static>,
    closure: F,
) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send,
    T: Send,
{
    fork::refuse_after_fork();
    let attributed = !attributes.is_default();
    let worker = Worker::current();
    let id = match worker {
        Some(worker) => worker.new_id(),
        None => runtime::reserve_ids(1),
    };
    if attributed {
        attributes::remember(id, site, attributes);
    }
    let task = TaskRef::new(id, attributed, site, closure);
    match worker {
        Some(worker) => spawn_on(worker, task, placement),
        None => spawn_from_thread(task, placement),
    }
    point_of_spawn(site);
    JoinHandle::of(task)
}

#[inline]
fn spawn_on(worker: &'static Worker, task: TaskRef, placement: Placement) {
    let all = worker.workers.all();
    let offset = match placement {
        Placement::Auto => match worker.running() {
            Some(parent) if all.len() > 1 => {
                let turn = Some(worker.turn_number());
                parent.siblings.next_offset(task.header().site, all.len(), turn, || Alive {
                    all: super::count_goroutines(),
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
        worker.push_fresh(task);
    } else {
        let target = &all[(worker.index + offset) % all.len()];
        if target.index == worker.index {
            worker.push_fresh(task);
        } else {
            target.push_fresh_from_elsewhere(task);
        }
    }
}

fn spawn_from_thread(task: TaskRef, placement: Placement) {
    if settings().backend == Backend::Threads {
        super::SPAWNED_OUTSIDE.fetch_add(1, Relaxed);
        // SAFETY: the task is new, and its handle is made when this has returned.
        unsafe { threads::start(task) };
        return;
    }
    let all = runtime::workers().all();
    let index = match placement {
        Placement::Auto => {
            let offset = SIBLINGS.try_with(|siblings| {
                siblings.next_offset(task.header().site, all.len(), None, || Alive {
                    all: super::count_goroutines(),
                    ready: 0,
                })
            });
            HOME.try_with(|home| *home).unwrap_or(0) + offset.unwrap_or(0)
        }
        Placement::Local => HOME.try_with(|home| *home).unwrap_or(0),
        Placement::Spread => NEXT_HOME.fetch_add(1, Relaxed),
        Placement::Worker(index) => index,
    };
    super::SPAWNED_OUTSIDE.fetch_add(1, Relaxed);
    all[index % all.len()].push_fresh_from_elsewhere(task);
}

/// The worker that this thread, which is none itself, counts as its own.
pub(super) fn home_of_this_thread() -> &'static Worker {
    let all = runtime::workers().all();
    &all[HOME.try_with(|home| *home).unwrap_or(0) % all.len()]
}

/// The right to wait for a goroutine's end and take its result; dropping it lets the goroutine go its own way.
///
/// ```
/// let answer = gochan::go!(|a: i32, b: i32| { a * b }(6, 7));
/// assert_eq!(answer.join().unwrap(), 42);
/// ```
pub struct JoinHandle<T> {
    task: TaskRef,
    result: PhantomData<T>,
}

// SAFETY: the handle gives its holder the `T`, hence the bound; the task's own state is synchronised.
unsafe impl<T: Send> Send for JoinHandle<T> {}
// SAFETY: through `&JoinHandle` only atomics are read.
unsafe impl<T: Send> Sync for JoinHandle<T> {}
impl<T> Unpin for JoinHandle<T> {}
impl<T> std::panic::UnwindSafe for JoinHandle<T> {}
impl<T> std::panic::RefUnwindSafe for JoinHandle<T> {}

impl<T> JoinHandle<T> {
    pub(super) fn of(task: TaskRef) -> JoinHandle<T> {
        JoinHandle { task, result: PhantomData }
    }

    /// Waits for the goroutine to end.
    ///
    /// What it did happens before this returns. Blocks the calling goroutine, or the calling thread outside of
    /// one; returns at once if the goroutine has ended already.
    ///
    /// # Errors
    /// The payload of the panic that ended the goroutine, or a [`Goexit`](crate::runtime::Goexit) if it called
    /// [`runtime::goexit`](crate::runtime::goexit).
    ///
    /// # Panics
    /// If a goroutine joins itself, which could only wait for ever.
    ///
    /// ```
    /// let sum = gochan::go!({ (1..=4).sum::<i32>() });
    /// assert_eq!(sum.join().unwrap(), 10);
    ///
    /// let failed = gochan::go!({ panic!("no luck") });
    /// assert_eq!(failed.join().unwrap_err().downcast_ref(), Some(&"no luck"));
    /// ```
    #[track_caller]
    pub fn join(self) -> std::thread::Result<T> {
        assert!(
            super::current_id() != Some(self.id()),
            "goroutine {} joins itself and would wait for ever; let another goroutine join it, or return",
            self.id()
        );
        point_before_touching(|| self.end(Access::Await), "JoinHandle::join", Some(Location::caller()));
        if !self.has_ended() {
            let parker = Parker::current();
            match self.task.register(parker.owner()) {
                Ok(()) => {
                    let task = self.task;
                    knots::park(&parker, WaitReason::Join, Location::caller(), &|| task.depends_on());
                }
                Err(owner) => drop(owner),
            }
        }
        let task = self.task;
        std::mem::forget(self);
        point("JoinHandle::join");
        // SAFETY: the task is done; the handle was its only other owner and is forgotten.
        unsafe {
            let result = task.take::<T>();
            task.free();
            result
        }
    }

    /// True once the goroutine has ended, by whatever means. Never blocks.
    #[track_caller]
    pub fn is_finished(&self) -> bool {
        between_points_touching(|| self.end(Access::Read), "JoinHandle::is_finished", || self.has_ended())
    }

    fn end(&self, access: Access) -> Touch {
        Touch::end_of(self.id(), access)
    }

    pub(super) fn has_ended(&self) -> bool {
        self.task.is_done()
    }

    /// The goroutine's id, unique in the process.
    pub fn id(&self) -> u64 {
        self.task.id()
    }
}

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        if std::mem::needs_drop::<T>() && has_points() {
            // Its result is dropped here, or at its end.
            touch(self.end(Access::Write));
        }
        if self.task.detach() {
            // SAFETY: the task is done and this handle is its last owner.
            unsafe {
                let result = self.task.take::<T>();
                if let Err(payload) = &result {
                    group::panicked_detached(self.id(), self.task.header().site, &**payload);
                }
                self.task.free();
                drop_quietly(result);
            }
        }
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").field("id", &self.id()).field("finished", &self.has_ended()).finish()
    }
}

/// Spawns goroutines with a name, a stack size or a place of their own; `go!` is the short form without.
///
/// ```
/// let handle = gochan::Builder::new().name("digger").stack_size(1 << 20).spawn(|| 2 + 2);
/// assert_eq!(handle.join().unwrap(), 4);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Builder {
    attributes: Attributes,
    placement: Placement,
}

impl Builder {
    /// A goroutine like those of `go!`.
    pub fn new() -> Builder {
        Builder::default()
    }

    /// The name that reports and dumps show beside the id.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Builder {
        self.attributes.name = Some(name.into());
        self
    }

    /// Stack bytes to reserve; committed page by page on use, so a generous size costs address space only.
    /// Rounded up: to at least 16 KiB, up to 64 KiB to whole pages, above that to the next of four steps per doubling.
    ///
    /// A goroutine that calls C code needs room for the largest frames of that code: C compilers do not probe frames, and
    /// one of more than 64 KiB can step over the guard below the stack. See
    /// [C code](crate::runtime::Builder#c-code).
    #[must_use]
    pub fn stack_size(mut self, bytes: usize) -> Builder {
        self.attributes.stack_size = Some(bytes);
        self
    }

    /// Where the goroutine should start.
    #[must_use]
    pub fn placement(mut self, placement: Placement) -> Builder {
        self.placement = placement;
        self
    }

    /// Starts the goroutine and returns at once.
    ///
    /// # Panics
    /// If the stack is to be larger than 1 TiB; in a forked child of a process that runs goroutines; on
    /// `Backend::Threads`, if the operating system refuses another thread.
    #[doc(alias = "go")]
    #[track_caller]
    pub fn spawn<F, T>(self, f: F) -> JoinHandle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        if let Some(bytes) = self.attributes.stack_size {
            // Here, where the caller is told, and not on the worker that makes the stack.
            assert!(bytes <= MAX_STACK, "a stack of {bytes} bytes is asked for; at most {MAX_STACK}");
        }
        // SAFETY: nothing borrowed is in a `'static` closure.
        unsafe { spawn(self.attributes, self.placement, Location::caller(), f) }
    }
}
