//! The objects that operations of a goroutine touch, for explorations.
//!
//! Two operations of different goroutines that touch nothing in common have the same effect in either order, so a
//! search through all interleavings needs only one of the two. An operation declares what it touches before it begins.
//! Objects are identified by their addresses. If another object reuses an address within a run, operations on the two
//! count as dependent: that adds interleavings, but hides none.

use std::ptr;
use std::slice;

/// One object, and how it is accessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Touch {
    /// The address of the object. `None`: the operation touches everything.
    pub(crate) object: Option<usize>,
    pub(crate) access: Access,
}

/// Which accesses to one object may be swapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Access {
    /// With others of its kind.
    Read,
    /// With none.
    Write,
    /// With all: it is one of the events that others wait for, and is also a read or a write.
    Done,
    /// With all, because it waits without changing anything: it comes after every [`Access::Done`], whether it finds
    /// those done or is woken by the last of them.
    Await,
}

impl Touch {
    /// Whatever there is: for an operation that does not know what it touches.
    pub(crate) const EVERYTHING: Touch = Touch { object: None, access: Access::Write };

    pub(crate) fn read<T: ?Sized>(object: &T) -> Touch {
        Touch::new(object, Access::Read)
    }

    pub(crate) fn write<T: ?Sized>(object: &T) -> Touch {
        Touch::new(object, Access::Write)
    }

    /// A wait for the events of [`Touch::done`].
    pub(crate) fn awaits<T: ?Sized>(object: &T) -> Touch {
        Touch::new(object, Access::Await)
    }

    /// The end of the goroutine with this id, and operations that concern it.
    pub(crate) fn end_of(id: u64, access: Access) -> Touch {
        // No object has such an address.
        Touch { object: Some(id as usize | 1 << (usize::BITS - 1)), access }
    }

    /// A goroutine's end.
    pub(crate) fn end(id: u64) -> [Touch; 2] {
        [Touch::end_of(id, Access::Write), Touch::end_of(id, Access::Done)]
    }

    /// An event at a moment, in the order in which the events were set.
    pub(crate) fn deadline(moment: u64) -> Touch {
        Touch { object: Some(moment as usize | 1), access: Access::Write }
    }

    /// One of many events that others wait for; it may be swapped with the other events.
    pub(crate) fn done<T: ?Sized>(object: &T) -> [Touch; 2] {
        [Touch::read(object), Touch::new(object, Access::Done)]
    }

    fn new<T: ?Sized>(object: &T, access: Access) -> Touch {
        Touch { object: Some(ptr::from_ref(object).addr()), access }
    }

    /// True if the order of the two matters.
    pub(crate) fn conflicts_with(self, other: Touch) -> bool {
        self.object == other.object && self.access.conflicts_with(other.access)
    }
}

impl AsRef<[Touch]> for Touch {
    fn as_ref(&self) -> &[Touch] {
        slice::from_ref(self)
    }
}

impl Access {
    pub(crate) fn conflicts_with(self, other: Access) -> bool {
        matches!((self, other), (Access::Read, Access::Write) | (Access::Write, Access::Read | Access::Write))
    }
}
