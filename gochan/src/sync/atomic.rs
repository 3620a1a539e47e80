//! The atomic types of std, with operations at which explorations may switch goroutines.
//!
//! `#[gochan::test(explore = …)]` does not see std's atomics, so it cannot switch between two of their operations. With
//! these types it finds bugs there, such as a lost update between a load and a store. Otherwise they behave like std's,
//! memory orderings included, and cost about a nanosecond more. Outside of explorations they never switch.
//!
//! ```
//! use gochan::prelude::*;
//! use gochan::sync::atomic::{AtomicU32, Ordering::SeqCst};
//! use std::sync::Arc;
//!
//! #[gochan::test(explore = 100)]
//! #[should_panic(expected = "an update is lost")]
//! fn counting() {
//!     let count = Arc::new(AtomicU32::new(0));
//!     let adders = [0, 1].map(|_| go!([count] { count.store(count.load(SeqCst) + 1, SeqCst) }));
//!     adders.map(|adder| adder.join().unwrap());
//!     assert_eq!(count.load(SeqCst), 2, "an update is lost");
//! }
//! ```

use crate::base::touch::Touch;
use crate::points;
use std::fmt;
use std::sync::atomic as std_atomic;

pub use std::sync::atomic::{Ordering, fence};

/// Defines an atomic type: the common operations, and its own `fetch_…` operations.
macro_rules! atomic {
    ($name:ident, $value:ty, $($fetch:ident),*) => {
        #[doc = concat!("[`std::sync::atomic::", stringify!($name), "`], with switches in explorations.")]
        #[derive(Default)]
        #[repr(transparent)]
        pub struct $name(std_atomic::$name);

        impl $name {
            /// An atomic with the given value.
            pub const fn new(value: $value) -> Self {
                Self(std_atomic::$name::new(value))
            }

            /// Loads the value.
            #[inline]
            #[track_caller]
            pub fn load(&self, order: Ordering) -> $value {
                points::around(|| Touch::read(self), concat!(stringify!($name), "::load"), || self.0.load(order))
            }

            /// Stores `value`.
            #[inline]
            #[track_caller]
            pub fn store(&self, value: $value, order: Ordering) {
                points::around(|| Touch::write(self), concat!(stringify!($name), "::store"), || self.0.store(value, order));
            }

            /// Stores `value` and returns the previous value.
            #[inline]
            #[track_caller]
            pub fn swap(&self, value: $value, order: Ordering) -> $value {
                points::around(|| Touch::write(self), concat!(stringify!($name), "::swap"), || self.0.swap(value, order))
            }

            /// Stores `new` if the value is `current`. Returns the previous value.
            ///
            /// # Errors
            /// The value, if it is not `current`.
            #[inline]
            #[track_caller]
            pub fn compare_exchange(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                points::around(|| Touch::write(self), concat!(stringify!($name), "::compare_exchange"), || self.0.compare_exchange(current, new, success, failure))
            }

            /// Like `compare_exchange`, but may fail spuriously.
            ///
            /// # Errors
            /// The value, which may be `current`.
            #[inline]
            #[track_caller]
            pub fn compare_exchange_weak(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                points::around(|| Touch::write(self), concat!(stringify!($name), "::compare_exchange_weak"), || self.0.compare_exchange_weak(current, new, success, failure))
            }

            $(
                #[doc = concat!("Like std's `", stringify!($fetch), "`; returns the previous value.")]
                #[inline]
                #[track_caller]
                pub fn $fetch(&self, value: $value, order: Ordering) -> $value {
                    points::around(|| Touch::write(self), concat!(stringify!($name), "::", stringify!($fetch)), || self.0.$fetch(value, order))
                }
            )*

            /// Replaces the value by the result of `f` and returns the previous value. `f` may be called several times.
            ///
            /// # Errors
            /// The value, if `f` returns `None` for it.
            #[inline]
            #[track_caller]
            pub fn fetch_update(
                &self,
                set: Ordering,
                fetch: Ordering,
                f: impl FnMut($value) -> Option<$value>,
            ) -> Result<$value, $value> {
                points::around(|| Touch::write(self), concat!(stringify!($name), "::fetch_update"), || self.0.fetch_update(set, fetch, f))
            }

            /// The value: the exclusive borrow proves that it is not shared.
            pub fn get_mut(&mut self) -> &mut $value {
                self.0.get_mut()
            }

            /// Returns the value.
            pub fn into_inner(self) -> $value {
                self.0.into_inner()
            }
        }

        impl From<$value> for $name {
            fn from(value: $value) -> Self {
                Self::new(value)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

atomic!(AtomicBool, bool, fetch_and, fetch_or, fetch_xor, fetch_nand);

macro_rules! integers {
    ($($name:ident: $value:ty),*) => {
        $(atomic!(
            $name, $value, fetch_add, fetch_sub, fetch_and, fetch_or, fetch_xor, fetch_nand, fetch_max, fetch_min
        );)*
    };
}

integers!(AtomicI32: i32, AtomicU32: u32, AtomicI64: i64, AtomicU64: u64, AtomicIsize: isize, AtomicUsize: usize);
