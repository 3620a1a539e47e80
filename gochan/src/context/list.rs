//! What a scope reports its end to: scopes below it and calls to make, in a list that allocates nothing.
//!
//! The links are inside what is listed. A link on a list belongs to the lock of the list's scope; after that to the
//! thread that took it off. So anything leaves in constant time, from anywhere in the list.

use crate::base::list::{self, Linked, Links, Unknown};
use std::ptr;

/// The place of a scope or call in the list of the scope above.
pub(super) struct Link {
    links: Links<Link>,
    pub(super) entry: Entry,
}

// SAFETY: it has one such field.
unsafe impl Linked for Link {
    unsafe fn links(link: *const Link) -> *const Links<Link> {
        // SAFETY: the caller's promise.
        unsafe { &raw const (*link).links }
    }
}

/// What a link is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    CancelScope,
    Call,
}

impl Link {
    pub(super) fn new(entry: Entry) -> Link {
        Link { links: Links::new(), entry }
    }
}

/// Links in no particular order.
///
/// For all methods: the list is under its scope's lock, and what is listed stays valid until it is taken off.
#[derive(Debug)]
pub(super) struct List(list::List<Link, Unknown>);

// SAFETY: the pointers are to links, which belong to the list's lock as the list itself does.
unsafe impl Send for List {}

impl List {
    pub(super) fn new() -> List {
        List(list::List::new())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// # Safety
    /// `link` is on no list, and stays valid until it is off this one again.
    pub(super) unsafe fn push(&mut self, link: *const Link) {
        // SAFETY: the caller's promise.
        unsafe { self.0.push_first(link.cast_mut()) };
    }

    /// Takes `link` off, if it is listed; true if so.
    ///
    /// # Safety
    /// `link` is valid and on no other list.
    pub(super) unsafe fn remove(&mut self, link: *const Link) -> bool {
        // SAFETY: the caller's promise.
        unsafe {
            let is_listed = (*link).links.is_listed();
            if is_listed {
                self.0.remove(link.cast_mut());
            }
            is_listed
        }
    }

    /// Takes any link off.
    pub(super) fn pop(&mut self) -> Option<*const Link> {
        let link = self.0.pop_first().cast_const();
        (!link.is_null()).then_some(link)
    }
}

/// Links that were taken off their lists, in that order: one owner's, without a lock. They count as off all lists, which
/// is what [`List::remove`] reports of them.
#[derive(Debug)]
pub(super) struct Queue {
    first: *const Link,
    last: *const Link,
}

impl Queue {
    pub(super) fn new() -> Queue {
        Queue { first: ptr::null(), last: ptr::null() }
    }

    /// # Safety
    /// `link` was taken off its list by the caller, and stays valid while it is in the queue.
    pub(super) unsafe fn push(&mut self, link: *const Link) {
        // SAFETY: the caller's promise, and that of earlier callers for `last`.
        unsafe {
            (*link).links.set_next(ptr::null_mut());
            if self.last.is_null() {
                self.first = link;
            } else {
                (*self.last).links.set_next(link.cast_mut());
            }
        }
        self.last = link;
    }

    pub(super) fn pop(&mut self) -> Option<*const Link> {
        let link = self.first;
        if link.is_null() {
            return None;
        }
        // SAFETY: queued links are valid.
        self.first = unsafe { (*link).links.next() };
        if self.first.is_null() {
            self.last = ptr::null();
        }
        Some(link)
    }

    /// The link after `link`, or the first for none. The queue may grow between the calls.
    pub(super) fn after(&self, link: Option<*const Link>) -> Option<*const Link> {
        // SAFETY: queued links are valid.
        let next = link.map_or(self.first, |link| unsafe { (*link).links.next() }.cast_const());
        (!next.is_null()).then_some(next)
    }
}

// SAFETY: the pointers are to links that the queue's owner has taken off their lists.
unsafe impl Send for Queue {}
