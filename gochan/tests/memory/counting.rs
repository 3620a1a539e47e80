//! The allocator of this binary, which counts.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicI64, Ordering::*};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::common::{Watchdog, watchdog};

struct Counting;

thread_local! {
    /// What this thread has allocated: how often, and how many bytes of it are in use. A goroutine stays on its thread,
    /// so this is what it shares with the rest of the worker; the test harness allocates when it likes.
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
    static LIVE: Cell<isize> = const { Cell::new(0) };
}

/// The bytes in use of the process.
static IN_USE: AtomicI64 = AtomicI64::new(0);

fn count(bytes: isize) {
    IN_USE.fetch_add(bytes as i64, Relaxed);
    // A thread that is ending has no counters any more.
    let _ = LIVE.try_with(|live| live.set(live.get() + bytes));
    if bytes > 0 {
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
    }
}

// SAFETY: all is left to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller's promise is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: the caller's promise is the same.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// What `f` has allocated on this thread: how often, and how many bytes are still there.
pub(crate) fn cost<R>(f: impl FnOnce() -> R) -> (usize, isize, R) {
    let (allocations, live) = (ALLOCATIONS.get(), LIVE.get());
    let result = f();
    (ALLOCATIONS.get() - allocations, LIVE.get() - live, result)
}

/// The bytes in use of the whole process.
pub(crate) fn in_use() -> i64 {
    IN_USE.load(SeqCst)
}

/// One test at a time, since some of what they count is the process's. Call first, as [`watchdog`].
pub(crate) fn alone() -> (MutexGuard<'static, ()>, Watchdog) {
    static ALONE: Mutex<()> = Mutex::new(());
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    (alone, watchdog())
}
