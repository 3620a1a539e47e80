//! A started goroutine: its control block and the coroutine it runs on.
//!
//! The control block lives at the top of the goroutine's own stack slot. That page is resident anyway, so a parked
//! goroutine costs one page and nothing on the heap, and the slot's address is all that is needed to find it.
//!
//! A block is written by the worker that starts the goroutine, before any other thread knows of it. After that its
//! cells belong to that worker's thread, except `next`, which belongs to the queue or inbox that the goroutine is in. Dumps,
//! the monitor and the overflow report read only the status, at any time: before the slot had a goroutine, while one is
//! made, and after its end. They get a reference to the [`Status`] and never to the block, because there may be no block.

mod prefetch;
mod visit;

use super::fresh::FreshRef;
use super::here;
use super::park::WaitReason;
use super::span::Spans;
use super::worker::Worker;
use crate::base::above::{Above, Held};
use crate::base::callback::abort_on_unwind;
use crate::base::coroutine::{Coroutine, CoroutineResult, Stack, StackPointer, Yielder};
use crate::base::inbox::{Link, Linked};
use crate::base::locals::Locals;
use crate::base::placement::Siblings;
use crate::base::status::Status;
use crate::base::{fork, scopes};
use crate::own_tls::{self, Block};
use crate::shim::Cell as LinkCell;
use crate::stack::pool::Mapped;
use crate::stack::{Slot, guards, overflow, page};
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
    /// About where its stack pointer is while it is switched out. Null: it is resumed only for a visit, or its wait is called
    /// off.
    stack_top: Cell<*const u8>,
    /// The allocation with its closure: prefetched, never read here.
    body: Cell<*const u8>,
    coroutine: UnsafeCell<MaybeUninit<Coroutine<(), (), (), CoroutineStack>>>,
    /// Valid even while there is no goroutine; see the module documentation.
    status: Status,
    /// Its last turn was long.
    long_running: Cell<bool>,
    /// The number of locks that it holds, as far as that is recorded.
    pub(crate) held: Cell<i32>,
    slot: Slot,
    pub(crate) siblings: Siblings,
    spans: Spans,
    tls: Block,
    pub(crate) locals: Locals,
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
pub(crate) struct CoroutineStack {
    base: usize,
    limit: usize,
}

impl CoroutineStack {
    /// A segment has no control block.
    pub(crate) fn of_segment(slot: Slot) -> CoroutineStack {
        CoroutineStack { base: slot.top, limit: slot.limit() }
    }
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
    let colour = (slot.top >> page().trailing_zeros()) % COLOURS;
    slot.top - size_of::<Goroutine>() - colour * align_of::<Goroutine>()
}

/// What a goroutine did when its turn was over.
pub(crate) enum TurnEnd {
    /// It waits, or has put itself back into a queue.
    SwitchedOut,
    /// It has ended, and so have the fresh goroutines that ran on its stack after it. The slot is free.
    Ended(Slot),
}

