//! A goroutine before its first instruction and after its last: one allocation that holds the closure, then the result, and
//! the state that the goroutine shares with its [`JoinHandle`](crate::spawn::join::JoinHandle).
//!
//! The wake of a joiner may run the user's waker, and destructors of closure and result are the user's: see `INVARIANTS.md`
//! for what is final before each.

use super::goroutine::Goroutine;
use super::here;
use super::park::Owner;
use super::task_memory;
use super::worker::driver;
use super::worker::driver::Operation;
use crate::base::attributes;
use crate::base::callback::drop_quietly;
use crate::base::fork;
use crate::base::origin::Origin;
use crate::base::slow_path;
use crate::base::touch::Touch;
use crate::own_tls;
use crate::shim::atomic::{AtomicU64, Ordering::*};
use crate::shim::{Cell, Memory};
use std::cell::UnsafeCell;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::NonNull;

/// The handle is gone: the goroutine frees the allocation at its end.
const DETACHED: u64 = 1;
/// The result is in place.
const DONE: u64 = 2;
/// `joiner` holds an owner to wake.
const JOINING: u64 = 4;
/// The goroutine has attributes or needs a stack of its own size. Set from the start.
const SPECIAL: u64 = 8;
const ID_SHIFT: u32 = 4;
/// A closure and result of together up to this size fit any stack.
const ORDINARY_FRAME: usize = 8 * 1024;

/// The untyped head of a [`Fresh`], which is all that queues and workers see.
#[repr(C)]
pub(crate) struct Header {
    vtable: &'static Vtable,
    /// The id above the state bits.
    state: AtomicU64,
    pub(crate) origin: Origin,
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

/// A fresh goroutine, owned by the queue that it is in and then by the worker that starts it. A handle keeps a copy.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct FreshRef(NonNull<Header>);

// SAFETY: it is built from a `Send` closure with a `Send` result, and the protocol below gives each field one user at a
// time.
unsafe impl Send for FreshRef {}
// SAFETY: a reference gives no more than a copy, which is `Send`.
unsafe impl Sync for FreshRef {}

#[repr(C)]
struct Fresh<F, T> {
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
        crate::base::report::abort(
            "goexit ends a goroutine by unwinding its stack, and this program is built with panic = \"abort\". Build it \
             with panic = \"unwind\", which is the default, or return from the goroutine's function",
        );
    }
    resume_unwind(Box::new(Goexit(())))
}

impl FreshRef {
    /// A fresh goroutine that will run `closure`. `attributed` if the side table has attributes for `id`.
    pub(crate) fn new<F, T>(id: u64, attributed: bool, origin: Origin, closure: F) -> FreshRef
    where
        F: FnOnce() -> T + Send,
        T: Send,
    {
        let special = attributed || Fresh::<F, T>::VTABLE.frame > ORDINARY_FRAME;
        let header = Header {
            vtable: Fresh::<F, T>::VTABLE,
            state: AtomicU64::new(id << ID_SHIFT | if special { SPECIAL } else { 0 }),
            origin,
            joiner: Cell::new(None),
            memory: Memory::new(),
        };
        // Field by field, so that a large closure is moved only once and not with every wrapper around it.
        let fresh = task_memory::allocate::<Fresh<F, T>>();
        let place = fresh.as_ptr();
        // SAFETY: `place` is valid for writes of both fields and stays allocated; nothing is read before both
        // are written.
        unsafe {
            (&raw mut (*place).header).write(header);
            (&raw mut (*place).body).cast::<F>().write(closure);
        }
        FreshRef(fresh.cast())
    }

    pub(crate) fn header(&self) -> &Header {
        // SAFETY: a `FreshRef` is only held while the allocation lives.
        let header = unsafe { self.0.as_ref() };
        header.memory.is_used();
        header
    }

    pub(crate) fn id(&self) -> u64 {
        self.header().state.load(Relaxed) >> ID_SHIFT
    }

    /// True if the goroutine must not run on just any stack.
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

    /// Usable stack bytes for the goroutine, where others have `default`.
    pub(crate) fn stack_size(&self, default: usize) -> usize {
        if !self.is_special() {
            return default;
        }
        let wanted = attributes::wanted_stack(self.id()).unwrap_or(default);
        crate::stack::usable_size(wanted.saturating_add(self.frame()))
    }

