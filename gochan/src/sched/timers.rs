//! The deadlines of one worker's parked goroutines: a four-way heap whose nodes live on the waiters' stacks and know
//! their index, so that a wait that ends early removes its deadline at once.

use super::goroutine::Goroutine;
use super::park::WaitReason;
use std::cell::{Cell, RefCell};
use std::panic::Location;
use std::time::Instant;

const ARITY: usize = 4;

/// A deadline of one parked goroutine.
struct Timer {
    goroutine: &'static Goroutine,
    give_up: *mut (dyn FnMut() -> bool + 'static),
    index: Cell<usize>,
}

const NOT_QUEUED: usize = usize::MAX;

/// The timers of one worker; used by its own thread only.
#[derive(Debug, Default)]
pub(super) struct Timers {
    heap: RefCell<Vec<Entry>>,
    /// Equal deadlines fire in the order in which they were set.
    sequence: Cell<u64>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    deadline: Instant,
    sequence: u64,
    timer: *const Timer,
}

impl Entry {
    fn before(&self, other: &Entry) -> bool {
        (self.deadline, self.sequence) < (other.deadline, other.sequence)
    }
}

/// See [`super::park::Parker::park_until`].
pub(super) fn park_until(
    goroutine: &'static Goroutine,
    deadline: Instant,
    reason: WaitReason,
    place: &'static Location<'static>,
    give_up: &mut dyn FnMut() -> bool,
) {
    let timers = &goroutine.worker().timers;
    let give_up: *mut (dyn FnMut() -> bool + '_) = give_up;
    // SAFETY: only the lifetime is changed. The timer is off the heap before this function returns, and
    // with it the only copy of the pointer.
    let give_up = unsafe {
        std::mem::transmute::<*mut (dyn FnMut() -> bool + '_), *mut (dyn FnMut() -> bool + 'static)>(give_up)
    };
    let timer = Timer { goroutine, give_up, index: Cell::new(NOT_QUEUED) };
    timers.insert(deadline, &timer);
    goroutine.park(reason, place);
    timers.remove(&timer);
}

impl Timers {
    pub(super) fn is_empty(&self) -> bool {
        self.heap.borrow().is_empty()
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.heap.borrow().first().map(|entry| entry.deadline)
    }

    /// Readies every goroutine whose deadline has passed and whose wait could still be given up.
    pub(super) fn fire(&self) {
        if self.is_empty() {
            return;
        }
        let now = Instant::now();
        while let Some(timer) = self.first_due(now) {
            // SAFETY: a timer is removed from the heap before its stack frame ends.
            let timer = unsafe { &*timer };
            self.remove(timer);
            // SAFETY: the closure lives on the same frame; its goroutine is switched out, so nobody else runs it.
            if unsafe { (*timer.give_up)() } {
                timer.goroutine.ready();
            }
        }
    }

    fn first_due(&self, now: Instant) -> Option<*const Timer> {
        self.heap.borrow().first().filter(|entry| entry.deadline <= now).map(|entry| entry.timer)
    }

    fn insert(&self, deadline: Instant, timer: &Timer) {
        let sequence = self.sequence.get();
        self.sequence.set(sequence + 1);
        let mut heap = self.heap.borrow_mut();
        heap.push(Entry { deadline, sequence, timer });
        let last = heap.len() - 1;
        sift_up(&mut heap, last);
    }

    fn remove(&self, timer: &Timer) {
        let index = timer.index.replace(NOT_QUEUED);
        if index == NOT_QUEUED {
            return;
        }
        let mut heap = self.heap.borrow_mut();
        heap.swap_remove(index);
        if index < heap.len() {
            let index = sift_up(&mut heap, index);
            sift_down(&mut heap, index);
        }
    }
}

fn place(heap: &mut [Entry], index: usize, entry: Entry) {
    heap[index] = entry;
    // SAFETY: entries in the heap point to live timers.
    unsafe { (*entry.timer).index.set(index) };
}

fn sift_up(heap: &mut [Entry], mut index: usize) -> usize {
    let entry = heap[index];
    while index > 0 {
        let parent = (index - 1) / ARITY;
        if !entry.before(&heap[parent]) {
            break;
        }
        let above = heap[parent];
        place(heap, index, above);
        index = parent;
    }
    place(heap, index, entry);
    index
}

fn sift_down(heap: &mut [Entry], mut index: usize) {
    let entry = heap[index];
    loop {
        let children = index * ARITY + 1..(index * ARITY + 1 + ARITY).min(heap.len());
        let Some(first) = children.reduce(|a, b| if heap[b].before(&heap[a]) { b } else { a }) else { break };
        if !heap[first].before(&entry) {
            break;
        }
        let below = heap[first];
        place(heap, index, below);
        index = first;
    }
    place(heap, index, entry);
}
