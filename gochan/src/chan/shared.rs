//! Counting the handles of a channel: how many could send, how many could receive, and when the memory goes.
//!
//! Both counts are one word, so that a `Chan`, which is on both sides, is cloned and dropped by one operation. Each
//! side ends once: the drop that takes its count to zero does what that means to the other side, and whichever of
//! the two ends comes last frees the channel.

use super::core::Core;
use super::head::{EXPLORED, SPLIT};
use crate::callback::Callbacks;
use crate::sched::bubble::{goes_through_all, has_points, point_after_at, touch};
use crate::sched::touch::Touch;
use crate::shim::Memory;
use crate::shim::atomic::{AtomicU8, AtomicU64, Ordering::*};
use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ptr::NonNull;

/// Which sides a handle is on, as the amount it adds to the counts.
pub(super) const SENDS: u64 = 1;
pub(super) const RECEIVES: u64 = 1 << 32;

const SENDS_MASK: u64 = RECEIVES - 1;
/// Far more handles than memory could hold, unless they are leaked in a loop.
const TOO_MANY: u64 = 1 << 31;

const SENDERS_ENDED: u8 = 1;
const RECEIVERS_ENDED: u8 = 2;

#[repr(C, align(64))]
struct Shared<T> {
    core: Core<T>,
    sides: AtomicU64,
    ended: AtomicU8,
    /// How far behind the beginning of its memory it is.
    offset: u8,
    memory: Memory,
}

impl<T> Shared<T> {
    /// What an allocator aligns to without being asked. For more, allocators take a slow way around their caches, so
    /// the channel is aligned by hand.
    const GIVEN: usize = 16;
    const LAYOUT: Layout = {
        let slack = align_of::<Shared<T>>() - Self::GIVEN;
        match Layout::from_size_align(size_of::<Shared<T>>() + slack, Self::GIVEN) {
            Ok(layout) => layout,
            Err(_) => panic!("a channel is small"),
        }
    };

    #[inline(always)]
    fn allocate(core: Core<T>, sides: u64, ended: u8) -> NonNull<Shared<T>> {
        // SAFETY: the layout's size is not zero.
        let memory = unsafe { alloc(Self::LAYOUT) };
        if memory.is_null() {
            handle_alloc_error(Self::LAYOUT);
        }
        let offset = memory.align_offset(align_of::<Shared<T>>());
        let shared = Shared {
            core,
            sides: AtomicU64::new(sides),
            ended: AtomicU8::new(ended),
            offset: offset as u8,
            memory: Memory::new(),
        };
        // SAFETY: the memory was allocated with the slack that aligning takes.
        unsafe {
            let place = memory.add(offset).cast::<Shared<T>>();
            place.write(shared);
            NonNull::new_unchecked(place)
        }
    }

    /// What the count was. The only handle need not do this.
    #[inline]
    fn count_down(&self, sides: u64) -> u64 {
        if has_points() && self.core.head.has(SPLIT) {
            touch(Touch::write(&self.sides));
        }
        self.sides.fetch_sub(sides, AcqRel)
    }

    /// # Safety
    /// `shared` came from `allocate`, and nobody uses it any more.
    unsafe fn free(shared: NonNull<Shared<T>>) {
        // SAFETY: the caller's promise.
        unsafe {
            shared.as_ref().memory.ends();
            let memory = shared.cast::<u8>().sub(usize::from(shared.as_ref().offset));
            shared.drop_in_place();
            dealloc(memory.as_ptr(), Self::LAYOUT);
        }
    }
}

/// A counted reference to a channel, or the nil channel. Counting is the holder's: see `retain` and `release`.
pub(super) struct Raw<T>(Option<NonNull<Shared<T>>>);

impl<T> Clone for Raw<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Raw<T> {}

impl<T> Raw<T> {
    pub(super) const NIL: Raw<T> = Raw(None);

    /// A channel with one handle, on `sides`.
    #[track_caller]
    pub(super) fn new(capacity: usize, sides: u64) -> Raw<T> {
        Raw::of(Core::new(capacity), sides, 0)
    }

    /// A channel with one handle, which receives. Nobody sends, but it does not close for that.
    #[inline(always)]
    pub(super) fn receive_only(core: Core<T>) -> Raw<T> {
        Raw::of(core, RECEIVES, SENDERS_ENDED)
    }

