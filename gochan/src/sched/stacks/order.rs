//! What workers are asked for, and how they serve it.

use super::frames::{Frames, Walked};
use crate::sched::goroutine::Goroutine;
use crate::sched::worker::Worker;
use crate::stack::pool::Mapped;
use crate::stack::{Slot, walk};
use std::cell::Cell;
use std::collections::VecDeque;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicBool, Ordering::*};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// For so long a worker serves before it looks for goroutines that are ready.
const SLICE: Duration = Duration::from_micros(200);
/// The bytes that a goroutine needs below its stack pointer: for a few calls, on the way to its parent's stack.
const ROOM: usize = 2048;

/// Why there is no stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Missing {
    /// It runs, on this worker if it is on one.
    Runs(Option<usize>),
    /// This worker has not answered.
    Busy(usize),
    /// The thread has not answered.
    Silent,
    /// It has been resumed or has ended.
    Gone,
    /// Its stack has no room for the calls that it takes.
    Full,
    /// It waits on another stack than that of the goroutine.
    Elsewhere,
    /// There are too many others.
    Crowd,
}

/// What is known of the stack of the goroutine with this number in the asker's list.
pub(super) type Answer = (usize, Result<Walked, Missing>);

/// A goroutine that is asked for.
pub(super) struct Wanted {
    pub(super) number: usize,
    pub(super) id: u64,
    pub(super) slot: Slot,
}

/// Goroutines of one worker whose stacks somebody wants.
pub(in crate::sched) struct Order {
    /// The last one comes first.
    pub(super) wanted: Vec<Wanted>,
    pub(super) answers: Sender<Answer>,
    /// Nobody waits for the answers any more.
    pub(super) revoked: Arc<AtomicBool>,
    pub(super) mapped: Arc<Mapped>,
}

/// Where orders for a worker are left.
#[derive(Debug)]
pub(in crate::sched) struct Desk {
    /// There are some.
    is_asked: AtomicBool,
    orders: Mutex<VecDeque<Order>>,
}

impl std::fmt::Debug for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Order").field("wanted", &self.wanted.len()).finish_non_exhaustive()
    }
}

impl Desk {
    pub(in crate::sched) fn new() -> Desk {
        Desk { is_asked: AtomicBool::new(false), orders: Mutex::default() }
    }

    #[inline]
    pub(in crate::sched) fn is_asked(&self) -> bool {
        self.is_asked.load(Relaxed)
    }

    /// As `is_asked`, ordered after an earlier store of the `asleep` flag.
    pub(in crate::sched) fn is_asked_seqcst(&self) -> bool {
        self.is_asked.load(SeqCst)
    }

    fn orders(&self) -> MutexGuard<'_, VecDeque<Order>> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The worker has to be nudged then.
    pub(in crate::sched) fn leave(&self, order: Order) {
        let mut orders = self.orders();
        // A worker that never comes back does not collect them.
        orders.retain(|order| !order.revoked.load(Relaxed));
        orders.push_back(order);
        self.is_asked.store(true, SeqCst);
    }

    fn take(&self) -> Option<Order> {
        self.orders().pop_front()
    }

    fn put_back(&self, order: Order) {
        self.orders().push_front(order);
    }

    fn is_done(&self) -> bool {
        let orders = self.orders();
        self.is_asked.store(!orders.is_empty(), SeqCst);
        orders.is_empty()
    }
}

/// Serves orders of the calling worker for a while. On the stack of its loop, or of a goroutine's parent.
#[cold]
#[inline(never)]
pub(in crate::sched) fn serve(worker: &'static Worker) {
    let desk = worker.desk();
    let begin = Instant::now();
    while let Some(mut order) = desk.take() {
        while let Some(wanted) = order.wanted.pop()
            && !order.revoked.load(Relaxed)
        {
            // The asker may have given up.
            let _ = order.answers.send((wanted.number, look_at(worker, &wanted, &order.mapped)));
            if begin.elapsed() >= SLICE {
                desk.put_back(order);
                return;
            }
        }
        drop(order);
    }
    desk.is_done();
}

/// Where the goroutine that is resumed for the purpose leaves its stack.
#[derive(Debug)]
pub(in crate::sched) struct Showing(Cell<*mut Frames>);

impl Showing {
    pub(in crate::sched) const fn new() -> Showing {
        Showing(Cell::new(ptr::null_mut()))
    }
}

fn look_at(worker: &'static Worker, wanted: &Wanted, mapped: &Mapped) -> Result<Walked, Missing> {
    let goroutine = Goroutine::find(worker, wanted.slot, wanted.id, mapped).ok_or(Missing::Gone)?;
    let mut frames = Frames::new();
    if worker.running().is_some_and(|running| ptr::eq(running, goroutine)) {
        // It has called down to the stack that this is on.
        walk::frames(goroutine.stack(), |address| frames.push(address));
    } else if goroutine.room().ok_or(Missing::Elsewhere)? < ROOM {
        return Err(Missing::Full);
    } else {
        worker.showing.0.set(&raw mut frames);
        goroutine.show();
        worker.showing.0.set(ptr::null_mut());
    }
    Ok(frames.walked())
}

/// Called by a goroutine that finds that it has been resumed for that.
#[cold]
#[inline(never)]
pub(in crate::sched) fn shown(goroutine: &Goroutine) {
    struct Place(NonNull<Frames>);
    // SAFETY: it does not leave the thread.
    unsafe impl Send for Place {}
    let Some(frames) = NonNull::new(goroutine.worker().showing.0.get()) else { return };
    let (place, stack) = (Place(frames), goroutine.stack());
    goroutine.on_parent_stack(move || {
        let mut place = place;
        // SAFETY: `look_at` has put it there, and waits for this.
        let frames = unsafe { place.0.as_mut() };
        walk::frames(stack, |address| frames.push(address));
    });
}
