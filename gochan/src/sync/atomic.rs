//! The atomic types of std, at whose operations explorations may let others run.
//!
//! What `#[gochan::test(explore = …)]` does not see, it cannot take apart, and std's atomics it does not see. Bugs between
//! two of their operations, such as a load and the store that follows from it, need these types to be found. They are
//! std's in every other respect, and cost about a nanosecond more. Outside of explorations they never let others run.
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

use crate::sched::bubble::between_points_touching;
use crate::sched::touch::Touch;
use std::fmt;
use std::sync::atomic as std_atomic;

pub use std::sync::atomic::{Ordering, fence};

/// What the atomic types have in common, and `fetch_…` operations of their own.
macro_rules! atomic {
    ($name:ident, $value:ty, $($fetch:ident),*) => {
        #[doc = concat!("[`std::sync::atomic::", stringify!($name), "`], with switches in explorations.")]
        #[derive(Default)]
        #[repr(transparent)]
        pub struct $name(std_atomic::$name);

        impl $name {
            /// An atomic with this value.
            pub const fn new(value: $value) -> Self {
                Self(std_atomic::$name::new(value))
            }

            /// The value now.
            #[inline]
            #[track_caller]
            pub fn load(&self, order: Ordering) -> $value {
                between_points_touching(|| Touch::read(self), concat!(stringify!($name), "::load"), || self.0.load(order))
            }

            /// Sets the value.
            #[inline]
            #[track_caller]
            pub fn store(&self, value: $value, order: Ordering) {
                between_points_touching(|| Touch::write(self), concat!(stringify!($name), "::store"), || self.0.store(value, order));
            }

            /// Sets the value and returns the one before.
            #[inline]
            #[track_caller]
            pub fn swap(&self, value: $value, order: Ordering) -> $value {
                between_points_touching(|| Touch::write(self), concat!(stringify!($name), "::swap"), || self.0.swap(value, order))
            }

            /// Sets the value to `new` if it is `current`.
            ///
            /// # Errors
            /// The value, if it is another.
            #[inline]
            #[track_caller]
            pub fn compare_exchange(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                between_points_touching(|| Touch::write(self), concat!(stringify!($name), "::compare_exchange"), || self.0.compare_exchange(current, new, success, failure))
            }

            /// As `compare_exchange`, which this may fail without a reason.
            ///
            /// # Errors
            /// The value.
            #[inline]
            #[track_caller]
            pub fn compare_exchange_weak(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                between_points_touching(|| Touch::write(self), concat!(stringify!($name), "::compare_exchange_weak"), || self.0.compare_exchange_weak(current, new, success, failure))
            }

            $(
                #[doc = concat!("As std's `", stringify!($fetch), "`; returns the value before.")]
                #[inline]
                #[track_caller]
                pub fn $fetch(&self, value: $value, order: Ordering) -> $value {
                    between_points_touching(|| Touch::write(self), concat!(stringify!($name), "::", stringify!($fetch)), || self.0.$fetch(value, order))
                }
            )*

            /// Sets the value to what `f` makes of it, which may be called several times.
            ///
            /// # Errors
            /// The value, if `f` refuses it.
            #[inline]
            #[track_caller]
            pub fn fetch_update(
                &self,
                set: Ordering,
                fetch: Ordering,
                f: impl FnMut($value) -> Option<$value>,
            ) -> Result<$value, $value> {
                between_points_touching(|| Touch::write(self), concat!(stringify!($name), "::fetch_update"), || self.0.fetch_update(set, fetch, f))
            }

            /// The value: the exclusive borrow proves that nobody else has it.
            pub fn get_mut(&mut self) -> &mut $value {
                self.0.get_mut()
            }

            /// The value.
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
