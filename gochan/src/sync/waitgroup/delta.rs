//! The integers by which a counter changes.

/// The integers: what [`WaitGroup::add`](super::WaitGroup::add) takes.
#[diagnostic::on_unimplemented(
    message = "a `WaitGroup` counts goroutines, by an integer, and `{Self}` is none",
    label = "this is no integer",
    note = "as in `wg.add(1)` before each goroutine, or `wg.add(workers.len())` before all of them"
)]
pub trait Delta: Copy + sealed::Integer {}

mod sealed {
    pub trait Integer {
        fn to_i64(self) -> i64;
    }
}

macro_rules! integers {
    ($($integer:ty)*) => {$(
        impl sealed::Integer for $integer {
            #[inline]
            fn to_i64(self) -> i64 {
                // No counter gets so far: what does not fit is refused like what is beyond the counter's range.
                self.try_into().unwrap_or(i64::MAX)
            }
        }

        impl Delta for $integer {}
    )*};
}

integers!(i8 i16 i32 i64 isize u8 u16 u32 u64 usize);
