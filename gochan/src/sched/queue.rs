//! The queues of a worker: started goroutines that are ready (only its own thread touches them), and the two
//! inboxes through which everybody else reaches it.

use super::goroutine::Goroutine;
use super::task::{Header, TaskRef};
use crate::shim::atomic::{AtomicPtr, Ordering::*};
use std::cell::Cell;
use std::ptr;

/// A FIFO of ready goroutines, linked through the goroutines themselves.
#[derive(Debug, Default)]
pub(super) struct RunQueue {
    head: Cell<Option<&'static Goroutine>>,
    tail: Cell<Option<&'static Goroutine>>,
}

impl RunQueue {
    #[inline]
    pub(super) fn push(&self, goroutine: &'static Goroutine) {
        goroutine.set_next(None);
        match self.tail.replace(Some(goroutine)) {
            Some(tail) => tail.set_next(Some(goroutine)),
            None => self.head.set(Some(goroutine)),
        }
    }

    #[inline]
    pub(super) fn pop(&self) -> Option<&'static Goroutine> {
        let goroutine = self.head.get()?;
        let next = goroutine.next();
        self.head.set(next);
        if next.is_none() {
            self.tail.set(None);
        }
        Some(goroutine)
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.head.get().is_none()
    }
}

/// What an [`Inbox`] links: something with room for one link, owned by whoever pushes or drains it.
pub(super) trait Linked: Copy {
    type Node;
    fn into_node(self) -> *mut Self::Node;
    /// # Safety
    /// `node` came from `into_node` and is owned by the caller.
    unsafe fn from_node(node: *mut Self::Node) -> Self;
    fn set_link(self, next: *mut Self::Node);
    fn link(self) -> *mut Self::Node;
}

/// A lock-free stack that anybody pushes to and whose whole content is taken at once. Taking by one swap leaves no
/// room for the ABA problem, whoever takes.
#[derive(Debug)]
pub(super) struct Inbox<L: Linked> {
    head: AtomicPtr<L::Node>,
}

impl<L: Linked> Inbox<L> {
    pub(super) fn new() -> Self {
        Inbox { head: AtomicPtr::new(ptr::null_mut()) }
    }

    /// Sequentially consistent with the `sleeping` flag of the worker: push, then look whether it sleeps.
    #[inline]
    pub(super) fn push(&self, item: L) {
        let node = item.into_node();
        let mut head = self.head.load(Relaxed);
        loop {
            item.set_link(head);
            // Release publishes the link and all the pusher did before; pairs with Acquire in `take_all`.
            match self.head.compare_exchange_weak(head, node, SeqCst, Relaxed) {
                Ok(_) => return,
                Err(now) => head = now,
            }
        }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.head.load(Relaxed).is_null()
    }

    /// As `is_empty`, ordered after an earlier store of the `sleeping` flag.
    pub(super) fn is_empty_seqcst(&self) -> bool {
        self.head.load(SeqCst).is_null()
    }

    /// Takes everything and hands it to `each`, oldest first.
    #[inline]
    pub(super) fn take_all(&self, mut each: impl FnMut(L)) {
        let mut newest = self.head.swap(ptr::null_mut(), AcqRel);
        let mut oldest = ptr::null_mut();
        while !newest.is_null() {
            // SAFETY: the swap made the whole chain ours.
            let item = unsafe { L::from_node(newest) };
            newest = item.link();
            item.set_link(oldest);
            oldest = item.into_node();
        }
        while !oldest.is_null() {
            // SAFETY: as above.
            let item = unsafe { L::from_node(oldest) };
            oldest = item.link();
            each(item);
        }
    }
}

impl Linked for &'static Goroutine {
    type Node = Goroutine;

    fn into_node(self) -> *mut Goroutine {
        ptr::from_ref(self).cast_mut()
    }

    unsafe fn from_node(node: *mut Goroutine) -> Self {
        // SAFETY: made from a `&'static` in `into_node`.
        unsafe { &*node }
    }

    fn set_link(self, next: *mut Goroutine) {
        // SAFETY: null or made by `into_node`.
        self.set_next(unsafe { next.as_ref() });
    }

    fn link(self) -> *mut Goroutine {
        self.next().map_or(ptr::null_mut(), Self::into_node)
    }
}

impl Linked for TaskRef {
    type Node = Header;

    fn into_node(self) -> *mut Header {
        self.into_raw()
    }

    unsafe fn from_node(node: *mut Header) -> Self {
        // SAFETY: made by `into_node`, from a task that has not run.
        unsafe { TaskRef::from_raw(node) }
    }

    fn set_link(self, next: *mut Header) {
        // SAFETY: null or made by `into_node`.
        self.header().next.set((!next.is_null()).then(|| unsafe { TaskRef::from_raw(next) }));
    }

    fn link(self) -> *mut Header {
        self.header().next.get().map_or(ptr::null_mut(), TaskRef::into_raw)
    }
}
