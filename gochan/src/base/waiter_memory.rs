//! Memory for the waiters of goroutines that wait for several things at once: runs of cache lines, close together.
//!
//! The cancellation of a context wakes thousands of selects. If their waiters were on the stacks, each would cost the
//! canceller a cache miss and a TLB miss, and the goroutine the same again when it runs. Here they lie next to each
//! other, in the order in which the goroutines began to wait.
//!
//! A slot is taken and given back by the thread of its worker.
//!
//! Measured on 2026-11-30 against waiters on the stacks, on a shared Intel Xeon with a load of 8 to 13: `ctx_cancel10k`
//! takes 27 % less time, with one worker as with two (medians of 40 pairs each; the fastest runs differ by 11 to 15 %).
//! `select2_0` and `select2_128` do not differ beyond the noise.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::cell::{Cell, RefCell};
use std::ptr::{self, NonNull};

/// The size of a cache line, and the alignment of runs of lines.
pub(crate) const LINE: usize = 64;
/// The longest run, as a select of eight arms needs it.
pub(crate) const LONGEST: usize = 9;
const CHUNK_LINES: usize = 512;
const CHUNK: Layout = match Layout::from_size_align(CHUNK_LINES * LINE, LINE) {
    Ok(layout) => layout,
    Err(_) => panic!("a chunk is small"),
};

/// The first line of a free run.
struct Free {
    next: *mut Free,
}

/// The waiter memory of one worker.
#[derive(Debug)]
pub(crate) struct WaiterMemory {
    /// Free runs by their length minus one, last in, first out.
    free: [Cell<*mut Free>; LONGEST],
    taken: Cell<usize>,
    /// The unused part of the last chunk.
    rest: Cell<*mut u8>,
    rest_lines: Cell<usize>,
    chunks: RefCell<Vec<NonNull<u8>>>,
}

impl WaiterMemory {
    pub(crate) fn new() -> WaiterMemory {
        WaiterMemory {
            free: [const { Cell::new(ptr::null_mut()) }; LONGEST],
            taken: Cell::new(0),
            rest: Cell::new(ptr::null_mut()),
            rest_lines: Cell::new(0),
            chunks: RefCell::new(Vec::new()),
        }
    }

    /// A run of `lines` uninitialised cache lines, at most [`LONGEST`].
    #[inline]
    pub(crate) fn take(&self, lines: usize) -> NonNull<u8> {
        self.taken.set(self.taken.get() + 1);
        let list = &self.free[lines - 1];
        match NonNull::new(list.get()) {
            Some(run) => {
                // SAFETY: a run on a list is free and begins with its link.
                list.set(unsafe { run.as_ref() }.next);
                run.cast()
            }
            None => self.carve(lines),
        }
    }

    /// # Safety
    /// `run` was returned by [`take`](WaiterMemory::take) for the same number of `lines`, and is no longer used.
    #[inline]
    pub(crate) unsafe fn give(&self, run: NonNull<u8>, lines: usize) {
        let list = &self.free[lines - 1];
        let run: NonNull<Free> = run.cast();
        // SAFETY: the run is the caller's to give: aligned, and longer than a link.
        unsafe { run.write(Free { next: list.get() }) };
        list.set(run.as_ptr());
        self.taken.set(self.taken.get() - 1);
        if self.taken.get() == 0 && self.chunks.borrow().len() > 1 {
            self.start_over();
        }
    }

    #[cold]
    fn carve(&self, lines: usize) -> NonNull<u8> {
        if self.rest_lines.get() < lines {
            // SAFETY: the layout is not of size zero.
            let chunk = NonNull::new(unsafe { alloc(CHUNK) }).unwrap_or_else(|| handle_alloc_error(CHUNK));
            self.chunks.borrow_mut().push(chunk);
            self.rest.set(chunk.as_ptr());
            self.rest_lines.set(CHUNK_LINES);
        }
        let run = self.rest.get();
        // SAFETY: so many lines are left of the chunk.
        self.rest.set(unsafe { run.add(lines * LINE) });
        self.rest_lines.set(self.rest_lines.get() - lines);
        NonNull::new(run).expect("a chunk is not at address zero")
    }

    /// Keeps one chunk of those that a crowd needed, all of which has left.
    #[cold]
    fn start_over(&self) {
        self.free.iter().for_each(|list| list.set(ptr::null_mut()));
        let mut chunks = self.chunks.borrow_mut();
        chunks.drain(1..).for_each(free_chunk);
        self.rest.set(chunks[0].as_ptr());
        self.rest_lines.set(CHUNK_LINES);
    }

    /// Gives all chunks back, unless a goroutine that was abandoned while it waited may still be in a queue.
    pub(crate) fn retire(&self) {
        if self.taken.get() == 0 {
            self.free.iter().for_each(|list| list.set(ptr::null_mut()));
            self.rest_lines.set(0);
            self.chunks.take().into_iter().for_each(free_chunk);
        }
    }
}

impl Drop for WaiterMemory {
    fn drop(&mut self) {
        self.retire();
    }
}

fn free_chunk(chunk: NonNull<u8>) {
    // SAFETY: it was allocated with this layout, and no run of it is taken.
    unsafe { dealloc(chunk.as_ptr(), CHUNK) };
}

#[cfg(test)]
mod tests {
    use crate::base::waiter_memory::*;

    #[test]
    fn runs_do_not_overlap_and_are_reused() {
        let waiter_memory = WaiterMemory::new();
        let mut runs = Vec::new();
        for index in 0..5000 {
            let lines = 1 + index % LONGEST;
            let run = waiter_memory.take(lines);
            // SAFETY: the run is this long.
            unsafe { run.as_ptr().write_bytes(index as u8, lines * LINE) };
            runs.push((run, lines, index as u8));
        }
        for &(run, lines, mark) in &runs {
            // SAFETY: written above.
            let bytes = unsafe { std::slice::from_raw_parts(run.as_ptr(), lines * LINE) };
            assert!(bytes.iter().all(|&byte| byte == mark), "a run was overwritten");
            assert!(run.as_ptr().addr().is_multiple_of(LINE));
        }
        let (last, lines, _) = runs.pop().expect("there are some");
        // SAFETY: taken above, and not used any more.
        unsafe { waiter_memory.give(last, lines) };
        assert_eq!(waiter_memory.take(lines), last);
        // SAFETY: as above.
        unsafe { waiter_memory.give(last, lines) };
        assert!(waiter_memory.chunks.borrow().len() > 1);
        // SAFETY: as above.
        runs.into_iter().for_each(|(run, lines, _)| unsafe { waiter_memory.give(run, lines) });
        assert_eq!(waiter_memory.chunks.borrow().len(), 1);
    }
}
