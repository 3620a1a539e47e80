//! The stack of a goroutine that runs, and keeps its worker to itself.
//!
//! It cannot be asked to look at itself. Its thread could be made to do so by a signal, but a handler may not unwind: the
//! unwinder takes locks that the thread may have, and follows whatever it finds where code in assembler does not describe
//! its frames. So nothing is walked where it could do harm. What the thread is at is *copied*: its registers and its stack,
//! as far as the goroutine's own reaches, which is memory for sure. Then another thread walks the copy (`copy/unwind`), by the
//! descriptions that the executable has for its unwinder. Wrong descriptions lead outside of the copy there, and the walk
//! ends.
//!
//! There are two ways to a copy.
//!
//! * A thread that waits in a call to the system is not touched (`copy/waiting`): the kernel tells where it is and where its
//!   stack ends, and reads the stack. The other registers are not known; most functions do not need them.
//! * A thread that runs is interrupted by SIGURG, which Go uses for the same purpose because it is ignored by default and
//!   harmless when it comes too late (`copy/interrupt`). The handler copies, and is in place for that time only. If the program
//!   has a handler of its own for SIGURG, the goroutine is left alone. A thread that waits is interrupted if its stack
//!   could not be walked otherwise, but only in calls that go on after a signal: `poll`, and a receive with a timeout, would
//!   fail.
//!
//! All that is done once for each long turn, by a thread that ends after it. The report of the turn is out before.

#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64"),
    target_pointer_width = "64",
    not(gochan_asan)
))]
mod copy;

#[cfg(not(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64"),
    target_pointer_width = "64",
    not(gochan_asan)
)))]
mod copy {
    use super::Unseen;
    use crate::sched::stacks::text::Stack;
    use crate::sched::worker::Worker;

    pub(super) fn look(_: &'static Worker, _: u64, _: u32) -> Result<Stack, Unseen> {
        Err(Unseen::Platform)
    }
}

use crate::sched::outside::OwnedThread;
use crate::sched::report;
use crate::sched::worker::Worker;
use std::fmt;
use std::thread;

/// Why there is no stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "most are for the platforms where there is one")]
pub(super) enum Unseen {
    Platform,
    /// It has let others run meanwhile.
    Over,
    /// It runs on a stack that is not a goroutine's.
    Elsewhere,
    /// The program has a handler for the signal.
    SignalTaken,
    /// The signal is blocked on the thread, or the thread has no processor.
    NoAnswer,
    /// In this call to the system.
    InSystem(std::ffi::c_long),
    /// The system does not tell.
    Unknown,
}

impl fmt::Display for Unseen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unseen::Platform => f.write_str("not on this platform"),
            Unseen::Over => f.write_str("it has let others run"),
            Unseen::Elsewhere => f.write_str("it runs on a stack of its own making"),
            Unseen::SignalTaken => f.write_str("the program has a handler for SIGURG"),
            Unseen::NoAnswer => f.write_str("its thread does not take SIGURG"),
            Unseen::InSystem(call) => {
                write!(f, "it waits in system call {call}, which the look at its stack would end")
            }
            Unseen::Unknown => f.write_str("the system does not say what its thread does"),
        }
    }
}

/// Prints the stack of the goroutine `id`, which keeps the worker to itself in turn number `turn`. Returns at once.
pub(in crate::sched) fn tell(worker: &'static Worker, id: u64, turn: u32) {
    /// Address space, of which little is used.
    const STACK: usize = 8 << 20;
    let tell = move || {
        let _owned = OwnedThread::new();
        let whose = format!("goroutine {id}, which keeps worker {} to itself", worker.index());
        match copy::look(worker, id, turn) {
            Ok(stack) => report::print(&format!("gochan: {whose}, is in:\n{stack}")),
            Err(Unseen::Over) => {}
            Err(unseen) => report::print(&format!("gochan: no stack of {whose}: {unseen}\n")),
        }
    };
    // Without a thread there is no stack; the system has other troubles then.
    let _ = thread::Builder::new().name("gochan-stack".to_owned()).stack_size(STACK).spawn(tell);
}
