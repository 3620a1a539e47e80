//! A goroutine before its first instruction and after its last: one allocation that holds the closure, then the
//! result, and the state its [`JoinHandle`](super::join::JoinHandle) shares with the runtime.

use super::blocks;
use super::bubble::{has_points, point_before_end};
use super::fork;
use super::knots::{Held, Party};
use super::park::Owner;
use crate::callback::drop_quietly;
use crate::shim::atomic::{AtomicU64, Ordering::*};
use crate::shim::{Cell, Memory};
use std::cell::UnsafeCell;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::ptr::NonNull;

/// The handle is gone: whoever finishes frees the task.
const DETACHED: u64 = 1;
/// The result is in place.
const DONE: u64 = 2;
/// `joiner` holds somebody to wake.
const JOINING: u64 = 4;
/// It has attributes or needs a stack of its own size; set from the start.
const SPECIAL: u64 = 8;
const ID_SHIFT: u32 = 4;
/// A closure and result up to this size pass through any stack.
const ORDINARY_FRAME: usize = 8 * 1024;

/// The untyped head of a [`Task`]; what queues and workers see.
#[repr(C)]
pub(crate) struct Header {
    vtable: &'static Vtable,
    /// The id above the state bits.
    state: AtomicU64,
    pub(crate) site: &'static Location<'static>,
    /// An [`Owner`] as a word, once `JOINING` is set.
    joiner: Cell<Option<NonNull<()>>>,
    memory: Memory,
}

struct Vtable {
    run: unsafe fn(NonNull<Header>),
    result: unsafe fn(NonNull<Header>) -> *mut (),
    free: unsafe fn(NonNull<Header>),
    drop_closure: unsafe fn(NonNull<Header>),
    /// Bytes that moving the closure in and the result out may take of the stack.
    frame: usize,
}

/// An unstarted goroutine, owned by whoever will run it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct TaskRef(NonNull<Header>);

// SAFETY: a task is built from a `Send` closure with a `Send` result, and the protocol below gives each field one
// user at a time.
unsafe impl Send for TaskRef {}
// SAFETY: a reference gives no more than a copy, which is `Send`.
unsafe impl Sync for TaskRef {}

#[repr(C)]
struct Task<F, T> {
    header: Header,
    body: UnsafeCell<Body<F, T>>,
}

union Body<F, T> {
    closure: ManuallyDrop<F>,
    result: ManuallyDrop<std::thread::Result<T>>,
}

/// What `goexit` unwinds with; `join` hands it out as the payload.
#[derive(Debug)]
pub struct Goexit(());

/// Ends the calling goroutine by unwinding.
#[cold]
pub(crate) fn raise_goexit() -> ! {
    if cfg!(panic = "abort") {
        super::report::abort(
            "goexit ends a goroutine by unwinding its stack, and this program is built with panic = \"abort\". Build it \
             with panic = \"unwind\", which is the default, or return from the goroutine's function",
        );
    }
    resume_unwind(Box::new(Goexit(())))
}

impl TaskRef {
    /// A task around `closure`; `attributed` if the side table knows more about `id`.
    pub(crate) fn new<F, T>(
        id: u64,
        attributed: bool,
        site: &'static Location<'static>,
        closure: F,
    ) -> TaskRef
    where
        F: FnOnce() -> T + Send,
        T: Send,
    {
        let special = attributed || Task::<F, T>::VTABLE.frame > ORDINARY_FRAME;
        let header = Header {
            vtable: Task::<F, T>::VTABLE,
            state: AtomicU64::new(id << ID_SHIFT | if special { SPECIAL } else { 0 }),
            site,
            joiner: Cell::new(None),
            memory: Memory::new(),
        };
        // Field by field, so that a large closure is moved once and not with every wrapper around it.
        let task = blocks::allocate::<Task<F, T>>();
        let place = task.as_ptr();
        // SAFETY: `place` is valid for writes of both fields and stays allocated; nothing is read before both
        // are written.
        unsafe {
            (&raw mut (*place).header).write(header);
            (&raw mut (*place).body).cast::<F>().write(closure);
        }
        TaskRef(task.cast())
    }

    pub(crate) fn header(&self) -> &Header {
        // SAFETY: a `TaskRef` is only held while the task is allocated.
        let header = unsafe { self.0.as_ref() };
        header.memory.is_used();
        header
    }

