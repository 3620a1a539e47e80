//! The stack of a goroutine that runs and occupies its worker.
//!
//! Such a goroutine cannot be asked to walk its own stack. A signal could make its thread do so, but a handler may not
//! unwind: the unwinder takes locks that the thread may hold, and follows arbitrary values where assembly code does not
//! describe its frames. So the stack is first *copied*: the thread's registers and the part of its stack that belongs
//! to the goroutine, which is certainly mapped. Then another thread walks the copy (`copy/unwind`), by the descriptions
//! that the executable has for its unwinder. There, wrong descriptions lead outside the copy, and the walk ends.
//!
//! There are two ways to get a copy.
//!
//! * A thread that waits in a system call is not touched (`copy/waiting`): the kernel reports its position and its
//!   stack pointer, and reads the stack. The other registers are unknown; most functions do not need them.
//! * A thread that runs is interrupted by SIGURG, which Go uses for the same purpose because it is ignored by default
//!   and harmless when it arrives too late (`copy/interrupt`). The handler makes the copy, and is installed for that
//!   time only. If the program has its own handler for SIGURG, the goroutine is left alone. A waiting thread is
//!   interrupted if its stack could not be walked otherwise, but only in calls that continue after a signal: `poll`,
//!   and a receive with a timeout, would fail.
//!
//! This is done once for each long turn, by a thread that then ends. The report of the turn is printed before.

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
    use crate::diag::stacks::busy::Unseen;
    use crate::diag::stacks::text::Stack;
    use crate::sched::worker::Worker;

    pub(crate) fn look(_: &'static Worker, _: u64, _: u32) -> Result<Stack, Unseen> {
        Err(Unseen::Platform)
    }
}

use crate::base::actors::OwnedThread;
use crate::base::report;
use crate::sched::worker::Worker;
use std::fmt;
use std::thread;

/// Why there is no stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "most are for the platforms where there is one")]
pub(crate) enum Unseen {
    Platform,
    /// It has let others run meanwhile.
    Over,
    /// It runs on a stack that does not belong to a goroutine.
    Elsewhere,
    /// The program has a handler for the signal.
    SignalTaken,
    /// The signal is blocked on the thread, or the thread is not scheduled.
    NoAnswer,
    /// In this call to the system.
    InSystem(std::ffi::c_long),
    /// The system does not provide the information.
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

/// Prints the stack of the goroutine `id`, which occupies the worker in turn number `turn`. Returns at once.
pub(crate) fn tell(worker: &'static Worker, id: u64, turn: u32) {
    /// Address space, of which little is used.
    const STACK: usize = 8 << 20;
    let tell = move || {
        let _owned = OwnedThread::new();
        let whose = format!("goroutine {id}, which keeps worker {} to itself", worker.index());
        match copy::look(worker, id, turn) {
            Ok(stack) => {
                let stack = stack.to_string();
                let remedy = executor_in(&stack).map(remedy_of_executor).unwrap_or_default();
                report::print(&format!("gochan: {whose}, is in:\n{stack}{remedy}"));
            }
            Err(Unseen::Over) => {}
            Err(unseen) => report::print(&format!("gochan: no stack of {whose}: {unseen}\n")),
        }
    };
    // If no thread can be started, no stack is printed; the system has more serious problems then.
    let _ = thread::Builder::new().name("gochan-stack".to_owned()).stack_size(STACK).spawn(tell);
}

/// The crate whose `block_on` is on a displayed stack, unless it is this one.
fn executor_in(stack: &str) -> Option<&str> {
    stack.lines().find_map(|line| {
        let name = line.trim().split(" at ").next()?.trim_start_matches(['<', '&']);
        let (owner, path) = name.split_once("::")?;
        let is_block_on = path.split("::").any(|part| part.trim_end_matches('>') == "block_on");
        (is_block_on && owner != "gochan").then_some(owner)
    })
}

fn remedy_of_executor(owner: &str) -> String {
    let remedy = match owner {
        "tokio" => "gochan::tokio::block_on(future), with the feature `tokio`,",
        _ => "gochan::block_on(future)",
    };
    format!(
        "    this is `block_on` of `{owner}`, which blocks the worker's thread until its future is ready; {remedy} parks the \
         goroutine only\n"
    )
}

#[cfg(test)]
mod tests {
    use crate::diag::stacks::busy::*;

    #[test]
    fn an_executor_is_known_by_the_name_of_its_function() {
        let stacks = [
            (
                "        pollster::block_on at src/lib.rs:1:2\n        app::main at src/main.rs:1:2\n",
                Some("pollster"),
            ),
            (
                "        std::thread::park\n        <tokio::runtime::Runtime>::block_on at x.rs:1:1\n",
                Some("tokio"),
            ),
            ("        futures_executor::local_pool::block_on::{closure#0}\n", Some("futures_executor")),
            ("        gochan::tokio::block_on at src/tokio.rs:1:2\n        app::main\n", None),
            ("        app::block_on_it at src/block_on.rs:1:2\n", None),
            ("        0x1234\n", None),
        ];
        for (stack, executor) in stacks {
            assert_eq!(executor_in(stack), executor, "{stack}");
        }
        assert!(remedy_of_executor("tokio").contains("gochan::tokio::block_on"));
    }
}
