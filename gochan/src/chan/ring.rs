//! The memory that a channel buffers in. Its length and capacity are in the channel's header.

use std::alloc::{Layout, alloc, dealloc};
use std::ptr::NonNull;

#[derive(Debug)]
#[repr(C)]
pub(super) struct Ring<T> {
    /// Where the oldest value is.
    first: usize,
    places: NonNull<T>,
}

impl<T> Ring<T> {
    /// # Panics
    /// If it cannot be allocated.
    #[inline]
    #[track_caller]
    pub(super) fn allocate(capacity: usize) -> Ring<T> {
        if size_of::<T>() == 0 || capacity == 0 {
            return Ring { first: 0, places: NonNull::dangling() };
        }
        let places = match Layout::array::<T>(capacity) {
            // SAFETY: the layout's size is not zero.
            Ok(layout) => NonNull::new(unsafe { alloc(layout) }.cast::<T>()),
            Err(_) => None,
        };
        match places {
            Some(places) => Ring { first: 0, places },
            None => {
                let size = size_of::<T>();
                panic!("chan: a buffer for {capacity} elements of {size} bytes cannot be allocated")
            }
        }
    }

    /// # Safety
    /// The ring was allocated with this capacity, and is not used again. Values in it are forgotten.
    pub(super) unsafe fn free(&mut self, capacity: usize) {
        if size_of::<T>() > 0 && capacity > 0 {
            let layout = Layout::array::<T>(capacity).expect("checked when it was allocated");
            // SAFETY: allocated by `allocate` with this layout.
            unsafe { dealloc(self.places.as_ptr().cast(), layout) };
        }
    }

    /// The place behind the last of `len` values.
    ///
    /// # Safety
    /// The ring has `capacity` places, and `len` is less.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) unsafe fn end(&self, len: usize, capacity: usize) -> *mut T {
        debug_assert!(len < capacity);
        let room = capacity - self.first;
        let index = if len < room { self.first + len } else { len - room };
        // SAFETY: `index` is below the capacity.
        unsafe { self.places.as_ptr().add(index) }
    }

    /// Makes the first place the last, and returns it.
    ///
    /// # Safety
    /// The ring has `capacity` places, and at least one.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) unsafe fn turn(&mut self, capacity: usize) -> *mut T {
        // SAFETY: `first` is below the capacity.
        let place = unsafe { self.places.as_ptr().add(self.first) };
        self.first += 1;
        if self.first == capacity {
            self.first = 0;
        }
        place
    }
}