    pub(crate) fn id(&self) -> u64 {
        self.header().state.load(Relaxed) >> ID_SHIFT
    }

    /// True if the task must not run on just any stack.
    #[inline]
    pub(crate) fn is_special(&self) -> bool {
        self.header().is_special()
    }

    /// Stack bytes, beyond what the body itself needs, that moving a large closure in and a large result out may
    /// take; unoptimised builds copy them once per wrapper.
    pub(crate) fn frame(&self) -> usize {
        const COPIES: usize = 32;
        let frame = self.header().vtable.frame;
        if frame > ORDINARY_FRAME { frame.saturating_mul(COPIES) } else { 0 }
    }

    /// Runs the body here and publishes its result. Consumes the reference: the task may be freed by the time
    /// this returns.
    ///
    /// # Safety
    /// Called once for a task.
    pub(crate) unsafe fn run(self) {
        let run = self.header().vtable.run;
        // SAFETY: the vtable belongs to this task; run once, by the caller's promise.
        unsafe { run(self.0) }
    }

    /// Drops the task with its closure. A panicking destructor of that has nobody to tell but the hook.
    ///
    /// # Safety
    /// The task has not been run and never will be, and nobody else refers to it.
    pub(super) unsafe fn abandon(self) {
        if self.is_special() {
            super::attributes::forget(self.id());
        }
        let drop_closure = self.header().vtable.drop_closure;
        // SAFETY: the vtable belongs to this task, whose closure is still in place.
        drop_quietly(catch_unwind(AssertUnwindSafe(|| unsafe { drop_closure(self.0) })));
        // SAFETY: the caller's promise; the body has nothing to drop any more.
        unsafe { self.free() };
    }

    pub(super) fn is_done(&self) -> bool {
        self.header().state.load(Acquire) & DONE != 0
    }

    /// Leaves `owner` to be woken at the end, or gives it back if the end has come already.
    pub(super) fn register(&self, owner: Owner) -> Result<(), Owner> {
        let header = self.header();
        // The handle is the only one to touch `joiner` until JOINING is set.
        header.joiner.set(Some(owner.into_word()));
        // Release hands `joiner` to the finisher; Acquire sees the result if it is there already.
        let before = header.state.fetch_or(JOINING, AcqRel);
        if before & DONE == 0 {
            return Ok(());
        }
        // SAFETY: the finisher came first and did not see JOINING, so the word is still ours.
        Err(unsafe { Owner::from_word(header.joiner.get().expect("just set")) })
    }

    /// What a join waits for.
    pub(super) fn depends_on(&self) -> Vec<Held> {
        if self.is_done() { Vec::new() } else { vec![Held::by(Party::goroutine(self.id()))] }
    }

    /// Takes the result out.
    ///
    /// # Safety
    /// `T` is the task's result type, the task is done, and this is called once.
    pub(super) unsafe fn take<T>(self) -> std::thread::Result<T> {
        // SAFETY: the vtable belongs to this task.
        let place = unsafe { (self.header().vtable.result)(self.0) };
        // SAFETY: the result was written before DONE, which the caller has seen; taken once.
        unsafe { place.cast::<std::thread::Result<T>>().read() }
    }

    /// Drops the task's memory, not its result.
    ///
    /// # Safety
    /// The task is done and its result was taken, or its closure was dropped; and nobody else refers to it.
    pub(super) unsafe fn free(self) {
        let free = self.header().vtable.free;
        // SAFETY: the vtable belongs to this task.
        unsafe { free(self.0) }
    }

    /// Gives up the handle's share. True if the task is done, and the result and memory are now the caller's.
    pub(super) fn detach(&self) -> bool {
        // Acquire: the caller may go on to drop the result.
        self.header().state.fetch_or(DETACHED, AcqRel) & DONE != 0
    }
}

