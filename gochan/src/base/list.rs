//! A list whose links are inside its elements, so that it allocates nothing and an element leaves from anywhere in
//! constant time. Goroutines wait in such lists, and a scope of a context keeps those below it in one.
//!
//! A list does not own its elements. They live on stacks, in futures or in blocks of their own, and an element that is
//! about to end leaves its list first. Lists and links have no lock: each list is behind one, which its user holds for
//! every method but [`List::is_empty_acquire`]. An element on a list belongs to the holder of that lock; off the list it
//! belongs to the thread that took it off.
//!
//! Elements are reached by raw pointers. A reference to an element that is on a list may exist beside them as long as it
//! is a shared one: links are cells.

use std::cell::Cell;
use std::fmt;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering::*};

/// What may be on a list.
///
/// # Safety
/// `links` returns the address of one and the same field of the element.
pub(crate) unsafe trait Linked: Sized {
    /// # Safety
    /// `element` is valid.
    unsafe fn links(element: *const Self) -> *const Links<Self>;
}

/// The place of an element on a list. An element has one, and so is on one list at a time.
pub(crate) struct Links<E> {
    next: Cell<*mut E>,
    /// Null: the first. Not aligned: on no list.
    prev: Cell<*mut E>,
}

impl<E> Links<E> {
    const NOT_LISTED: *mut E = ptr::without_provenance_mut(1);

    #[inline]
    pub(crate) const fn new() -> Links<E> {
        const { assert!(align_of::<E>() > 1, "no element is at the address that says that there is none") };
        Links { next: Cell::new(ptr::null_mut()), prev: Cell::new(Self::NOT_LISTED) }
    }

    #[inline]
    pub(crate) fn is_listed(&self) -> bool {
        self.prev.get() != Self::NOT_LISTED
    }

    /// The element behind this one; null for the last.
    #[inline]
    pub(crate) fn next(&self) -> *mut E {
        self.next.get()
    }

    /// The element before this one, which is on a list; null for the first.
    #[inline]
    pub(crate) fn prev(&self) -> *mut E {
        self.prev.get()
    }

    /// For the elements that [`List::take_all`] has taken off together.
    #[inline]
    pub(crate) fn forget(&self) {
        self.prev.set(Self::NOT_LISTED);
    }

    /// For chains that their user makes of elements which are on no list.
    #[inline]
    pub(crate) fn set_next(&self, next: *mut E) {
        self.next.set(next);
    }
}

impl<E> fmt::Debug for Links<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Links").field("is_listed", &self.is_listed()).finish_non_exhaustive()
    }
}

/// See the module documentation. A list whose `End` is [`Unknown`] has no way to its last element, and is half as large.
pub(crate) struct List<E, End = Last<E>> {
    /// Read without the lock too, see `is_empty_acquire`.
    first: AtomicPtr<E>,
    end: End,
}

/// What a list keeps of its last element.
pub(crate) trait Ending<E> {
    const NONE: Self;

    /// The last element is `last` now; null for none.
    fn set_last(&self, last: *mut E);
}

/// The last element; null for none.
#[derive(Debug)]
pub(crate) struct Last<E>(Cell<*mut E>);

/// Nothing.
#[derive(Debug)]
pub(crate) struct Unknown;

impl<E> Ending<E> for Last<E> {
    const NONE: Last<E> = Last(Cell::new(ptr::null_mut()));

    #[inline]
    fn set_last(&self, last: *mut E) {
        self.0.set(last);
    }
}

impl<E> Ending<E> for Unknown {
    const NONE: Unknown = Unknown;

    #[inline]
    fn set_last(&self, _: *mut E) {}
}

impl<E: Linked, End: Ending<E>> List<E, End> {
    pub(crate) const fn new() -> List<E, End> {
        List { first: AtomicPtr::new(ptr::null_mut()), end: End::NONE }
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.first().is_null()
    }

    /// Without the lock: true if the list was empty at some instant during the call, which comes before whatever is read
    /// after the call.
    #[inline]
    pub(crate) fn is_empty_acquire(&self) -> bool {
        self.first.load(Acquire).is_null()
    }

    /// The first element; null if there is none.
    #[inline]
    pub(crate) fn first(&self) -> *mut E {
        self.first.load(Relaxed)
    }

    /// # Safety
    /// `element` is on no list, and stays valid until it is off this one.
    #[inline]
    pub(crate) unsafe fn push_first(&self, element: *mut E) {
        let first = self.first();
        // SAFETY: the caller's promise, and that of earlier callers for `first`.
        unsafe {
            let links = &*E::links(element);
            debug_assert!(!links.is_listed());
            links.next.set(first);
            links.prev.set(ptr::null_mut());
            if first.is_null() {
                self.end.set_last(element);
            } else {
                (*E::links(first)).prev.set(element);
            }
        }
        self.first.store(element, Release);
    }

