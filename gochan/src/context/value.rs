//! Values that a context carries, found by their type.
//!
//! Every node knows the nearest value at or above it, and every value the next one above: a search visits only values,
//! however many scopes lie between them.

use super::node::{Class, Counted, Kind, Node};
use std::any::{TypeId, type_name};
use std::fmt;
use std::ptr::NonNull;

/// The part of a value's node that does not depend on its type.
#[repr(C)]
pub(super) struct Value {
    node: Node,
    above: Option<NonNull<Value>>,
    key: TypeId,
}

#[repr(C)]
struct Holder<V> {
    head: Value,
    value: V,
}

// SAFETY: it is `repr(C)` and begins with a `Value`, which begins with a `Node`; `CLASS` destroys a `Holder<V>`.
unsafe impl<V> Kind for Holder<V> {}

// SAFETY: `above` leads to a value, which is `Send` and `Sync` by the bound on `add`, and which the parents keep alive.
unsafe impl<V: Send + Sync> Send for Holder<V> {}
// SAFETY: as above.
unsafe impl<V: Send + Sync> Sync for Holder<V> {}

impl<V: Send + Sync + 'static> Holder<V> {
    const CLASS: Class = Class { destroy: Self::destroy, name: Self::name };

    /// # Safety
    /// The node is a `Holder<V>` without references.
    unsafe fn destroy(node: NonNull<Node>) {
        // SAFETY: the caller's promise; `Counted::new` has boxed it.
        drop(unsafe { Box::from_raw(node.cast::<Holder<V>>().as_ptr()) });
    }

    unsafe fn name(_: NonNull<Node>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, ".WithValue({}, …)", type_name::<V>())
    }
}

/// A node below `parent` that carries `value`.
pub(super) fn add<V: Send + Sync + 'static>(parent: &Counted<Node>, value: V) -> Counted<Node> {
    let holder = Counted::new(|| {
        let node = Node::new(parent, &Holder::<V>::CLASS);
        let above = node.values;
        Holder { head: Value { node, above, key: TypeId::of::<V>() }, value }
    });
    // SAFETY: the node is not yet shared.
    unsafe { (*holder.pointer().as_ptr()).head.node.values = Some(holder.pointer().cast()) };
    holder.into_node()
}

/// The nearest value of type `V` at `node` or above.
#[inline]
pub(super) fn find<V: 'static>(node: &Node) -> Option<&V> {
    let key = TypeId::of::<V>();
    let mut next = node.values;
    while let Some(value) = next {
        // SAFETY: `node` keeps all nodes above it alive, including values, for as long as it is borrowed.
        let head = unsafe { value.as_ref() };
        if head.key == key {
            // SAFETY: the key says that this is a `Holder<V>`.
            return Some(unsafe { &value.cast::<Holder<V>>().as_ref().value });
        }
        next = head.above;
    }
    None
}
