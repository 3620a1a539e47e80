//! Orders to workers for stacks, and how workers serve them.

use super::frames::{Frames, Walked};
use crate::sched::errands::Errand;
use crate::sched::goroutine::Goroutine;
use crate::sched::worker::Worker;
use crate::stack::pool::Mapped;
use crate::stack::{Slot, walk};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::*};
use std::sync::mpsc::Sender;

/// The bytes that a goroutine needs below its stack pointer: for a few calls, until it is on its parent's stack.
const ROOM: usize = 2048;

/// Why there is no stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Missing {
    /// It runs, on this worker if it is on one.
    Runs(Option<usize>),
    /// This worker has not answered.
    Busy(usize),
    /// The thread has not answered.
    Silent,
    /// It was resumed or has ended.
    Gone,
    /// Its stack has no room for the necessary calls.
    Full,
    /// It waits on a stack other than the goroutine's.
    Elsewhere,
    /// There are too many others.
    Crowd,
}

/// The result for the goroutine with this number in the asker's list.
pub(crate) type Answer = (usize, Result<Walked, Missing>);

/// A goroutine whose stack is requested.
pub(crate) struct Wanted {
    pub(crate) number: usize,
    pub(crate) id: u64,
    pub(crate) slot: Slot,
}

/// Goroutines of one worker whose stacks are requested.
pub(crate) struct Order {
    /// The last one comes first.
    pub(crate) wanted: Vec<Wanted>,
    pub(crate) answers: Sender<Answer>,
    /// The asker no longer waits for the answers.
    pub(crate) revoked: Arc<AtomicBool>,
    pub(crate) mapped: Arc<Mapped>,
}

impl std::fmt::Debug for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Order").field("wanted", &self.wanted.len()).finish_non_exhaustive()
    }
}

impl Errand for Order {
    fn is_revoked(&self) -> bool {
        self.revoked.load(Relaxed)
    }

    fn step(&mut self, worker: &'static Worker) -> bool {
        if let Some(wanted) = self.wanted.pop() {
            // The asker may have given up.
            let _ = self.answers.send((wanted.number, look_at(worker, &wanted, &self.mapped)));
        }
        !self.wanted.is_empty()
    }
}

fn look_at(worker: &'static Worker, wanted: &Wanted, mapped: &Mapped) -> Result<Walked, Missing> {
    let goroutine = Goroutine::find(worker, wanted.slot, wanted.id, mapped).ok_or(Missing::Gone)?;
    let mut frames = Frames::new();
    if worker.running().is_some_and(|running| ptr::eq(running, goroutine)) {
        // It has called down to the stack that this runs on.
        walk::frames(goroutine.stack(), |address| frames.push(address));
    } else if goroutine.room().ok_or(Missing::Elsewhere)? < ROOM {
        return Err(Missing::Full);
    } else {
        worker.visitor.send(goroutine, &mut |goroutine| walk_from_parent(goroutine, &mut frames));
    }
    Ok(frames.walked())
}

/// Walks the stack of the running goroutine from its parent's stack, where there is room.
fn walk_from_parent(goroutine: &Goroutine, frames: &mut Frames) {
    let stack = goroutine.stack();
    goroutine.on_parent_stack(|| walk::frames(stack, |address| frames.push(address)));
}
