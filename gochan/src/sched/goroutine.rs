//! A started goroutine: its control block and the coroutine it runs on.
//!
//! The control block lives at the top of the goroutine's own stack slot. That page is resident anyway, so a parked
//! goroutine costs one page and nothing on the heap, and the slot's address is all that is needed to find it.
//!
//! A block is written by the worker that starts the goroutine, before anybody else knows of it. After that the
//! cells belong to that worker's thread, but for `next`, which belongs to whichever queue or inbox the goroutine
//! is on. Dumps, the monitor and the overflow report read the status alone, at any time: before the slot had a goroutine,
//! while one is made, and after its end. They get a reference to the [`Status`] and never to the block, because the
//! memory may not hold one.

use super::inbox::{Link, Linked};
use super::knots;
use super::park::WaitReason;
use super::place::Siblings;
use super::prefetch::prefetch;
use super::scopes;
use super::span::Spans;
use super::stacks;
use super::status::Status;
use super::task::TaskRef;
use super::worker::Worker;
use crate::callback::abort_on_unwind;
use crate::shim::Cell as LinkCell;
use crate::stack::pool::Mapped;
use crate::stack::{PAGE, Slot, switch};
use corosensei::stack::{Stack, StackPointer};
use corosensei::{Coroutine, CoroutineResult, Yielder};
use std::cell::{Cell, UnsafeCell};
use std::mem::{MaybeUninit, offset_of};
use std::ops::Range;
use std::panic::Location;
use std::ptr;

/// The control block; see the module documentation for who may touch what.
#[repr(C, align(128))]
pub(crate) struct Goroutine {
    next: LinkCell<Link<Goroutine>>,
    worker: &'static Worker,
    yielder: Cell<*const Yielder<(), ()>>,
    /// About where its stack pointer is while it is switched out. Null: it is resumed only to show its stack.
    stack_top: Cell<*const u8>,
    /// What it runs: asked for ahead, never read here.
    task: Cell<*const u8>,
    coroutine: UnsafeCell<MaybeUninit<Coroutine<(), (), (), CoroutineStack>>>,
    /// Valid even while there is no goroutine; see the module documentation.
    status: Status,
    /// Its last turn was a long one.
    heavy: Cell<bool>,
    /// How many locks it holds, as far as that is watched.
    pub(super) held: Cell<i32>,
    slot: Slot,
    pub(super) siblings: Siblings,
    spans: Spans,
}

// SAFETY: the module documentation states which thread may touch which field when.
unsafe impl Sync for Goroutine {}

impl std::fmt::Debug for Goroutine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Goroutine({})", self.id())
    }
}

impl Linked for Goroutine {
    #[inline]
    fn link(&self) -> &LinkCell<Link<Goroutine>> {
        &self.next
    }
}

/// The part of a slot below the control block.
struct CoroutineStack {
    base: usize,
    limit: usize,
}

// SAFETY: the slot is owned by the goroutine, readable and writable from its guard up to the base. The limit includes
// the guard, as corosensei's does. Slots are never smaller than `MIN_STACK`.
unsafe impl Stack for CoroutineStack {
    #[inline]
    fn base(&self) -> StackPointer {
        StackPointer::new(self.base).expect("a stack is not at address zero")
    }

    #[inline]
    fn limit(&self) -> StackPointer {
        StackPointer::new(self.limit).expect("a stack is not at address zero")
    }
}

/// Where the control block of a goroutine on `slot` is: at the top, moved down by a slot-dependent number of cache
/// lines. Without that shift the hot lines of all stacks would compete for the same few cache sets.
#[inline]
fn block_address(slot: Slot) -> usize {
    const COLOURS: usize = 12;
    let colour = (slot.top / PAGE) % COLOURS;
    slot.top - size_of::<Goroutine>() - colour * align_of::<Goroutine>()
}

/// What a goroutine did when its turn was over.
pub(super) enum Turn {
    /// It waits, or has put itself back into a queue.
    SwitchedOut,
    /// It has ended and so have the fresh tasks it ran after itself; the slot is free.
    Ended(Slot),
}