impl Goroutine {
    /// Makes a coroutine on `slot` that will run `fresh`, and after it other fresh goroutines of the worker, if the slot is
    /// of the default size.
    #[inline]
    pub(crate) fn create(worker: &'static Worker, slot: Slot, fresh: FreshRef) -> &'static Goroutine {
        let block = block_address(slot) as *mut Goroutine;
        let tls = Block::below(block as usize);
        let stack = CoroutineStack { base: block as usize - own_tls::room(), limit: slot.limit() };
        let (id, site) = (fresh.id(), fresh.header().origin.site());
        // The stack of a special goroutine may be smaller than the one that the others are to have.
        let ordinary = !fresh.is_special();
        // The fields are written one by one, except the status: another thread may be reading it, so only its own atomic
        // operations write there. This pattern fails to compile if a field is added and not written below.
        const _: fn(Goroutine) = |block| {
            #[rustfmt::skip]
            let Goroutine {
                next: _, worker: _, yielder: _, stack_top: _, body: _, long_running: _, held: _, slot: _, siblings: _,
                spans: _, coroutine: _, status: _, tls: _, locals: _,
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
            (&raw mut (*block).body).write(Cell::new(ptr::from_ref(fresh.header()).cast()));
            (&raw mut (*block).long_running).write(Cell::new(false));
            (&raw mut (*block).held).write(Cell::new(0));
            (&raw mut (*block).slot).write(slot);
            (&raw mut (*block).siblings).write(Siblings::new());
            (&raw mut (*block).spans).write(Spans::new());
            (&raw mut (*block).tls).write(tls);
            (&raw mut (*block).locals).write(Locals::new());
            tls.begin(worker.own_tls.get());
            &*block
        };
        let coroutine = Coroutine::with_stack(stack, move |yielder: &Yielder<(), ()>, ()| {
            goroutine.yielder.set(yielder);
            abort_on_unwind("a goroutine", || goroutine.run_chain(fresh, ordinary));
        });
        // SAFETY: no other code knows the goroutine yet.
        unsafe { (*goroutine.coroutine.get()).write(coroutine) };
        goroutine.status.begin(id, site, worker.index() as u32);
        goroutine
    }

    /// Runs `fresh` and then, if it is an `ordinary` one, the fresh goroutines that the worker hands over.
    #[inline(always)]
    fn run_chain(&'static self, mut fresh: FreshRef, ordinary: bool) {
        self.worker.is_here();
        loop {
            self.worker.spans.begin(self);
            // SAFETY: the worker has handed it over, and it is run only here.
            unsafe { fresh.run() };
            // Those of values that its result's destructor, or a waker, has used for the first time.
            here::end_locals();
            own_tls::run_destructors();
            if self.held.get() != 0 {
                self.ends_holding();
            }
            match ordinary.then(|| self.worker.next_in_chain()).flatten() {
                Some(next) => fresh = next,
                None => break,
            }
            self.become_next(fresh);
        }
        own_tls::run_destructors();
    }

    /// It ends and leaves something locked.
    #[cold]
    #[inline(never)]
    fn ends_holding(&self) {
        if self.held.take() > 0 {
            Above::ended_holding(self.id());
        }
    }

    /// Takes on the identity of the next goroutine of the chain, on the stack of the one that has just ended.
    #[inline]
    fn become_next(&self, fresh: FreshRef) {
        self.body.set(ptr::from_ref(fresh.header()).cast());
        self.status.become_goroutine(fresh.id(), fresh.header().origin.site());
        self.siblings.reset();
        // The worker's queues may have registered with their collector here while the next one was taken out.
        own_tls::run_destructors();
        self.begin_tls();
    }

    /// Begins with new thread-locals, if it has its own. The destructors of those before have run.
    #[inline]
    pub(crate) fn begin_tls(&self) {
        // SAFETY: called on the goroutine, or for one that has ended here.
        unsafe { self.tls.begin(self.worker.own_tls.get()) };
        self.worker.is_here();
    }

    /// The spans that it has entered.
    #[cfg(feature = "tracing")]
    pub(crate) fn spans(&self) -> &Spans {
        &self.spans
    }

    /// Runs the goroutine until it switches out or ends.
    #[inline(always)]
    pub(crate) fn turn(&self) -> TurnEnd {
        if guards::are_lent() {
            guards::lend(self.slot, self.worker.index());
        }
        self.worker.enter_tls(self.tls);
        // SAFETY: only the worker's thread comes here, and never from inside the coroutine itself.
        let coroutine = unsafe { (*self.coroutine.get()).assume_init_mut() };
        match coroutine.resume(()) {
            CoroutineResult::Yield(()) => TurnEnd::SwitchedOut,
            CoroutineResult::Return(()) => {
                let slot = self.slot;
                self.status.clear();
                // SAFETY: initialised by `create`; it has returned, so dropping it runs nothing on the stack.
                unsafe { (*self.coroutine.get()).assume_init_drop() };
                TurnEnd::Ended(slot)
            }
        }
    }

    /// The goroutine running on this thread, if this is a worker thread and it is running one.
    #[inline]
    pub(crate) fn current() -> Option<&'static Goroutine> {
        Worker::current()?.running()
    }

    #[inline]
    pub(crate) fn is_long_running(&self) -> bool {
        self.long_running.get()
    }

    #[inline]
    pub(crate) fn set_long_running(&self, long_running: bool) {
        self.long_running.set(long_running);
    }

    /// The end of its stack that does not move.
    pub(crate) fn base(&self) -> usize {
        ptr::from_ref(self).addr() - own_tls::room()
    }

    /// The bytes that are left of its stack. It is switched out. None: it was switched out on another stack.
    pub(crate) fn room(&self) -> Option<usize> {
        let (stack, top) = (self.stack(), self.stack_top.get().addr());
        if stack.contains(&top) {
            return Some(top - stack.start);
        }
        overflow::segment_of(top).map(|segment| top - segment.floor())
    }

    /// The addresses of its stack.
    pub(crate) fn stack(&self) -> Range<usize> {
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

    /// It has switched out in a forked child.
    #[cold]
    pub(crate) fn refuse_wait_in_child(&self) -> ! {
        let wait = self.status.wait();
        fork::refuse_wait(Some(self.id()), wait.map(|wait| wait.reason), wait.and_then(|wait| wait.place))
    }

    /// Its identity and its stack, for the checks of scopes.
    pub(crate) fn here(&self) -> scopes::Here<'_> {
        scopes::Here { id: self.id(), site: self.status.site(), stack: self.stack(), seen: &self.worker.seen }
    }

    /// Makes several goroutines of one worker runnable. Only the first is touched.
    pub(crate) fn ready_many(goroutines: Vec<&'static Goroutine>) {
        let Some(worker) = goroutines.first().map(|first| first.worker) else { return };
        match Worker::current() {
            Some(here) if ptr::eq(here, worker) => here.push_ready_many(goroutines),
            _ => worker.push_many_from_elsewhere(goroutines),
        }
    }

    /// Switches out until the owner of this wait has been woken.
    ///
    /// Always inlined, with all that leads to the switch: a processor predicts returns by the calls it has seen, and
    /// after a switch those were another goroutine's. Each function that returns between a switch in and the next
    /// switch out is mispredicted, which costs as much as the switch itself (`pingpong` 63 → 39 ns, `yield` 27 → 12 ns).
    ///
    /// True: the wait has been called off, and the owner is still where it was.
    #[inline(always)]
    #[must_use]
    pub(crate) fn park(&'static self, reason: WaitReason, place: &'static Location<'static>) -> bool {
        if self.worker.checks_scopes {
            scopes::check(&self.here(), Some(reason), Some(place));
        }
        self.status.begin_wait(reason, place);
        let called_off = self.switch_out();
        self.status.end_wait();
        called_off
    }

    /// Lets the worker run something else. The goroutine is in a queue, or has an owner that will be woken. True: neither
    /// has brought it back, see [`Goroutine::call_off`].
    #[inline(always)]
    pub(crate) fn switch_out(&'static self) -> bool {
        debug_assert!(Goroutine::current().is_some_and(|running| ptr::eq(running, self)));
        self.switch();
        let called_off = self.stack_top.get().is_null() && self.be_visited();
        self.worker.spans.arrive(self);
        called_off
    }

    #[inline(always)]
    fn switch(&self) {
        let here = 0_u8;
        self.stack_top.set(&raw const here);
        // SAFETY: set at the coroutine's start to its yielder, which lives as long as the coroutine; called on
        // the coroutine itself.
        unsafe { (*self.yielder.get()).suspend(()) };
    }

    /// The goroutine `id`, if it is on `slot` and belongs to the calling worker.
    pub(crate) fn find(
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

    /// The memory of `slot`, on which a goroutine has been, goes back to the kernel.
    pub(crate) fn leave_slot(slot: Slot) {
        // SAFETY: the slot is no goroutine's.
        unsafe { Block::below(block_address(slot)).end() };
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
    pub(crate) fn stack_on(slot: Slot) -> Range<usize> {
        slot.floor()..block_address(slot) - own_tls::room()
    }

    /// The address of a block's status. There need not be a block.
    pub(crate) fn status_of(block: *const Goroutine) -> *const Status {
        block.wrapping_byte_add(offset_of!(Goroutine, status)).cast()
    }
}
