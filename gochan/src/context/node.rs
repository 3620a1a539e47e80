//! What every context is made of: a counted node that keeps its parent.
//!
//! A node lives until its last reference is dropped; its children hold one each, so that the way up is always there.
//! The two roots are statics and not counted. Nodes are freed in a loop, not by recursion: a chain of any length can
//! go at once.

use super::value::Value;
use crate::shim::static_atomic::{AtomicUsize, Ordering::*};
use std::fmt;
use std::ops::Deref;
use std::ptr::NonNull;

/// The head of every kind of node.
#[repr(C)]
pub(super) struct Node {
    references: AtomicUsize,
    /// A counted reference; a root has none.
    parent: Option<NonNull<Node>>,
    /// The nearest value, of this node or above it, which the way up keeps alive.
    pub(super) values: Option<NonNull<Value>>,
    class: &'static Class,
}

/// What the kinds of nodes do differently.
pub(super) struct Class {
    /// Frees a node that nobody refers to any more. The reference to the parent is not its business.
    pub(super) destroy: unsafe fn(NonNull<Node>),
    /// Writes what this node adds to the name of its parent.
    pub(super) name: unsafe fn(NonNull<Node>, &mut fmt::Formatter<'_>) -> fmt::Result,
}

// SAFETY: parent and values are immutable and lead to nodes, which are `Send` and `Sync`; a value is so by bound.
unsafe impl Send for Node {}
// SAFETY: as above; the count is atomic.
unsafe impl Sync for Node {}

impl Node {
    /// A node that has one reference, and whose parent has one more by it.
    #[inline]
    pub(super) fn new(parent: &Counted<Node>, class: &'static Class) -> Node {
        let values = parent.values;
        let parent = parent.clone().into_pointer();
        Node { references: AtomicUsize::new(1), parent: Some(parent), values, class }
    }

    const fn root(class: &'static Class) -> Node {
        Node { references: AtomicUsize::new(0), parent: None, values: None, class }
    }

    fn is_root(&self) -> bool {
        self.parent.is_none()
    }
}

static BACKGROUND: Node =
    Node::root(&Class { destroy: keep, name: |_, f| f.write_str("context.Background") });
static TODO: Node = Node::root(&Class { destroy: keep, name: |_, f| f.write_str("context.TODO") });

/// Roots are never freed.
unsafe fn keep(_: NonNull<Node>) {}

pub(super) fn background() -> Counted<Node> {
    Counted(NonNull::from_ref(&BACKGROUND))
}

pub(super) fn todo() -> Counted<Node> {
    Counted(NonNull::from_ref(&TODO))
}

/// A type that begins with a [`Node`].
///
/// # Safety
/// The type is `repr(C)`, its first field is a `Node`, and the node's class destroys just that type.
pub(super) unsafe trait Kind {}

// SAFETY: it is one; its class says what else there is.
unsafe impl Kind for Node {}

/// A counted reference to a node.
pub(super) struct Counted<K: Kind>(NonNull<K>);

// SAFETY: shares a `K` among threads, and may be the one to drop it.
unsafe impl<K: Kind + Send + Sync> Send for Counted<K> {}
// SAFETY: as above.
unsafe impl<K: Kind + Send + Sync> Sync for Counted<K> {}

impl<K: Kind> Counted<K> {
    /// Puts a new node on the heap, where it is made in place.
    #[inline]
    pub(super) fn new(make: impl FnOnce() -> K) -> Counted<K> {
        let memory = Box::new_uninit();
        Counted(NonNull::from(Box::leak(Box::write(memory, make()))))
    }

    /// As [`Counted::new`], with two references to begin with.
    #[inline]
    pub(super) fn new_twice(make: impl FnOnce() -> K) -> (Counted<K>, Counted<K>) {
        let first = Counted::new(make);
        // SAFETY: a `K` begins with a `Node`, and this one is ours alone.
        *unsafe { first.0.cast::<Node>().as_mut() }.references.get_mut() += 1;
        let second = Counted(first.0);
        (first, second)
    }

    pub(super) fn pointer(&self) -> NonNull<K> {
        self.0
    }

    /// The reference as a bare pointer, still counted.
    pub(super) fn into_pointer(self) -> NonNull<K> {
        let pointer = self.0;
        std::mem::forget(self);
        pointer
    }

