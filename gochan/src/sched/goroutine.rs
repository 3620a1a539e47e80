//! A started goroutine: its control block and the coroutine it runs on.
//!
//! The control block lives at the top of the goroutine's own stack slot. That page is resident anyway, so a parked
//! goroutine costs one page and nothing on the heap, and the slot's address is all that is needed to find it.
//!
//! A block is written by the worker that starts the goroutine, before anybody else knows of it. After that the
//! cells belong to that worker's thread, but for `next`, which belongs to whichever queue or inbox the goroutine
//! is on, and the atomics, which dumps and the overflow report read at any time.

use super::inbox::{Link, Linked};
use super::park::WaitReason;
use super::place::Siblings;
use super::prefetch::prefetch;
use super::span;
use super::status::Status;
use super::task::TaskRef;
use super::worker::Worker;
use crate::stack::{PAGE, Slot, switch};
use corosensei::stack::{Stack, StackPointer};
use corosensei::{Coroutine, CoroutineResult, Yielder};
use std::cell::{Cell, UnsafeCell};
use std::mem::MaybeUninit;
use std::panic::Location;
use std::ptr;

/// The control block; see the module documentation for who may touch what.
#[repr(C, align(128))]
pub(crate) struct Goroutine {
    next: Cell<Link<Goroutine>>,
    worker: &'static Worker,
    yielder: Cell<*const Yielder<(), ()>>,
    /// About where its stack pointer is while it is switched out.
    stack_top: Cell<*const u8>,
    /// What it runs: asked for ahead, never read here.
    task: Cell<*const u8>,
    coroutine: UnsafeCell<MaybeUninit<Coroutine<(), (), (), CoroutineStack>>>,
    /// Its id is zero while the slot holds no goroutine.
    status: Status,
    /// Its last turn was a long one.
    heavy: Cell<bool>,
    slot: Slot,
    pub(super) siblings: Siblings,
    span: span::Current,
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
    fn link(&self) -> &Cell<Link<Goroutine>> {
        &self.next
    }
}

/// The part of a slot below the control block.
struct CoroutineStack {
    base: usize,
    limit: usize,
}

// SAFETY: the slot is owned by the goroutine, readable and writable from its guard page up to the base, and
// guarded by that page. Slots are never smaller than `MIN_STACK`.
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
    /// Makes a coroutine on `slot` that will run `task` and whatever fresh tasks the worker hands it after that.
    #[inline]
    pub(super) fn create(worker: &'static Worker, slot: Slot, task: TaskRef) -> &'static Goroutine {
        let block = block_address(slot) as *mut Goroutine;
        let stack = CoroutineStack { base: block as usize, limit: slot.limit() };
        // SAFETY: the slot is exclusively this goroutine's, and the block is aligned and inside of it. The
        // reference is handed to the worker only, which drops it when the turn ends with `Ended`.
        let goroutine: &'static Goroutine = unsafe {
            block.write(Goroutine {
                next: Cell::new(Link::NONE),
                worker,
                yielder: Cell::new(ptr::null()),
                stack_top: Cell::new(ptr::null()),
                task: Cell::new(ptr::from_ref(task.header()).cast()),
                coroutine: UnsafeCell::new(MaybeUninit::uninit()),
                slot,
                heavy: Cell::new(false),
                status: Status::new(task.id(), task.header().site),
                siblings: Siblings::new(),
                span: span::Current::new(),
            });
            &*block
        };
        let coroutine = Coroutine::with_stack(stack, move |yielder: &Yielder<(), ()>, ()| {
            switch::on_goroutine(None);
            goroutine.yielder.set(yielder);
            let mut task = task;
            loop {
                // SAFETY: the task was handed over by the worker and is run here only.
                unsafe { task.run() };
                match worker.next_in_chain() {
                    Some(next) => task = next,
                    None => break,
                }
                goroutine.become_task(task);
            }
            switch::to_thread_for_good();
        });
        // SAFETY: nobody else knows the goroutine yet.
        unsafe { (*goroutine.coroutine.get()).write(coroutine) };
        goroutine
    }

    /// Takes on the identity of the next task of the chain, on the stack of the one that has just ended.
    #[inline]
    fn become_task(&self, task: TaskRef) {
        self.leave_span(true);
        self.task.set(ptr::from_ref(task.header()).cast());
        self.status.become_goroutine(task.id(), task.header().site);
        self.siblings.reset();
        self.enter_span();
    }

    #[inline(always)]
    fn enter_span(&self) {
        self.span.enter(self.id(), self.status.site());
    }

    #[inline(always)]
    fn leave_span(&self, ended: bool) {
        self.span.exit();
        if ended {
            self.span.close();
        }
    }

    /// Runs the goroutine until it switches out or ends.
    #[inline]
    pub(super) fn turn(&self) -> Turn {
        self.enter_span();
        let turn = self.resume();
        self.leave_span(matches!(turn, Turn::Ended(_)));
        turn
    }

    #[inline(always)]
    fn resume(&self) -> Turn {
        // SAFETY: only the worker's thread comes here, and never from inside the coroutine itself.
        let coroutine = unsafe { (*self.coroutine.get()).assume_init_mut() };
        let left = switch::to_goroutine(|| self.slot.limit() + PAGE..ptr::from_ref(self).addr());
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
        const LINES: usize = 16;
        /// Below the stack pointer. A store that waits for its line holds up the next locked operation.
        const CALLS: usize = 128;
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
    pub(crate) fn park(&self, reason: WaitReason, place: &'static Location<'static>) {
        self.status.begin_wait(reason, place);
        self.switch_out();
        self.status.end_wait();
    }

    /// Lets the worker run something else. The goroutine must be in a queue, or have an owner that will be woken.
    #[inline(always)]
    pub(super) fn switch_out(&self) {
        let here = 0_u8;
        self.stack_top.set(&raw const here);
        debug_assert!(Goroutine::current().is_some_and(|running| ptr::eq(running, self)));
        let left = switch::to_thread();
        // SAFETY: set at the coroutine's start to its yielder, which lives as long as the coroutine; called on
        // the coroutine itself.
        unsafe { (*self.yielder.get()).suspend(()) };
        switch::on_goroutine(Some(left));
    }

    /// The goroutine on a slot that was handed out at some time, if one is on it now. Only for looking.
    ///
    /// # Safety
    /// The slot stays mapped for as long as the reference is used.
    pub(crate) unsafe fn on_slot<'a>(slot: Slot) -> Option<&'a Goroutine> {
        // SAFETY: the memory is mapped, and either zero or once a control block; only atomics are read of it.
        let goroutine = unsafe { &*(block_address(slot) as *const Goroutine) };
        (goroutine.status.id() != 0).then_some(goroutine)
    }
}
