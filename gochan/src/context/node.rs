//! What every context is made of: a counted node that keeps its parent.
//!
//! The count is not an `Arc`'s, for four reasons. A reference is one thin pointer to any kind of node (scope, value,
//! root), whose class says how to free and print it: 8 bytes, where an `Arc<dyn …>` has 16. The roots are statics that
//! are not counted, so workers that derive from `background()` do not contend for one counter. `with_cancel` makes its
//! two references, for the context and the handles, without an atomic operation. And a scope is found in the list above
//! it until it leaves, possibly after its last reference is gone: `upgrade` decides this by the one count, without the
//! second one of `Weak`.
//!
//! A node lives until its last reference is dropped; each child holds one, so the parents of a node are always there.
//! The two roots are statics and are not counted. Nodes are freed in a loop, not by recursion, so a chain may have any
//! length.

use super::value::Value;
use crate::shim::static_atomic::{AtomicUsize, Ordering::*};
use std::fmt;
use std::ops::Deref;
use std::ptr::NonNull;

/// The head of every kind of node.
#[repr(C)]
pub(super) struct Node {
    references: AtomicUsize,
    /// A counted reference; `None` for a root.
    parent: Option<NonNull<Node>>,
    /// The nearest value, of this node or above it, which the parents keep alive.
    pub(super) values: Option<NonNull<Value>>,
    class: &'static Class,
}

/// How a kind of node is freed and printed.
pub(super) struct Class {
    /// Frees a node without references. It does not release the reference to the parent.
    pub(super) destroy: unsafe fn(NonNull<Node>),
    /// Writes what this node adds to the name of its parent.
    pub(super) name: unsafe fn(NonNull<Node>, &mut fmt::Formatter<'_>) -> fmt::Result,
}

// SAFETY: parent and values are immutable and lead to nodes, which are `Send` and `Sync`; a value is by its bound.
unsafe impl Send for Node {}
// SAFETY: as above; the count is atomic.
unsafe impl Sync for Node {}

impl Node {
    /// A node with one reference, which holds a reference to its parent.
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
    Counted(NonNull::from(&BACKGROUND))
}

pub(super) fn todo() -> Counted<Node> {
    Counted(NonNull::from(&TODO))
}

/// A type that begins with a [`Node`].
///
/// # Safety
/// The type is `repr(C)`, its first field is a `Node`, and the node's class destroys just that type.
pub(super) unsafe trait Kind {}

// SAFETY: it is a `Node`; its class knows the whole type.
unsafe impl Kind for Node {}

/// A counted reference to a node.
pub(super) struct Counted<K: Kind>(NonNull<K>);

// SAFETY: shares a `K` among threads, any of which may drop it.
unsafe impl<K: Kind + Send + Sync> Send for Counted<K> {}
// SAFETY: as above.
unsafe impl<K: Kind + Send + Sync> Sync for Counted<K> {}

impl<K: Kind> Counted<K> {
    /// Makes a new node on the heap, in place.
    #[inline]
    pub(super) fn new(make: impl FnOnce() -> K) -> Counted<K> {
        let memory = Box::new_uninit();
        Counted(NonNull::from(Box::leak(Box::write(memory, make()))))
    }

    /// Like [`Counted::new`], with two references.
    #[inline]
    pub(super) fn new_twice(make: impl FnOnce() -> K) -> (Counted<K>, Counted<K>) {
        let first = Counted::new(make);
        // SAFETY: a `K` begins with a `Node`, and this one is not yet shared.
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

    /// Takes over a reference that [`Counted::into_pointer`] returned.
    ///
    /// # Safety
    /// There is such a reference, and it is taken over only once.
    pub(super) unsafe fn from_pointer(pointer: NonNull<K>) -> Counted<K> {
        Counted(pointer)
    }

    /// A new reference to a node that another one keeps alive.
    ///
    /// # Safety
    /// The node has a reference during this call.
    pub(super) unsafe fn of(pointer: NonNull<K>) -> Counted<K> {
        // SAFETY: the caller's promise.
        let node = unsafe { pointer.cast::<Node>().as_ref() };
        if !node.is_root() {
            // Relaxed: the new reference comes from one that keeps the node alive.
            let before = node.references.fetch_add(1, Relaxed);
            // Only leaking references in a loop brings the count near to wrapping.
            if before > usize::MAX / 2 {
                std::process::abort();
            }
        }
        Counted(pointer)
    }

    /// A new reference, unless the last one is gone and the node is about to be freed.
    ///
    /// # Safety
    /// The node is not freed during this call, and is not a root.
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
            // SAFETY: this reference, and then that of each freed node to its parent, is released here only.
            next = unsafe { release(node) };
        }
    }
}

/// Releases a reference. If it was the last one, frees the node and returns its parent, whose reference the caller must
/// release.
///
/// # Safety
/// The caller has a reference and does not use it afterwards.
#[inline]
unsafe fn release(node: NonNull<Node>) -> Option<NonNull<Node>> {
    // SAFETY: the caller's reference keeps the node until the count is lowered.
    let head = unsafe { node.as_ref() };
    let parent = head.parent?;
    let destroy = head.class.destroy;
    // Release publishes the use of the node, Acquire because the last release frees it.
    if head.references.fetch_sub(1, AcqRel) != 1 {
        return None;
    }
    // A value's destructor may panic; the parent is still released.
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
        // SAFETY: as above; each node has the type of its class.
        way_up.into_iter().rev().try_for_each(|node| unsafe { (node.as_ref().class.name)(node, f) })
    }
}

static WITHOUT_CANCEL: Class = Class {
    destroy: |node| {
        // SAFETY: the node has no references; `Counted::new` has boxed it.
        drop(unsafe { Box::from_raw(node.as_ptr()) });
    },
    name: |_, f| f.write_str(".WithoutCancel"),
};

/// A node that adds nothing; the context that refers to it has no scope.
pub(super) fn without_cancel(parent: &Counted<Node>) -> Counted<Node> {
    Counted::new(|| Node::new(parent, &WITHOUT_CANCEL))
}
