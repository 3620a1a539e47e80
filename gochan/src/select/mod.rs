//! Choosing among channel operations: the engine of [`select!`](macro@crate::select), and [`Select`] for sets that are
//! known only at run time.
//!
//! A select waits until one of its operations can be completed, completes that one, and leaves no trace on the
//! others. Among several that are ready the choice is uniformly random. Two selects that face each other over
//! unbuffered channels meet.
//!
//! # Cost
//!
//! Arms that are looked at before a ready one is found cost a few loads each; no channel but the chosen one is
//! locked. A select that must wait locks all its channels once, in the order of their addresses, and each once more
//! when it leaves. Nothing is allocated for `select!`; what it needs is on the stack.

mod arm;
mod choice;
mod dynamic;
mod engine;
mod poll;
mod run;
mod slot;

pub use dynamic::{RecvArm, Select, Selected, SendArm, WaitAsync};

/// What `select!` expands to.
pub mod private {
    pub use super::arm::{Arm, Lvalue, RecvSlot, SendSlot, pair, recv, send, send_place};
    pub use super::choice::{Chosen, IfBlocked, Order};
    pub use super::run::{Moving, for_ever, run};
}