    /// Runs the closure here and publishes its result. Consumes the reference: the allocation may be freed when this
    /// returns.
    ///
    /// # Safety
    /// Called once for a goroutine.
    pub(crate) unsafe fn run(self) {
        let Header { vtable, origin, .. } = self.header();
        // SAFETY: the vtable belongs to this allocation; run once, and so inherits once, by the caller's promise.
        unsafe {
            if origin.inherits() {
                here::inherit(origin.take_heirs());
            }
            (vtable.run)(self.0);
        }
    }

    /// Drops the allocation with its closure. If a destructor of that panics, only the panic hook notices.
    ///
    /// # Safety
    /// It has not been run and never will be, and no other reference to it is used.
    pub(crate) unsafe fn abandon(self) {
        if self.is_special() {
            attributes::forget(self.id());
        }
        let Header { vtable, origin, .. } = self.header();
        // SAFETY: the vtable belongs to this allocation, whose closure is still in place.
        drop_quietly(catch_unwind(AssertUnwindSafe(|| unsafe { (vtable.drop_closure)(self.0) })));
        // SAFETY: by the caller's promise no other thread uses it.
        unsafe { origin.take_heirs() }.into_iter().for_each(drop_quietly);
        // SAFETY: the caller's promise; nothing in the body is left to drop.
        unsafe { self.free() };
    }

    pub(crate) fn is_done(&self) -> bool {
        self.header().state.load(Acquire) & DONE != 0
    }

    /// Leaves `owner` to be woken at the end, or gives it back if the goroutine has ended already.
    pub(crate) fn register(&self, owner: Owner) -> Result<(), Owner> {
        let header = self.header();
        // The handle is the only one to touch `joiner` until JOINING is set.
        header.joiner.set(Some(owner.into_word()));
        // Release hands `joiner` to the end of the goroutine; Acquire sees the result if that has come already.
        let before = header.state.fetch_or(JOINING, AcqRel);
        if before & DONE == 0 {
            return Ok(());
        }
        // SAFETY: the end came first and did not see JOINING, so the word is still ours.
        Err(unsafe { Owner::from_word(header.joiner.get().expect("just set")) })
    }

    /// Takes back the owner that `register` has left. None if the goroutine has ended: then the owner is being woken.
    pub(crate) fn unregister(&self) -> Option<Owner> {
        let header = self.header();
        // Acquire: the goroutine that has not seen JOINING leaves `joiner` alone.
        let before = header.state.fetch_and(!JOINING, AcqRel);
        // SAFETY: the end has not come and will not see JOINING, so the word is ours again.
        (before & DONE == 0).then(|| unsafe { Owner::from_word(header.joiner.get().expect("registered")) })
    }

    /// Takes the result out.
    ///
    /// # Safety
    /// `T` is the goroutine's result type, `is_done` is true, and this is called once.
    pub(crate) unsafe fn take<T>(self) -> std::thread::Result<T> {
        // SAFETY: the vtable belongs to this allocation.
        let place = unsafe { (self.header().vtable.result)(self.0) };
        // SAFETY: the result was written before DONE, which the caller has seen; taken once.
        unsafe { place.cast::<std::thread::Result<T>>().read() }
    }

    /// Frees the memory without dropping the result.
    ///
    /// # Safety
    /// `is_done` is true and the result was taken, or the closure was dropped; and no other reference to it is used.
    pub(crate) unsafe fn free(self) {
        let free = self.header().vtable.free;
        // SAFETY: the vtable belongs to this allocation.
        unsafe { free(self.0) }
    }

    /// Gives up the handle's share. True if the goroutine has ended, and the result and memory are now the caller's.
    pub(crate) fn detach(&self) -> bool {
        // Acquire: the caller may go on to drop the result.
        self.header().state.fetch_or(DETACHED, AcqRel) & DONE != 0
    }
}

