//! What the operations of a goroutine touch, as far as an exploration wants to know.
//!
//! Two operations of different goroutines that touch nothing in common have the same effect in either order, so a search
//! through all interleavings needs only one of the two. An operation says what it touches before it begins; one that does
//! not say counts as touching everything. Objects are told apart by their addresses. Should an address be used again
//! within a run, by another object, operations on the two count as depending on each other: that costs interleavings, but
//! hides none.

use std::ptr;

/// One object, and how it is touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Touch {
    /// The object's address; none is everything.
    pub(crate) object: Option<usize>,
    pub(crate) access: Access,
}

/// Which accesses to one object may change places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Access {
    /// With others of its kind.
    Read,
    /// With none.
    Write,
    /// With all: it is one of those that others wait for, and is a read or a write besides.
    Done,
    /// With all, because it waits without changing anything: it comes after what has been [`Access::Done`], whether it finds
    /// that done or is woken by the last of those.
    Await,
}

impl Touch {
    /// What an operation touches that does not say so.
    pub(crate) const EVERYTHING: Touch = Touch { object: None, access: Access::Write };

    pub(crate) fn read<T: ?Sized>(object: &T) -> Touch {
        Touch::new(object, Access::Read)
    }

    pub(crate) fn write<T: ?Sized>(object: &T) -> Touch {
        Touch::new(object, Access::Write)
    }

    /// What waits for those of [`Touch::done`].
    pub(crate) fn awaits<T: ?Sized>(object: &T) -> Touch {
        Touch::new(object, Access::Await)
    }

    /// What has to do with a goroutine's end, by its id.
    pub(crate) fn end_of(id: u64, access: Access) -> Touch {
        // No object is at such an address.
        Touch { object: Some(id as usize | 1 << (usize::BITS - 1)), access }
    }

    /// A goroutine's end.
    pub(crate) fn end(id: u64) -> [Touch; 2] {
        [Touch::end_of(id, Access::Write), Touch::end_of(id, Access::Done)]
    }

    /// What strikes at a moment, in the order in which it was set.
    pub(crate) fn deadline(moment: u64) -> Touch {
        Touch { object: Some(moment as usize | 1), access: Access::Write }
    }

    /// What is one of many things that others wait for, and may change places with these.
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

impl Access {
    pub(crate) fn conflicts_with(self, other: Access) -> bool {
        matches!((self, other), (Access::Read, Access::Write) | (Access::Write, Access::Read | Access::Write))
    }
}
