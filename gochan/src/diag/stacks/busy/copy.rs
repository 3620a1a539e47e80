//! A copy of a thread's registers and stack.

mod interrupt;
mod unwind;
mod waiting;

use super::Unseen;
use crate::base::thread_time::ThreadTime;
use crate::diag::stacks::text::Stack;
use crate::sched::goroutine::Goroutine;
use crate::sched::worker::Worker;
use crate::stack::overflow;
use crate::stack::pool::Mapped;
use std::ops::Range;
use std::sync::atomic::Ordering::Relaxed;
use unwind::{REGISTERS, Walk};
use waiting::At;

/// The registers by their DWARF numbers, and the stack from its pointer on.
struct Copy {
    /// The known registers.
    registers: [Option<u64>; REGISTERS],
    at: u64,
    /// The original address of the memory.
    start: u64,
    memory: Vec<u8>,
    /// The base of the goroutine's stack.
    base: u64,
}

impl Copy {
    fn read(&self, address: u64) -> Option<u64> {
        let at = usize::try_from(address.checked_sub(self.start)?).ok()?;
        let bytes = self.memory.get(at..at.checked_add(8)?)?;
        Some(u64::from_ne_bytes(bytes.try_into().ok()?))
    }
}

/// The stack of the goroutine `id`, if the worker is still in that turn.
pub(crate) fn look(worker: &'static Worker, id: u64, turn: u32) -> Result<Stack, Unseen> {
    // No stack is unmapped meanwhile.
    let mapped = Mapped::new();
    let same_turn = || worker.progress.turns.load(Relaxed) == turn;
    let stack = stack_of(worker, id, &mapped).filter(|_| same_turn()).ok_or(Unseen::Over)?;
    let thread = worker.thread().map(ThreadTime::id).ok_or(Unseen::Unknown)?;
    let at = waiting::ask(thread);
    let untouched = match at {
        At::InSystem { .. } => waiting::copy(thread, at, stack.clone()).map(|copy| unwind::walk(&copy)),
        At::Running | At::Unknown => None,
    };
    let walk = match untouched {
        Some(walk) if walk.is_whole => walk,
        untouched if waiting::may_be_interrupted(at) => {
            match interrupt::copy(thread, stack).map(|copy| unwind::walk(&copy)) {
                Ok(walk) => walk,
                Err(unseen) => untouched.filter(Walk::found_any).ok_or(unseen)?,
            }
        }
        untouched => untouched.filter(Walk::found_any).ok_or(waiting::why_not(at))?,
    };
    if !same_turn() {
        return Err(Unseen::Over);
    }
    Ok(Stack::new(Ok(walk.walked())))
}

/// The addresses of the stack on which the worker runs the goroutine.
fn stack_of(worker: &Worker, id: u64, _mapped: &Mapped) -> Option<Range<usize>> {
    let block = worker.running.address();
    let slot = overflow::slot_of(block)?;
    // SAFETY: no slot is unmapped while a `Mapped` lives.
    let status = unsafe { Goroutine::status_on(slot) };
    let stack = Goroutine::stack_on(slot);
    (status.id() == id && stack.end == block).then_some(stack)
}