    /// # Safety
    /// `element` is on this list.
    #[inline]
    pub(crate) unsafe fn remove(&self, element: *mut E) {
        // SAFETY: the caller's promise; what is on the list is valid.
        unsafe {
            let links = &*E::links(element);
            debug_assert!(links.is_listed());
            let (prev, next) = (links.prev.get(), links.next.get());
            if prev.is_null() {
                self.first.store(next, Release);
            } else {
                (*E::links(prev)).next.set(next);
            }
            if next.is_null() {
                self.end.set_last(prev);
            } else {
                (*E::links(next)).prev.set(prev);
            }
            links.forget();
        }
    }

    /// Takes the first element off; null if there is none.
    #[inline]
    pub(crate) fn pop_first(&self) -> *mut E {
        let first = self.first();
        if !first.is_null() {
            // SAFETY: it is on this list.
            unsafe { self.remove(first) };
        }
        first
    }
}

impl<E: Linked> List<E> {
    /// The last element; null if there is none.
    #[inline]
    pub(crate) fn last(&self) -> *mut E {
        self.end.0.get()
    }

    /// # Safety
    /// As for `push_first`.
    #[inline]
    pub(crate) unsafe fn push_last(&self, element: *mut E) {
        let last = self.last();
        // SAFETY: the caller's promise, and that of earlier callers for `last`.
        unsafe {
            let links = &*E::links(element);
            debug_assert!(!links.is_listed());
            links.next.set(ptr::null_mut());
            links.prev.set(last);
            if last.is_null() {
                self.first.store(element, Release);
            } else {
                (*E::links(last)).next.set(element);
            }
        }
        self.end.set_last(element);
    }

    /// Empties the list and returns its last element. The caller goes from there to the first one, and calls
    /// [`Links::forget`] for each.
    #[inline]
    pub(crate) fn take_all(&self) -> *mut E {
        self.first.store(ptr::null_mut(), Release);
        self.end.0.replace(ptr::null_mut())
    }
}

impl<E, End: fmt::Debug> fmt::Debug for List<E, End> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("List").field("first", &self.first).field("end", &self.end).finish()
    }
}

#[cfg(all(test, not(any(gochan_model, gochan_loom))))]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    struct Element {
        number: usize,
        links: Links<Element>,
    }

    // SAFETY: that is the one field.
    unsafe impl Linked for Element {
        unsafe fn links(element: *const Element) -> *const Links<Element> {
            // SAFETY: the caller's promise.
            unsafe { &raw const (*element).links }
        }
    }

    fn numbers(list: &List<Element>) -> Vec<usize> {
        let (mut forwards, mut backwards) = (Vec::new(), Vec::new());
        // SAFETY: the elements of the test outlive the list.
        unsafe {
            let (mut first, mut last) = (list.first(), list.last());
            while let Some(element) = first.as_ref() {
                forwards.push(element.number);
                first = element.links.next();
            }
            while let Some(element) = last.as_ref() {
                backwards.push(element.number);
                last = element.links.prev();
            }
        }
        backwards.reverse();
        assert_eq!(forwards, backwards);
        forwards
    }

    #[test]
    fn a_list_does_what_a_deque_does() {
        const ELEMENTS: usize = 6;
        let elements: [Element; ELEMENTS] =
            std::array::from_fn(|number| Element { number, links: Links::new() });
        let pointer = |number: usize| ptr::from_ref(&elements[number]).cast_mut();
        let (list, mut model) = (List::new(), VecDeque::new());
        let mut random = 1_u64;
        for _ in 0..2_000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let number = (random >> 33) as usize % ELEMENTS;
            assert_eq!(elements[number].links.is_listed(), model.contains(&number));
            // SAFETY: as said by `is_listed`, which the model agrees with.
            unsafe {
                match (random >> 60, elements[number].links.is_listed()) {
                    (0..6, false) => {
                        list.push_last(pointer(number));
                        model.push_back(number);
                    }
                    (6..11, false) => {
                        list.push_first(pointer(number));
                        model.push_front(number);
                    }
                    (0..11, true) => {
                        list.remove(pointer(number));
                        model.retain(|other| *other != number);
                    }
                    (11..15, _) => {
                        let first = list.pop_first().as_ref().map(|element| element.number);
                        assert_eq!(first, model.pop_front());
                    }
                    _ => {
                        let mut last = list.take_all();
                        while let Some(element) = last.as_ref() {
                            last = element.links.prev();
                            element.links.forget();
                            assert_eq!(Some(element.number), model.pop_back());
                        }
                    }
                }
            }
            assert_eq!(numbers(&list), Vec::from(model.clone()));
            assert_eq!(list.is_empty(), model.is_empty());
        }
    }
}
