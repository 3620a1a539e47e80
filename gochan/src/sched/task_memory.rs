//! Memory for fresh goroutines: blocks of one size, kept by the worker and shared in bulk.
//!
//! A fresh goroutine is allocated by its spawner and freed where it ended, often on another worker. General allocators
//! access the other thread's arena for each such free, and grow that arena page by page. Here a block goes to the list of
//! the worker that frees it, and a list that grows long gives half away. `spawn_batch`: 43 → 23 ns, with two workers 105 →
//! 58 ns.

use super::worker::Worker;
use crate::base::fork::is_forked_child;
use crate::base::lock::lock;
use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::cell::RefCell;
use std::ptr::NonNull;
use std::sync::{Mutex, MutexGuard};

/// A cache line, which holds a fresh goroutine whose closure captures four words.
const SIZE: usize = 64;
const ALIGN: usize = 16;
/// Blocks carved at once.
const CHUNK: usize = 1024;
/// The most blocks that a worker keeps; of more it gives half away.
const KEEP: usize = 2 * CHUNK;

#[derive(Debug, Clone, Copy)]
struct Block(NonNull<u8>);

// SAFETY: a free block is plain memory without references to it.
unsafe impl Send for Block {}

static SHARED: Mutex<Vec<Block>> = Mutex::new(Vec::new());

fn shared() -> MutexGuard<'static, Vec<Block>> {
    lock(&SHARED)
}

/// A worker's free blocks.
#[derive(Debug, Default)]
pub(crate) struct TaskMemory {
    free: RefCell<Vec<Block>>,
}

impl TaskMemory {
    #[inline]
    fn take(&self) -> Block {
        let mut free = self.free.borrow_mut();
        if free.is_empty() {
            refill(&mut free);
        }
        free.pop().expect("just refilled")
    }

    #[inline]
    fn give(&self, block: Block) {
        let mut free = self.free.borrow_mut();
        free.push(block);
        if free.len() > KEEP && !is_forked_child() {
            shared().extend(free.drain(..CHUNK));
        }
    }

    pub(crate) fn give_all(&self) {
        shared().append(&mut self.free.take());
    }
}

#[cold]
fn refill(free: &mut Vec<Block>) {
    let mut shared = shared();
    let kept = shared.len().saturating_sub(CHUNK);
    free.extend(shared.drain(kept..));
    if free.is_empty() {
        let chunk = allocate_plain(Layout::from_size_align(CHUNK * SIZE, ALIGN).expect("a small layout"));
        // SAFETY: within the chunk just allocated, which is never freed.
        free.extend((0..CHUNK).rev().map(|index| Block(unsafe { chunk.add(index * SIZE) })));
    }
}

fn allocate_plain(layout: Layout) -> NonNull<u8> {
    // SAFETY: the size is not zero, for every caller.
    NonNull::new(unsafe { alloc(layout) }).unwrap_or_else(|| handle_alloc_error(layout))
}

const fn fits(layout: Layout) -> bool {
    layout.size() <= SIZE && layout.align() <= ALIGN
}

/// Memory for a `T`, which is not of size zero.
#[inline]
pub(crate) fn allocate<T>() -> NonNull<T> {
    let layout = const { Layout::new::<T>() };
    if !fits(layout) {
        return allocate_plain(layout).cast();
    }
    let block = match Worker::current() {
        Some(worker) => worker.task_memory.take(),
        None => {
            let block = shared().pop();
            block.unwrap_or_else(|| {
                Block(allocate_plain(Layout::from_size_align(SIZE, ALIGN).expect("small")))
            })
        }
    };
    block.0.cast()
}

/// # Safety
/// `memory` came from `allocate::<T>` and is not used any more.
#[inline]
pub(crate) unsafe fn free<T>(memory: NonNull<T>) {
    let layout = const { Layout::new::<T>() };
    if !fits(layout) {
        // SAFETY: allocated with this layout, by the caller's promise.
        unsafe { dealloc(memory.as_ptr().cast(), layout) };
        return;
    }
    let block = Block(memory.cast());
    match Worker::current() {
        Some(worker) => worker.task_memory.give(block),
        // In a forked child the lock may be held by a thread that is not there.
        None if is_forked_child() => {}
        None => shared().push(block),
    }
}
