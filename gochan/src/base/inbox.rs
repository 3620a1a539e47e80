//! The inbox of a worker: other threads put the worker's goroutines here when they wake them.
//!
//! It is a lock-free stack. Any thread may push, and the whole content is taken at once: taking it with one swap leaves
//! no room for the ABA problem. A thread that wakes many goroutines at a time, by closing a channel, pushes them as one
//! batch. That costs one exchange and one check of the sleep flag, and it does not touch the goroutines, whose cache
//! lines are cold and needed on another core.

use crate::shim::{
    Cell,
    atomic::{AtomicPtr, Ordering::*},
};
use std::ptr;

/// An item with room for one link, which belongs to the inbox that the item is in.
pub(crate) trait Linked: Sized + 'static {
    fn link(&self) -> &Cell<Link<Self>>;
}

/// The content of an inbox in one word: nothing, one goroutine, or, with the lowest bit set, a batch.
pub(crate) struct Link<G: 'static>(*mut G);

impl<G> Clone for Link<G> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<G> Copy for Link<G> {}

struct Batch<G: 'static> {
    link: Cell<Link<G>>,
    goroutines: Vec<&'static G>,
}

const BATCH: usize = 1;

impl<G: Linked> Link<G> {
    pub(crate) const NONE: Link<G> = Link(ptr::null_mut());

    fn one(goroutine: &'static G) -> Link<G> {
        const { assert!(align_of::<G>() > BATCH && align_of::<Batch<G>>() > BATCH) };
        Link(ptr::from_ref(goroutine).cast_mut())
    }

    fn many(goroutines: Vec<&'static G>) -> Link<G> {
        let batch = Box::into_raw(Box::new(Batch { link: Cell::new(Link::NONE), goroutines }));
        Link(batch.cast::<G>().map_addr(|address| address | BATCH))
    }

    fn as_batch(self) -> Option<*mut Batch<G>> {
        let is_batch = self.0.addr() & BATCH != 0;
        is_batch.then(|| self.0.map_addr(|address| address & !BATCH).cast())
    }

    /// The cell for the link to the next item. `None` for the end.
    ///
    /// # Safety
    /// The item is not in an inbox that others may empty, and a batch is not freed while the reference is used.
    #[inline]
    unsafe fn next<'a>(self) -> Option<&'a Cell<Link<G>>> {
        match self.as_batch() {
            // SAFETY: made by `many` and not freed, by the caller's promise.
            Some(batch) => Some(unsafe { &(*batch).link }),
            // SAFETY: null or made by `one` from a `&'static`.
            None => unsafe { self.0.as_ref() }.map(Linked::link),
        }
    }
}

/// See the module documentation.
#[derive(Debug)]
pub(crate) struct Inbox<G: 'static> {
    newest: AtomicPtr<G>,
}

impl<G: Linked> Inbox<G> {
    pub(crate) fn new() -> Self {
        Inbox { newest: AtomicPtr::new(ptr::null_mut()) }
    }

    /// Sequentially consistent with the worker's `asleep` flag: push, then check whether the worker sleeps.
    #[inline]
    pub(crate) fn push(&self, goroutine: &'static G) {
        self.push_link(goroutine.link(), Link::one(goroutine));
    }

    /// Like `push`, for all of them at once; they are taken in this order.
    pub(crate) fn push_many(&self, goroutines: Vec<&'static G>) {
        let link = Link::many(goroutines);
        // SAFETY: just made, and known to no other thread until it is pushed. The reference is not used after that.
        let next = unsafe { link.next() }.expect("a batch has a link");
        self.push_link(next, link);
    }

    #[inline]
    fn push_link(&self, next: &Cell<Link<G>>, link: Link<G>) {
        let mut newest = self.newest.load(Relaxed);
        loop {
            next.set(Link(newest));
            // Release publishes the link and everything that the pusher did before; pairs with Acquire in `drain`.
            match self.newest.compare_exchange_weak(newest, link.0, SeqCst, Relaxed) {
                Ok(_) => return,
                Err(now) => newest = now,
            }
        }
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.newest.load(Relaxed).is_null()
    }

    /// Like `is_empty`, ordered after an earlier store of the `asleep` flag.
    pub(crate) fn is_empty_seqcst(&self) -> bool {
        self.newest.load(SeqCst).is_null()
    }

    /// Takes the whole content, oldest first, and passes it to `one` or `many` as it was pushed.
    #[inline]
    pub(crate) fn drain(&self, mut one: impl FnMut(&'static G), mut many: impl FnMut(Vec<&'static G>)) {
        let mut rest = Link(self.newest.swap(ptr::null_mut(), AcqRel));
        let mut oldest = Link::NONE;
        // SAFETY: the swap made the whole chain ours, and nothing of it is freed yet.
        while let Some(next) = unsafe { rest.next() } {
            (oldest, rest) = (rest, next.replace(oldest));
        }
        // SAFETY: as above; a batch is freed after its link was read.
        while let Some(next) = unsafe { oldest.next() }.map(Cell::get) {
            match oldest.as_batch() {
                // SAFETY: made by `many` from a box; taken off the chain, so this is the only reference.
                Some(batch) => many(unsafe { Box::from_raw(batch) }.goroutines),
                // SAFETY: made by `one` from a `&'static`.
                None => one(unsafe { &*oldest.0 }),
            }
            oldest = next;
        }
    }
}

#[cfg(all(test, not(any(gochan_model, gochan_loom))))]
mod tests {
    use super::*;
    use std::cell::RefCell;

    struct Item(Cell<Link<Item>>, usize);

    impl Linked for Item {
        fn link(&self) -> &Cell<Link<Item>> {
            &self.0
        }
    }

    fn item(number: usize) -> &'static Item {
        Box::leak(Box::new(Item(Cell::new(Link::NONE), number)))
    }

    #[test]
    fn single_pushes_and_batches_come_out_in_the_order_of_the_pushes() {
        let inbox = Inbox::new();
        inbox.push(item(0));
        inbox.push_many((1..1000).map(item).collect());
        inbox.push_many(Vec::new());
        inbox.push(item(1000));
        inbox.push_many(vec![item(1001)]);
        let taken = RefCell::new(Vec::new());
        let take_all = || {
            let one = |item: &Item| taken.borrow_mut().push(item.1);
            inbox.drain(one, |items| items.into_iter().for_each(one));
        };
        take_all();
        assert!(inbox.is_empty());
        take_all();
        assert_eq!(taken.into_inner(), (0..=1001).collect::<Vec<_>>());
    }
}