impl Goroutine {
    /// Makes a coroutine on `slot` that will run `task` and, if the slot is of the default size, whatever fresh tasks the
    /// worker hands it after that.
    #[inline]
    pub(super) fn create(worker: &'static Worker, slot: Slot, task: TaskRef) -> &'static Goroutine {
        let block = block_address(slot) as *mut Goroutine;
        let stack = CoroutineStack { base: block as usize, limit: slot.limit() };
        let (id, site) = (task.id(), task.header().site);
        // The stack of a special task may be smaller than those that the other tasks are to have.
        let ordinary = !task.is_special();
        // The fields are written one by one, except the status: another thread may be reading it, so only its own atomic
        // operations write there. This pattern fails to compile if a field is added and not written below.
        const _: fn(Goroutine) = |block| {
            #[rustfmt::skip]
            let Goroutine {
                next: _, worker: _, yielder: _, stack_top: _, task: _, heavy: _, held: _, slot: _, siblings: _,
                spans: _, coroutine: _, status: _,
            } = block;
        };
        // SAFETY: the slot is exclusively this goroutine's, and the block is aligned and inside of it. The reference is
        // made when all fields are valid: the status always is, and the coroutine may be uninitialised. It is handed to
        // the worker only, which drops it when the turn ends with `Ended`.
        let goroutine: &'static Goroutine = unsafe {
            (&raw mut (*block).next).write(LinkCell::new(Link::NONE));
            (&raw mut (*block).worker).write(worker);
            (&raw mut (*block).yielder).write(Cell::new(ptr::null()));
            (&raw mut (*block).stack_top).write(Cell::new(ptr::null()));
            (&raw mut (*block).task).write(Cell::new(ptr::from_ref(task.header()).cast()));
            (&raw mut (*block).heavy).write(Cell::new(false));
            (&raw mut (*block).held).write(Cell::new(0));
            (&raw mut (*block).slot).write(slot);
            (&raw mut (*block).siblings).write(Siblings::new());
            (&raw mut (*block).spans).write(Spans::new());
            &*block
        };
        let coroutine = Coroutine::with_stack(stack, move |yielder: &Yielder<(), ()>, ()| {
            switch::on_goroutine(None);
            goroutine.yielder.set(yielder);
            abort_on_unwind("a goroutine", || goroutine.run_chain(task, ordinary));
            switch::to_thread_for_good();
        });
        // SAFETY: nobody else knows the goroutine yet.
        unsafe { (*goroutine.coroutine.get()).write(coroutine) };
        goroutine.status.begin(id, site, worker.index() as u32);
        goroutine
    }

    /// Runs `task`, and then, if it is an `ordinary` one, whatever fresh tasks the worker hands over.
    #[inline(always)]
    fn run_chain(&'static self, mut task: TaskRef, ordinary: bool) {
        loop {
            self.worker.spans.begin(self);
            // SAFETY: the task was handed over by the worker and is run here only.
            unsafe { task.run() };
            if self.held.get() != 0 {
                self.ends_holding();
            }
            match ordinary.then(|| self.worker.next_in_chain()).flatten() {
                Some(next) => task = next,
                None => break,
            }
            self.become_task(task);
        }
    }

    /// It leaves something locked.
    #[cold]
    #[inline(never)]
    fn ends_holding(&self) {
        if self.held.take() > 0 {
            knots::ended_holding(self.id());
        }
    }

    /// Takes on the identity of the next task of the chain, on the stack of the one that has just ended.
    #[inline]
    fn become_task(&self, task: TaskRef) {
        self.task.set(ptr::from_ref(task.header()).cast());
        self.status.become_goroutine(task.id(), task.header().site);
        self.siblings.reset();
    }

    /// The spans that it has entered.
    #[cfg(feature = "tracing")]
    pub(super) fn spans(&self) -> &Spans {
        &self.spans
    }

    /// Runs the goroutine until it switches out or ends.
    #[inline(always)]
    pub(super) fn turn(&self) -> Turn {
        // SAFETY: only the worker's thread comes here, and never from inside the coroutine itself.
        let coroutine = unsafe { (*self.coroutine.get()).assume_init_mut() };
        let left = switch::to_goroutine(|| self.stack());
        let result = coroutine.resume(());
        switch::on_thread(left);
        match result {
            CoroutineResult::Yield(()) => Turn::SwitchedOut,
            CoroutineResult::Return(()) => {
                let slot = self.slot;
                self.status.clear();
                // SAFETY: initialised by `create`; it has returned, so dropping it runs nothing on the stack.
                unsafe { (*self.coroutine.get()).assume_init_drop() };
                Turn::Ended(slot)
            }
        }
    }

    /// Asks for the memory in which a goroutine on `slot` will begin.
    #[inline]
    pub(super) fn prefetch_begin(slot: Slot) {
        prefetch((block_address(slot) - 64) as *const u8);
    }

