//! The stacks of goroutines, for dumps, the report of a deadlock and the report of a busy worker.
//!
//! # A goroutine that is switched out
//!
//! Its stack is complete and does not change, but only the saved registers tell where it ends, and only the switch
//! knows them. So the goroutine is resumed once more by its worker's thread, not to go on but to walk its own stack.
//! The word that holds its stack pointer has been set to null, and a goroutine that reads null after a switch calls
//! [`Visitor`](crate::sched::errands::Visitor) and switches out again. This check of a word that it has just written is
//! the only cost of stacks while they are not requested. [`Visitor`](crate::sched::errands::Visitor) returns to the
//! parent's stack, which has room, and from there walks the goroutine's own stack with the unwinder that panics use. So
//! the goroutine needs only a few hundred bytes and touches no page that it had not touched before; a stack without
//! even that much room is left alone.
//!
//! The goroutine's state does not change. It stays in its queue or with its owner, neither of which is accessed; a
//! thread that wakes it meanwhile pushes it into a queue that this same thread checks later. Its status, budget, spans
//! and wait are not touched, and no user code runs. No goroutine is marked as running.
//!
//! # Requests
//!
//! Any thread leaves an [`Order`](order::Order) at the desk of [errands](crate::sched::errands) of each worker. The
//! worker serves it between turns, for a fraction of a millisecond at a time, and sends each answer at once. It finds a
//! goroutine by the slot and the id in the order; the status tells whether that goroutine is still one of its own. A
//! worker that sends nothing for `PATIENCE` is not waited for: it is in a long turn, or its thread is not
//! scheduled.
//!
//! A goroutine that requests stacks is itself on a worker, and does not switch: it calls down to the stack of the
//! worker's loop and serves the orders of its own worker from there, its own orders included. It does so while it waits
//! for the other workers, since two goroutines may request from each other.
//!
//! On `Backend::Threads`, and for plain threads, the thread in question is unparked
//! ([`Doorbell`](crate::base::doorbell::Doorbell)). It finds that it has not been woken, walks its own stack and
//! continues to wait. A thread that does not wait in an operation of this crate is not asked.
//!
//! # Names
//!
//! Workers record return addresses only. Their functions and lines are looked up when the text is made ([`names`]), on
//! a thread with a stack of its own, and kept.
//!
//! # A goroutine that runs
//!
//! is shown in one case only, in the report of a goroutine that occupies its worker: see [`busy`].

pub(crate) mod busy;
mod collect;
mod frames;
mod names;
mod order;
mod own;
mod text;

pub(crate) use collect::{Detail, OfPlainThread, Which, collect, of_plain_threads};
pub(crate) use names::{Patience, learn};
pub use text::Stack;
