//! What a scope tells of its end: scopes below it and calls to make, in a list that costs no memory of its own.
//!
//! The links are inside of what is listed. While one is listed it belongs to the lock of the list's scope; after that
//! to whoever took it off. So anything leaves in constant time, from anywhere in the list.

use std::cell::Cell;
use std::ptr;

/// The place of a scope or call in the list of the scope above.
pub(super) struct Link {
    next: Cell<*const Link>,
    previous: Cell<*const Link>,
    listed: Cell<bool>,
    pub(super) entry: Entry,
}

/// What a link is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    Scope,
    Call,
}

impl Link {
    pub(super) fn new(entry: Entry) -> Link {
        Link {
            next: Cell::new(ptr::null()),
            previous: Cell::new(ptr::null()),
            listed: Cell::new(false),
            entry,
        }
    }
}

/// Links in no particular order.
///
/// For all methods: the list is under its scope's lock, and what is listed stays valid until it is taken off.
#[derive(Debug)]
pub(super) struct List {
    first: *const Link,
}

// SAFETY: the pointers are to links, which belong to the list's lock as the list itself does.
unsafe impl Send for List {}

impl List {
    pub(super) fn new() -> List {
        List { first: ptr::null() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.first.is_null()
    }

    /// # Safety
    /// `link` is on no list, and stays valid until it is off this one again.
    pub(super) unsafe fn push(&mut self, link: *const Link) {
        // SAFETY: the caller's promise, and that of earlier callers for `first`.
        unsafe {
            (*link).next.set(self.first);
            (*link).previous.set(ptr::null());
            (*link).listed.set(true);
            if !self.first.is_null() {
                (*self.first).previous.set(link);
            }
        }
        self.first = link;
    }

    /// Takes `link` off, if it is listed; true if so.
    ///
    /// # Safety
    /// `link` is valid and on no other list.
    pub(super) unsafe fn remove(&mut self, link: *const Link) -> bool {
        // SAFETY: the caller's promise; neighbours are listed, hence valid.
        unsafe {
            if !(*link).listed.replace(false) {
                return false;
            }
            let (next, previous) = ((*link).next.get(), (*link).previous.get());
            if previous.is_null() {
                self.first = next;
            } else {
                (*previous).next.set(next);
            }
            if !next.is_null() {
                (*next).previous.set(previous);
            }
        }
        true
    }

    /// Takes any link off.
    pub(super) fn pop(&mut self) -> Option<*const Link> {
        let link = self.first;
        if link.is_null() {
            return None;
        }
        // SAFETY: it is listed here.
        unsafe { self.remove(link) };
        Some(link)
    }
}

/// Links that were taken off their lists, in that order: one owner's, without a lock.
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
            (*link).next.set(ptr::null());
            if self.last.is_null() {
                self.first = link;
            } else {
                (*self.last).next.set(link);
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
        self.first = unsafe { (*link).next.get() };
        if self.first.is_null() {
            self.last = ptr::null();
        }
        Some(link)
    }

    /// The link after `link`, or the first for none. The queue may grow between the calls.
    pub(super) fn after(&self, link: Option<*const Link>) -> Option<*const Link> {
        // SAFETY: queued links are valid.
        let next = link.map_or(self.first, |link| unsafe { (*link).next.get() });
        (!next.is_null()).then_some(next)
    }
}

// SAFETY: the pointers are to links that the queue's owner has taken off their lists.
unsafe impl Send for Queue {}
