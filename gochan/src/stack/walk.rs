//! Walking the stack that the caller is on, by the unwinder that panics use.

use std::ffi::{c_int, c_void};
use std::ops::Range;

/// Of the unwinder, which the standard library brings along wherever panics can unwind.
#[repr(C)]
struct Context {
    _opaque: [u8; 0],
}

const NO_REASON: c_int = 0;
const END_OF_STACK: c_int = 5;

unsafe extern "C" {
    fn _Unwind_Backtrace(
        visit: extern "C" fn(*mut Context, *mut c_void) -> c_int,
        argument: *mut c_void,
    ) -> c_int;
    fn _Unwind_GetIP(context: *mut Context) -> usize;
    fn _Unwind_GetCFA(context: *mut Context) -> usize;
}

struct Visit<'v> {
    /// Where the frames are that are asked for.
    stack: Range<usize>,
    has_arrived: bool,
    visit: &'v mut dyn FnMut(usize) -> bool,
}

extern "C" fn visit_frame(context: *mut Context, argument: *mut c_void) -> c_int {
    // SAFETY: `frames` passes its `Visit`, which lives during the walk.
    let visit = unsafe { &mut *argument.cast::<Visit<'_>>() };
    // SAFETY: the unwinder's own context of this frame.
    let (address, frame) = unsafe { (_Unwind_GetIP(context), _Unwind_GetCFA(context)) };
    if address == 0 {
        return END_OF_STACK;
    }
    if !visit.stack.contains(&frame) {
        return if visit.has_arrived { END_OF_STACK } else { NO_REASON };
    }
    visit.has_arrived = true;
    // A return address is behind the call: one byte less is within the function that called.
    if (visit.visit)(address.wrapping_sub(1)) { NO_REASON } else { END_OF_STACK }
}

/// Calls `visit` with an address in each function with a frame on `stack`, the innermost first, for as long as it returns
/// true. The caller may be on another stack that the functions on this one have called.
///
/// It neither allocates nor waits, but for the lock of the loader that the unwinder takes with older C libraries.
pub(crate) fn frames(stack: Range<usize>, mut visit: impl FnMut(usize) -> bool) {
    let mut visit = Visit { stack, has_arrived: false, visit: &mut visit };
    // SAFETY: the callback gets the pointer that it expects, and does not unwind.
    unsafe { _Unwind_Backtrace(visit_frame, (&raw mut visit).cast()) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calling_functions_are_visited_and_the_walk_ends_where_it_is_told() {
        let mut all = 0;
        frames(0..usize::MAX, |address| {
            assert_ne!(address, 0);
            all += 1;
            true
        });
        assert!(all > 3, "{all} frames");
        let mut some = 0;
        frames(0..usize::MAX, |_| {
            some += 1;
            some < 2
        });
        assert_eq!(some, 2);
    }
}