impl<F, T> Task<F, T>
where
    F: FnOnce() -> T + Send,
    T: Send,
{
    const VTABLE: &'static Vtable = &Vtable {
        run: Self::run,
        result: Self::result,
        free: Self::free,
        drop_closure: Self::drop_closure,
        frame: size_of::<F>() + size_of::<std::thread::Result<T>>(),
    };

    /// # Safety
    /// `task` points to a `Task<F, T>` whose closure has not been taken.
    unsafe fn run(task: NonNull<Header>) {
        let task = task.cast::<Self>();
        // SAFETY: the caller's promise; from here on the body is uninitialised until the result is written.
        let result = unsafe {
            let body = (&raw mut (*task.as_ptr()).body).cast::<Body<F, T>>();
            let closure = ManuallyDrop::take(&mut (*body).closure);
            let result = catch_unwind(AssertUnwindSafe(closure));
            (&raw mut (*body).result).write(ManuallyDrop::new(result));
            &(*body).result
        };
        // SAFETY: the header is valid until `finish`.
        let header = unsafe { task.cast::<Header>().as_ref() };
        if let Err(payload) = &**result {
            super::report::body_panicked(header.id(), header.site, &**payload);
        }
        if fork::is_forked_child() {
            fork::goroutine_ends((**result).as_ref().is_err_and(|payload| !payload.is::<Goexit>()));
        }
        // SAFETY: the result is in place; finished once.
        unsafe { Self::finish(task) };
    }

    /// Publishes the end. The task belongs to its handle afterwards, or is freed here if there is none.
    ///
    /// The goroutine counts as ended when its result is the handle's, or is gone: the result's destructor may do anything
    /// that a goroutine does, such as wait.
    unsafe fn finish(task: NonNull<Self>) {
        // SAFETY: the task is allocated until DONE is set, and after that if it was DETACHED before.
        let header = unsafe { &(*task.as_ptr()).header };
        header.memory.is_used();
        if has_points() {
            point_before_end(header.id());
        }
        // Acquire takes over `joiner` or the handle's last access.
        let mut before = header.state.load(Acquire);
        if before & DETACHED == 0 {
            super::end_spans();
        }
        while before & DETACHED == 0 {
            // Before the result is published: the goroutine that joins sees one goroutine less.
            Self::count_end(header);
            // Release publishes the result.
            match header.state.compare_exchange(before, before | DONE, AcqRel, Acquire) {
                Ok(_) => {
                    if before & JOINING != 0 {
                        // SAFETY: the joiner sleeps until it is woken below, so the task is still allocated, and
                        // JOINING says that the word is set. Turned back once.
                        let joiner =
                            unsafe { Owner::from_word(header.joiner.get().expect("JOINING is set")) };
                        joiner.wake();
                    }
                    return;
                }
                Err(now) => {
                    super::uncount_finished();
                    before = now;
                }
            }
        }
        // SAFETY: the handle is gone, so this is the only reference.
        unsafe {
            let result = Self::result(task.cast()).cast::<std::thread::Result<T>>().read();
            if let Err(payload) = &result {
                super::group::panicked_detached(header.id(), header.site, &**payload);
            }
            drop_quietly(result);
            super::end_spans();
            Self::count_end(header);
            Self::free(task.cast());
        }
    }

    fn count_end(header: &Header) {
        if header.is_special() {
            super::attributes::forget(header.id());
        }
        super::count_finished();
    }

    unsafe fn result(task: NonNull<Header>) -> *mut () {
        // SAFETY: `task` points to a `Task<F, T>`, by the vtable's construction.
        unsafe { (&raw mut (*task.cast::<Self>().as_ptr()).body).cast() }
    }

    /// # Safety
    /// `task` points to a `Task<F, T>` whose closure has not been taken, and will not be.
    unsafe fn drop_closure(task: NonNull<Header>) {
        // SAFETY: the caller's promise.
        unsafe { (&raw mut (*task.cast::<Self>().as_ptr()).body).cast::<F>().drop_in_place() };
    }

    unsafe fn free(task: NonNull<Header>) {
        // SAFETY: not freed yet.
        unsafe { task.as_ref() }.memory.ends();
        // SAFETY: allocated for this very type; neither header nor body has anything to drop.
        unsafe { blocks::free(task.cast::<Self>()) };
    }
}

impl Header {
    #[inline]
    fn is_special(&self) -> bool {
        self.state.load(Relaxed) & SPECIAL != 0
    }

    #[inline]
    fn id(&self) -> u64 {
        self.state.load(Relaxed) >> ID_SHIFT
    }
}
