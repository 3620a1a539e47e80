//! What AddressSanitizer is told of switches between stacks; in any other build, nothing.
//!
//! It marks what is in use of each frame. When a panic passes over frames it takes their marks off, for which it has to
//! know where the stack ends that the thread is on. Otherwise marks stay behind, and whoever is on the slot next is
//! reported for what is not its fault.

#[cfg(not(gochan_asan))]
mod told {
    use std::ops::Range;

    /// A stack that has been left for a while.
    pub(crate) struct Left;

    /// To be called right before the thread switches to a goroutine's stack, which has these addresses.
    #[inline(always)]
    pub(crate) fn to_goroutine(_: impl FnOnce() -> Range<usize>) -> Left {
        Left
    }

    /// To be called right before a goroutine's stack is left for the thread's.
    #[inline(always)]
    pub(crate) fn to_thread() -> Left {
        Left
    }

    /// As `to_thread`, for the last time.
    #[inline(always)]
    pub(crate) fn to_thread_for_good() {}

    /// On a goroutine's stack, right after the switch. None: for the first time.
    #[inline(always)]
    pub(crate) fn on_goroutine(_: Option<Left>) {}

    /// On the thread's stack, right after the switch.
    #[inline(always)]
    pub(crate) fn on_thread(_: Left) {}

    /// Calls `f`, which switches to goroutines' stacks and back, and may itself be on one.
    #[inline(always)]
    pub(crate) fn nested<R>(f: impl FnOnce() -> R) -> R {
        f()
    }
}

#[cfg(gochan_asan)]
mod told {
    use std::cell::Cell;
    use std::ffi::c_void;
    use std::ops::Range;
    use std::ptr;

    unsafe extern "C" {
        fn __sanitizer_start_switch_fiber(left: *mut *mut c_void, limit: *const c_void, bytes: usize);
        fn __sanitizer_finish_switch_fiber(left: *mut c_void, limit: *mut *const c_void, bytes: *mut usize);
    }

    thread_local! {
        /// The thread's own stack, by its limit and its size, while a goroutine runs.
        static THREAD: Cell<(*const c_void, usize)> = const { Cell::new((ptr::null(), 0)) };
    }

    pub(crate) struct Left(*mut c_void);

    pub(crate) fn to_goroutine(stack: impl FnOnce() -> Range<usize>) -> Left {
        let stack = stack();
        leave((stack.start as *const c_void, stack.len()))
    }

    pub(crate) fn to_thread() -> Left {
        leave(THREAD.get())
    }

    pub(crate) fn to_thread_for_good() {
        let (limit, bytes) = THREAD.get();
        // SAFETY: the bounds of the stack that the thread was on; null says that this one ends.
        unsafe { __sanitizer_start_switch_fiber(ptr::null_mut(), limit, bytes) };
    }

    pub(crate) fn on_goroutine(left: Option<Left>) {
        THREAD.set(arrive(left));
    }

    pub(crate) fn on_thread(left: Left) {
        arrive(Some(left));
    }

    pub(crate) fn nested<R>(f: impl FnOnce() -> R) -> R {
        let thread = THREAD.get();
        let result = f();
        THREAD.set(thread);
        result
    }

    fn leave((limit, bytes): (*const c_void, usize)) -> Left {
        let mut left = ptr::null_mut();
        // SAFETY: the bounds of a stack, and a place for what belongs to the one that is left.
        unsafe { __sanitizer_start_switch_fiber(&raw mut left, limit, bytes) };
        Left(left)
    }

    /// The stack that the thread has come from.
    fn arrive(left: Option<Left>) -> (*const c_void, usize) {
        let left = left.map_or(ptr::null_mut(), |left| left.0);
        let (mut limit, mut bytes) = (ptr::null(), 0);
        // SAFETY: what was noted when this stack was left, or null, and places to write to.
        unsafe { __sanitizer_finish_switch_fiber(left, &raw mut limit, &raw mut bytes) };
        (limit, bytes)
    }
}

pub(crate) use told::*;
