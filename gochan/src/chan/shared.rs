//! Counting the handles of a channel: how many could send, how many could receive, and when the memory is freed.
//!
//! Both counts are one word, so that a `Chan`, which is on both sides, is cloned and dropped by one operation. Each
//! side ends once: the drop that takes its count to zero does what that means to the other side, and the later of
//! the two ends frees the channel.

use super::channel::Channel;
use super::header::{EXPLORED, SPLIT};
use crate::base::callback::Callbacks;
use crate::base::touch::Touch;
use crate::points;
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
struct ChannelBlock<T> {
    channel: Channel<T>,
    sides: AtomicU64,
    ended: AtomicU8,
    /// Its distance from the beginning of its memory.
    offset: u8,
    memory: Memory,
}

impl<T> ChannelBlock<T> {
    /// The alignment that every allocation has. For more, allocators bypass their caches, so the channel is aligned by
    /// hand.
    const GIVEN: usize = 16;
    const LAYOUT: Layout = {
        let slack = align_of::<ChannelBlock<T>>() - Self::GIVEN;
        match Layout::from_size_align(size_of::<ChannelBlock<T>>() + slack, Self::GIVEN) {
            Ok(layout) => layout,
            Err(_) => panic!("a channel is small"),
        }
    };

    #[inline(always)]
    fn allocate(channel: Channel<T>, sides: u64, ended: u8) -> NonNull<ChannelBlock<T>> {
        // SAFETY: the layout's size is not zero.
        let memory = unsafe { alloc(Self::LAYOUT) };
        if memory.is_null() {
            handle_alloc_error(Self::LAYOUT);
        }
        let offset = memory.align_offset(align_of::<ChannelBlock<T>>());
        let shared = ChannelBlock {
            channel,
            sides: AtomicU64::new(sides),
            ended: AtomicU8::new(ended),
            offset: offset as u8,
            memory: Memory::new(),
        };
        // SAFETY: the memory was allocated with the slack that aligning takes.
        unsafe {
            let place = memory.add(offset).cast::<ChannelBlock<T>>();
            place.write(shared);
            NonNull::new_unchecked(place)
        }
    }

    /// Returns the count before. The only handle need not do this.
    #[inline]
    fn count_down(&self, sides: u64) -> u64 {
        if points::are_due() && self.channel.header.has(SPLIT) {
            points::touch(Touch::write(&self.sides));
        }
        self.sides.fetch_sub(sides, AcqRel)
    }

    /// # Safety
    /// `shared` came from `allocate`, and is no longer used.
    unsafe fn free(shared: NonNull<ChannelBlock<T>>) {
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
pub(super) struct Raw<T>(Option<NonNull<ChannelBlock<T>>>);

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
        Raw::of(Channel::new(capacity), sides, 0)
    }

    /// As `new`, without a bound.
    pub(super) fn unbounded(sides: u64) -> Raw<T> {
        Raw::of(Channel::unbounded(), sides, 0)
    }

    /// A channel with one handle, which receives. It has no sender, but does not close for that.
    #[inline(always)]
    pub(super) fn receive_only(channel: Channel<T>) -> Raw<T> {
        Raw::of(channel, RECEIVES, SENDERS_ENDED)
    }

    #[inline(always)]
    fn of(channel: Channel<T>, sides: u64, ended: u8) -> Raw<T> {
        Raw(Some(ChannelBlock::allocate(channel, sides, ended)))
    }

    #[inline]
    fn shared(&self) -> Option<&ChannelBlock<T>> {
        // SAFETY: a handle's count keeps the channel allocated.
        let shared = self.0.map(|shared| unsafe { shared.as_ref() })?;
        shared.memory.is_used();
        Some(shared)
    }

    #[inline]
    pub(super) fn channel(&self) -> Option<&Channel<T>> {
        // SAFETY: as above.
        let shared = self.0.map(|shared| unsafe { shared.as_ref() })?;
        shared.memory.is_used();
        Some(&shared.channel)
    }

    pub(super) fn is_nil(&self) -> bool {
        self.0.is_none()
    }

    /// Null for nil.
    pub(super) fn address(&self) -> *const () {
        self.0.map_or(std::ptr::null(), |shared| shared.as_ptr().cast_const().cast())
    }

    /// There will be a handle that is on one side only.
    #[inline]
    pub(super) fn split(&self) {
        if let Some(channel) = self.channel()
            && channel.header.has(EXPLORED)
        {
            let locked = channel.lock();
            channel.header.set(SPLIT);
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
            // report its end.
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
    fn end(&self, shared: &ChannelBlock<T>, senders_end: bool, receivers_end: bool) {
        let what = if senders_end { "drop of the last sender" } else { "drop of the last receiver" };
        if points::are_due() && shared.channel.header.has(SPLIT) {
            // After the drops that were not the last ones.
            points::touch(Touch::write(&shared.sides));
        }
        // If no handle is left, this cannot be observed, and it makes no difference which drop is the last.
        if !(senders_end && receivers_end && points::are_due() && points::is_exhaustive()) {
            shared.channel.header.point_before(what, None);
        }
        let mut ended = 0;
        let (mut abandoned, mut closed) = (None, None);
        if receivers_end {
            ended |= RECEIVERS_ENDED;
            abandoned = shared.channel.receivers_gone();
        }
        if senders_end {
            ended |= SENDERS_ENDED;
            closed = shared.channel.close_without_waking().filter(|closed| !closed.is_empty());
        }
        shared.memory.is_used();
        // The side that ends last frees; Acquire and AcqRel let it see all that the other did.
        const BOTH: u8 = SENDERS_ENDED | RECEIVERS_ENDED;
        let is_last = ended | shared.ended.load(Acquire) == BOTH
            || ended | shared.ended.fetch_or(ended, AcqRel) == BOTH;
        if is_last && let Some(pointer) = self.0 {
            // SAFETY: both sides have ended and said so, hence the channel is no longer used.
            unsafe { ChannelBlock::free(pointer) };
        }
        // Last, because wakers and destructors are the user's. The channel may be gone by now.
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
        points::after_unpolled(what, None);
    }
}
