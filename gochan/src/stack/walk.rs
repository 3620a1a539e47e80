//! Walking the caller's stack, by the unwinder that panics use.

use super::overflow;
use std::ffi::{c_int, c_void};
use std::ops::Range;

/// The unwinder, which the standard library links wherever panics can unwind.
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

/// A function that has called another one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    /// An address in the function, at the call.
    pub(crate) address: usize,
    /// Its stack pointer at the call. The return address is below, in the memory of the function that it has called.
    pub(crate) top: usize,
}

struct Visit<'v> {
    /// The addresses of the frames to visit.
    stack: Range<usize>,
    /// The frames before those are visited as well, if they are above this address.
    above: Option<usize>,
    has_arrived: bool,
    has_left: bool,
    visit: &'v mut dyn FnMut(Frame) -> bool,
}

extern "C" fn visit_frame(context: *mut Context, argument: *mut c_void) -> c_int {
    // SAFETY: `frames` passes its `Visit`, which lives during the walk.
    let visit = unsafe { &mut *argument.cast::<Visit<'_>>() };
    // SAFETY: the unwinder's own context of this frame.
    let (address, frame) = unsafe { (_Unwind_GetIP(context), _Unwind_GetCFA(context)) };
    if address == 0 {
        return END_OF_STACK;
    }
    if visit.stack.contains(&frame) {
        visit.has_arrived = true;
    } else if visit.has_arrived {
        visit.has_left = true;
        return END_OF_STACK;
    } else if visit.above.is_none() && overflow::segment_of(frame).is_none() {
        return NO_REASON;
    }
    if visit.above.is_some_and(|above| frame <= above) {
        return NO_REASON;
    }
    // Behind the last of these.
    visit.above = visit.above.map(|_| 0);
    // A return address is behind the call: one byte less is within the function that called.
    let frame = Frame { address: address.wrapping_sub(1), top: frame };
    if (visit.visit)(frame) { NO_REASON } else { END_OF_STACK }
}

/// Calls `visit` with an address in each function with a frame on `stack`, the innermost first, for as long as it returns
/// true. The caller may be on another stack that the functions on this one have called; functions on a segment that was
/// added to the stack are visited.
///
/// It neither allocates nor waits, except for the loader's lock, which the unwinder takes with older C libraries.
pub(crate) fn frames(stack: Range<usize>, mut visit: impl FnMut(usize) -> bool) {
    let visit = &mut |frame: Frame| visit(frame.address);
    walk(Visit { stack, above: None, has_arrived: false, has_left: false, visit });
}

/// As [`frames`], beginning with the caller even if that is on another stack, without the functions whose frames are below
/// the local at `above`. True if all frames were visited to the end of `stack`: there is none that the unwinder does not
/// know.
pub(crate) fn frames_above(above: usize, stack: Range<usize>, mut visit: impl FnMut(Frame) -> bool) -> bool {
    walk(Visit { stack, above: Some(above), has_arrived: false, has_left: false, visit: &mut visit })
}

fn walk(mut visit: Visit<'_>) -> bool {
    // SAFETY: the callback gets the pointer that it expects, and does not unwind.
    unsafe { _Unwind_Backtrace(visit_frame, (&raw mut visit).cast()) };
    visit.has_left
}

/// The code of the function at an address in the executable, as the unwinder knows it.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub(crate) fn code_at(address: usize) -> Option<&'static [u8]> {
    #[repr(C)]
    struct Bases {
        text: usize,
        data: usize,
        function: usize,
    }
    unsafe extern "C" {
        fn _Unwind_Find_FDE(address: usize, bases: *mut Bases) -> *const u8;
    }
    let mut bases = Bases { text: 0, data: 0, function: 0 };
    // SAFETY: the unwinder writes to the place it is given.
    let entry = unsafe { _Unwind_Find_FDE(address, &raw mut bases) };
    if entry.is_null() {
        return None;
    }
    // Length, common part, and, in the encoding that all compilers use here, the function's distance from this field and
    // its length.
    let field = |at: usize| {
        // SAFETY: an entry for a function has these four fields.
        unsafe { entry.add(at).cast::<u32>().read_unaligned() }
    };
    let start = (entry.addr() + 8).wrapping_add_signed(field(8).cast_signed() as isize);
    // In another encoding the start would not agree.
    let length = (start == bases.function).then(|| field(12) as usize)?;
    // SAFETY: this is the code of a function, which is readable, is never written to, and stays while the function runs.
    (start..start + length)
        .contains(&address)
        .then(|| unsafe { std::slice::from_raw_parts(start as *const u8, length) })
}

/// The code of the function at an address, as the unwinder knows it.
#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
#[allow(dead_code, reason = "symbols are not read on all systems")]
pub(crate) fn code_at(_address: usize) -> Option<&'static [u8]> {
    None
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

    #[test]
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    fn the_code_of_a_function_is_around_its_addresses() {
        frames(0..usize::MAX, |address| {
            let code = code_at(address).expect("the unwinder knows the function");
            assert!(code.as_ptr_range().contains(&(address as *const u8)));
            true
        });
        assert!(code_at(1).is_none());
    }
}