    /// The goroutine running on this thread, if this is a worker thread and it is running one.
    #[inline]
    pub(crate) fn current() -> Option<&'static Goroutine> {
        Worker::current()?.running()
    }

    #[inline]
    pub(super) fn is_heavy(&self) -> bool {
        self.heavy.get()
    }

    #[inline]
    pub(super) fn set_heavy(&self, heavy: bool) {
        self.heavy.set(heavy);
    }

    /// The end of its stack that does not move.
    pub(super) fn base(&self) -> usize {
        ptr::from_ref(self).addr()
    }

    /// The bytes that are left of its stack. None: it has been switched out on another one. It is switched out.
    pub(super) fn room(&self) -> Option<usize> {
        let (stack, top) = (self.stack(), self.stack_top.get().addr());
        stack.contains(&top).then(|| top - stack.start)
    }

    /// The addresses of its stack.
    pub(super) fn stack(&self) -> Range<usize> {
        self.slot.floor()..self.base()
    }

    pub(crate) fn id(&self) -> u64 {
        self.status.id()
    }

    pub(crate) fn worker(&self) -> &'static Worker {
        self.worker
    }

    pub(crate) fn status(&self) -> &Status {
        &self.status
    }

    /// Makes the goroutine, which is parked or about to be, runnable on its worker.
    #[inline]
    pub(crate) fn ready(&'static self) {
        match Worker::current() {
            Some(worker) if ptr::eq(worker, self.worker) => worker.push_ready(self),
            _ => self.worker.push_from_elsewhere(self),
        }
    }

    /// As `ready`, for a goroutine known to live on worker number `home`: if that is this one, it is not touched.
    #[inline]
    pub(crate) fn ready_at(&'static self, home: u32) {
        match Worker::current() {
            Some(worker) if worker.index() as u32 == home => worker.push_ready(self),
            _ => self.worker.push_from_elsewhere(self),
        }
    }

    /// As `ready`, for several of one worker, only the first of which is touched.
    pub(super) fn ready_many(goroutines: Vec<&'static Goroutine>) {
        let Some(worker) = goroutines.first().map(|first| first.worker) else { return };
        match Worker::current() {
            Some(here) if ptr::eq(here, worker) => here.push_ready_many(goroutines),
            _ => worker.push_many_from_elsewhere(goroutines),
        }
    }

    /// Asks for the block's cache lines, which will be needed in two turns.
    #[inline]
    pub(super) fn prefetch_block(&self) {
        prefetch(ptr::from_ref(self).cast());
        prefetch(ptr::from_ref(self).cast::<u8>().wrapping_add(64));
    }

    /// Asks for the cache lines at its stack pointer, which will be needed in the next turn.
    #[inline]
    pub(super) fn prefetch_stack(&self) {
        let stack = self.saved_stack();
        prefetch(stack);
        prefetch(stack.wrapping_add(64));
        prefetch(stack.wrapping_add(128));
    }

    /// As `prefetch_stack` and `prefetch_block`, with more of the frames that it will return through, and those of what it
    /// will call: it has not run for so long that they are no longer in any cache.
    #[inline]
    pub(super) fn prefetch_all(&self) {
        /// A goroutine that waits in a shallow call uses no more.
        const LINES: usize = 18;
        /// Below the stack pointer. A store that waits for its line holds up the next locked operation.
        const CALLS: usize = 256;
        let block = ptr::from_ref(self).cast::<u8>();
        let mut line = self.saved_stack().wrapping_sub(CALLS);
        for _ in 0..LINES {
            prefetch(line);
            line = line.wrapping_add(64);
            if line >= block {
                break;
            }
        }
        self.prefetch_block();
        prefetch(self.task.get());
    }

    /// The lowest address that it will touch after the switch: the switch has pushed a few words more.
    #[inline]
    fn saved_stack(&self) -> *const u8 {
        const PUSHED: usize = 48;
        self.stack_top.get().wrapping_sub(PUSHED)
    }

    /// Asks for the first of the block's cache lines only, and so for the translation of its page.
    #[inline]
    pub(super) fn prefetch_page(&self) {
        prefetch(ptr::from_ref(self).cast());
    }

    /// Switches out until some owner of this wait has been woken.
    ///
    /// Inlined always, with all that leads to the switch: a processor predicts returns by the calls it has seen, and
    /// after a switch those were another goroutine's. Each function that returns between a switch in and the next
    /// switch out is a misprediction, as dear as the switch itself.
    #[inline(always)]
    pub(crate) fn park(&'static self, reason: WaitReason, place: &'static Location<'static>) {
        if self.worker.checks_scopes {
            scopes::check(self, Some(reason), Some(place));
        }
        self.status.begin_wait(reason, place);
        self.switch_out();
        self.status.end_wait();
    }

    /// Lets the worker run something else. The goroutine must be in a queue, or have an owner that will be woken.
    #[inline(always)]
    pub(super) fn switch_out(&'static self) {
        debug_assert!(Goroutine::current().is_some_and(|running| ptr::eq(running, self)));
        self.switch();
        if self.stack_top.get().is_null() {
            self.be_shown();
        }
        self.worker.spans.arrive(self);
    }

    /// Asks for the status in a slot, which need not exist.
    #[inline]
    pub(super) fn prefetch_status(slot: Slot) {
        let status = Goroutine::status_of(block_address(slot) as *const Goroutine).cast::<u8>();
        prefetch(status);
        prefetch(status.wrapping_add(size_of::<Status>() - 1));
    }

    #[inline(always)]
    fn switch(&self) {
        let here = 0_u8;
        self.stack_top.set(&raw const here);
        let left = switch::to_thread();
        // SAFETY: set at the coroutine's start to its yielder, which lives as long as the coroutine; called on
        // the coroutine itself.
        unsafe { (*self.yielder.get()).suspend(()) };
        switch::on_goroutine(Some(left));
    }

    /// It has been resumed only to show its stack.
    #[cold]
    #[inline(never)]
    fn be_shown(&self) {
        while self.stack_top.get().is_null() {
            stacks::shown(self);
            self.switch();
        }
    }

    /// Has the goroutine, which is switched out, call [`stacks::shown`], and nothing else. Called on its worker's thread, by
    /// the worker or by another goroutine.
    #[cold]
    pub(super) fn show(&self) {
        debug_assert!(Goroutine::current().is_none_or(|running| !ptr::eq(running, self)));
        self.stack_top.set(ptr::null());
        switch::nested(|| {
            // SAFETY: only the worker's thread comes here, and never from inside the coroutine itself.
            let coroutine = unsafe { (*self.coroutine.get()).assume_init_mut() };
            let left = switch::to_goroutine(|| self.stack());
            let result = coroutine.resume(());
            switch::on_thread(left);
            debug_assert!(matches!(result, CoroutineResult::Yield(())));
        });
    }

    /// Calls `f` on the stack from which the goroutine, which runs, has been resumed. That one has room.
    pub(super) fn on_parent_stack<R: Send>(&self, f: impl FnOnce() -> R + Send) -> R {
        // SAFETY: as in `switch_out`.
        unsafe { (*self.yielder.get()).on_parent_stack(f) }
    }

    /// The goroutine `id`, if it is on `slot` and is one of the calling worker's.
    pub(super) fn find(
        here: &'static Worker,
        slot: Slot,
        id: u64,
        _mapped: &Mapped,
    ) -> Option<&'static Goroutine> {
        // SAFETY: no slot is unmapped while a `Mapped` lives.
        let home = unsafe { Goroutine::status_on(slot) }.look_home(id)?;
        // SAFETY: on its worker's thread, a goroutine that has been found is there until the thread ends it.
        (home == here.index() as u32).then(|| unsafe { &*(block_address(slot) as *const Goroutine) })
    }

    /// The status in a slot, whether or not a goroutine is on it.
    ///
    /// # Safety
    /// The slot stays mapped for as long as the reference is used.
    pub(crate) unsafe fn status_on<'a>(slot: Slot) -> &'a Status {
        // SAFETY: the memory is mapped. This part of a slot is zero at first and after a trim, which is a valid status,
        // and only the atomic operations of the status write to it.
        unsafe { &*Goroutine::status_of(block_address(slot) as *const Goroutine) }
    }

    /// The addresses of the stack of a goroutine on `slot`.
    #[allow(dead_code, reason = "for the stacks of busy goroutines, which not all platforms show")]
    pub(super) fn stack_on(slot: Slot) -> Range<usize> {
        slot.floor()..block_address(slot)
    }

    /// The address of a block's status. There need not be a block.
    pub(super) fn status_of(block: *const Goroutine) -> *const Status {
        block.wrapping_byte_add(offset_of!(Goroutine, status)).cast()
    }
}