    #[inline(always)]
    fn of(core: Core<T>, sides: u64, ended: u8) -> Raw<T> {
        Raw(Some(Shared::allocate(core, sides, ended)))
    }

    #[inline]
    fn shared(&self) -> Option<&Shared<T>> {
        // SAFETY: a handle's count keeps the channel allocated.
        let shared = self.0.map(|shared| unsafe { shared.as_ref() })?;
        shared.memory.is_used();
        Some(shared)
    }

    #[inline]
    pub(super) fn core(&self) -> Option<&Core<T>> {
        Some(&self.shared()?.core)
    }

    pub(super) fn is_nil(&self) -> bool {
        self.0.is_none()
    }

    pub(super) fn same(&self, other: &Raw<T>) -> bool {
        self.0 == other.0
    }

    pub(super) fn address(&self) -> *const () {
        self.0.map_or(std::ptr::null(), |shared| shared.as_ptr().cast_const().cast())
    }

    /// There will be a handle that is on one side only.
    #[inline]
    pub(super) fn split(&self) {
        if let Some(core) = self.core()
            && core.head.has(EXPLORED)
        {
            let locked = core.lock();
            core.head.set(SPLIT);
            drop(locked);
        }
    }

    /// Counts a new handle on `sides`, made from one that is on them.
    #[inline]
    pub(super) fn retain(&self, sides: u64) {
        if let Some(shared) = self.shared() {
            // Relaxed: the new handle comes from one that keeps the channel alive.
            let before = shared.sides.fetch_add(sides, Relaxed);
            if before & SENDS_MASK >= TOO_MANY || before >> 32 >= TOO_MANY {
                std::process::abort();
            }
        }
    }

    /// Uncounts a handle on `sides`.
    #[inline]
    pub(super) fn release(&self, sides: u64) {
        if let Some(shared) = self.shared() {
            // Release for what the handle did, Acquire because the last one acts for all. The only handle need not
            // say that it goes.
            let alone = shared.sides.load(Acquire) == sides;
            let before = if alone { sides } else { shared.count_down(sides) };
            let after = before - sides;
            let senders_end = after & SENDS_MASK == 0 && before & SENDS_MASK != 0;
            let receivers_end = after >> 32 == 0 && before >> 32 != 0;
            if senders_end || receivers_end {
                self.end(shared, senders_end, receivers_end);
            }
        }
    }

    #[cold]
    fn end(&self, shared: &Shared<T>, senders_end: bool, receivers_end: bool) {
        let what = if senders_end { "drop of the last sender" } else { "drop of the last receiver" };
        if has_points() && shared.core.head.has(SPLIT) {
            // After the drops that were not the last ones.
            touch(Touch::write(&shared.sides));
        }
        // If nobody is left, nobody sees it, and whose drop is the last makes no difference.
        if !(senders_end && receivers_end && has_points() && goes_through_all()) {
            shared.core.head.point_before(what, None);
        }
        let mut ended = 0;
        let (mut abandoned, mut closed) = (None, None);
        if receivers_end {
            ended |= RECEIVERS_ENDED;
            abandoned = shared.core.receivers_gone();
        }
        if senders_end {
            ended |= SENDERS_ENDED;
            closed = shared.core.close_without_waking().filter(|closed| !closed.is_empty());
        }
        shared.memory.is_used();
        // The side that ends last frees; Acquire and AcqRel let it see all that the other did.
        const BOTH: u8 = SENDERS_ENDED | RECEIVERS_ENDED;
        let is_last = ended | shared.ended.load(Acquire) == BOTH
            || ended | shared.ended.fetch_or(ended, AcqRel) == BOTH;
        if is_last && let Some(pointer) = self.0 {
            // SAFETY: both sides have ended and said so, hence nobody uses the channel any more.
            unsafe { Shared::free(pointer) };
        }
        // Last, when the channel may be gone already: wakers and destructors are the user's.
        if abandoned.is_some() || closed.is_some() {
            let mut callbacks = Callbacks::new();
            if let Some(abandoned) = abandoned {
                abandoned.finish(&mut callbacks);
            }
            if let Some(closed) = closed {
                callbacks.run(|| closed.wake_all());
            }
            callbacks.finish();
        }
        point_after_at(what, None);
    }
}