impl<F, T> Fresh<F, T>
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
    /// `fresh` points to a `Fresh<F, T>` whose closure has not been taken.
    unsafe fn run(fresh: NonNull<Header>) {
        let fresh = fresh.cast::<Self>();
        // SAFETY: the caller's promise; from here on the body is uninitialised until the result is written.
        let result = unsafe {
            let body = (&raw mut (*fresh.as_ptr()).body).cast::<Body<F, T>>();
            let closure = ManuallyDrop::take(&mut (*body).closure);
            let result = catch_unwind(AssertUnwindSafe(closure));
            (&raw mut (*body).result).write(ManuallyDrop::new(result));
            &(*body).result
        };
        // SAFETY: the header is valid until `finish`.
        let header = unsafe { fresh.cast::<Header>().as_ref() };
        if let Err(payload) = &**result
            && !payload.is::<Goexit>()
        {
            crate::base::report::body_panicked(header.id(), header.origin.site(), &**payload);
        }
        if fork::is_forked_child() {
            match &**result {
                Err(payload) if !payload.is::<Goexit>() => fork::goroutine_panicked(),
                _ => fork::goroutine_returned(),
            }
        }
        // SAFETY: the result is in place; finished once.
        unsafe { Self::finish(fresh) };
    }

    /// Publishes the end. The allocation belongs to the handle afterwards, or is freed here if there is none.
    ///
    /// The goroutine counts as ended when its result belongs to the handle, or is gone: the result's destructor may do
    /// anything that a goroutine does, such as wait.
    unsafe fn finish(fresh: NonNull<Self>) {
        // SAFETY: the allocation lives until DONE is set, and after that if it was DETACHED before.
        let header = unsafe { &(*fresh.as_ptr()).header };
        header.memory.is_used();
        if slow_path::is_wanted_everywhere()
            && let Some(driver) = driver::exploring()
        {
            driver.before_fine(&Touch::end(header.id()), Operation::END.name);
        }
        // Acquire takes over `joiner` or the handle's last access.
        let mut before = header.state.load(Acquire);
        if before & DETACHED == 0 {
            Self::end_locals();
        }
        while before & DETACHED == 0 {
            // Before the result is published: the goroutine that joins sees one goroutine less.
            Self::count_end(header);
            // Release publishes the result.
            match header.state.compare_exchange(before, before | DONE, AcqRel, Acquire) {
                Ok(_) => {
                    if before & JOINING != 0 {
                        // SAFETY: the joiner sleeps until it is woken below, so the allocation still lives, and
                        // JOINING says that the word is set. Turned back once.
                        let joiner =
                            unsafe { Owner::from_word(header.joiner.get().expect("JOINING is set")) };
                        joiner.wake();
                    }
                    return;
                }
                Err(now) => {
                    super::runtime::uncount_finished();
                    before = now;
                }
            }
        }
        // SAFETY: the handle is gone, so this is the only reference.
        unsafe {
            let result = Self::result(fresh.cast()).cast::<std::thread::Result<T>>().read();
            if let Err(payload) = &result
                && !payload.is::<Goexit>()
            {
                crate::base::report::panicked_detached(header.id(), header.origin.site(), &**payload);
            }
            drop_quietly(result);
            Self::end_locals();
            Self::count_end(header);
            Self::free(fresh.cast());
        }
    }

    /// What belongs to the goroutine as to a thread ends, by user code.
    #[inline]
    fn end_locals() {
        here::end_locals();
        super::span::end_spans();
        if own_tls::run_destructors()
            && let Some(goroutine) = Goroutine::current()
        {
            // The result's destructor and wakers find thread-locals that are not destroyed.
            goroutine.begin_tls();
        }
    }

    fn count_end(header: &Header) {
        if header.is_special() {
            attributes::forget(header.id());
        }
        super::runtime::count_finished();
    }

    unsafe fn result(fresh: NonNull<Header>) -> *mut () {
        // SAFETY: `fresh` points to a `Fresh<F, T>`, by the vtable's construction.
        unsafe { (&raw mut (*fresh.cast::<Self>().as_ptr()).body).cast() }
    }

    /// # Safety
    /// `task` points to a `Fresh<F, T>` whose closure has not been taken, and will not be.
    unsafe fn drop_closure(fresh: NonNull<Header>) {
        // SAFETY: the caller's promise.
        unsafe { (&raw mut (*fresh.cast::<Self>().as_ptr()).body).cast::<F>().drop_in_place() };
    }

    unsafe fn free(fresh: NonNull<Header>) {
        // SAFETY: not freed yet.
        unsafe { fresh.as_ref() }.memory.ends();
        // SAFETY: allocated for this very type; nothing else in header and body is left to drop.
        unsafe {
            (&raw mut (*fresh.as_ptr()).origin).drop_in_place();
            task_memory::free(fresh.cast::<Self>());
        }
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