    /// Takes a reference over that [`Counted::into_pointer`] has left behind.
    ///
    /// # Safety
    /// There is one, and nobody else takes it.
    pub(super) unsafe fn from_pointer(pointer: NonNull<K>) -> Counted<K> {
        Counted(pointer)
    }

    /// One more reference to a node that somebody else keeps alive.
    ///
    /// # Safety
    /// The node has a reference during this call.
    pub(super) unsafe fn of(pointer: NonNull<K>) -> Counted<K> {
        // SAFETY: the caller's promise.
        let node = unsafe { pointer.cast::<Node>().as_ref() };
        if !node.is_root() {
            // Relaxed: the new reference comes from one that keeps the node alive.
            let before = node.references.fetch_add(1, Relaxed);
            // Only by leaking references in a loop does the count come near to wrapping.
            if before > usize::MAX / 2 {
                std::process::abort();
            }
        }
        Counted(pointer)
    }

    /// A reference, unless the last one is gone and the node waits to be freed.
    ///
    /// # Safety
    /// The node is not freed during this call. It is no root.
    pub(super) unsafe fn upgrade(pointer: NonNull<K>) -> Option<Counted<K>> {
        // SAFETY: the caller's promise.
        let references = unsafe { &pointer.cast::<Node>().as_ref().references };
        let mut count = references.load(Relaxed);
        while count > 0 {
            match references.compare_exchange_weak(count, count + 1, Relaxed, Relaxed) {
                Ok(_) => return Some(Counted(pointer)),
                Err(now) => count = now,
            }
        }
        None
    }

    /// The same reference, to the head alone.
    pub(super) fn into_node(self) -> Counted<Node> {
        Counted(self.into_pointer().cast())
    }
}

impl<K: Kind> Deref for Counted<K> {
    type Target = K;

    #[inline]
    fn deref(&self) -> &K {
        // SAFETY: the count keeps the node alive.
        unsafe { self.0.as_ref() }
    }
}

impl<K: Kind> Clone for Counted<K> {
    #[inline]
    fn clone(&self) -> Counted<K> {
        // SAFETY: this reference keeps the node alive.
        unsafe { Counted::of(self.0) }
    }
}

impl<K: Kind> Drop for Counted<K> {
    #[inline]
    fn drop(&mut self) {
        let mut next = Some(self.0.cast());
        while let Some(node) = next {
            // SAFETY: this reference, and then each freed node's to its parent, is given up here and only here.
            next = unsafe { release(node) };
        }
    }
}

/// Gives a reference up; if it was the last one, frees the node, whose reference to its parent is then to be given up.
///
/// # Safety
/// The caller has a reference and uses it no more.
#[inline]
unsafe fn release(node: NonNull<Node>) -> Option<NonNull<Node>> {
    // SAFETY: the caller's reference keeps the node until the count is lowered.
    let head = unsafe { node.as_ref() };
    let parent = head.parent?;
    let destroy = head.class.destroy;
    // Release for what was done with the node, Acquire because the last one frees it.
    if head.references.fetch_sub(1, AcqRel) != 1 {
        return None;
    }
    // A value's destructor may panic; the way up is released all the same.
    let onward: Counted<Node> = Counted(parent);
    // SAFETY: that was the last reference.
    unsafe { destroy(node) };
    Some(onward.into_pointer())
}

impl Counted<Node> {
    /// Writes the names of all nodes from the root to this one.
    pub(super) fn write_names(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: each node keeps its parent.
        let parent = |node: &NonNull<Node>| unsafe { node.as_ref() }.parent;
        let way_up: Vec<_> = std::iter::successors(Some(self.pointer()), parent).collect();
        // SAFETY: as above; each node is of the type that its class is for.
        way_up.into_iter().rev().try_for_each(|node| unsafe { (node.as_ref().class.name)(node, f) })
    }
}

static WITHOUT_CANCEL: Class = Class {
    destroy: |node| {
        // SAFETY: nobody refers to the node any more; `Counted::new` has boxed it.
        drop(unsafe { Box::from_raw(node.as_ptr()) });
    },
    name: |_, f| f.write_str(".WithoutCancel"),
};

/// A node that adds nothing; it is the context on top of it that has no scope.
pub(super) fn without_cancel(parent: &Counted<Node>) -> Counted<Node> {
    Counted::new(|| Node::new(parent, &WITHOUT_CANCEL))
}
