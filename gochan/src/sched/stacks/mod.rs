//! The stacks of goroutines, for those who look on: dumps, the report of a deadlock, the report of a busy worker.
//!
//! # A goroutine that is switched out
//!
//! Its stack is whole and does not change, but only the saved registers say where it ends, and they are known to the switch
//! alone. So the goroutine is resumed once more, by its worker's thread, not to go on but to look at itself: the word that
//! says about where its stack pointer is has been set to null, and a goroutine that finds it so after a switch calls
//! [`shown`] and switches out again. That look at a word that it has just written is all that stacks cost while nobody asks
//! for them. [`shown`] returns to its parent's stack, on which there is room, and walks from there over the goroutine's own
//! stack, by the unwinder that panics use. So the goroutine needs no more than some hundred bytes and touches no page that
//! it had not touched before; a stack without even that is left alone.
//!
//! To the goroutine nothing has happened. It stays in the queue or with the owner that it was with, since neither is looked
//! at; whoever wakes it meanwhile pushes it into a queue that the same thread will look at later. Its status, its budget,
//! its spans and its wait are not touched, and no code of the user runs. Nobody is marked as running.
//!
//! # Who asks
//!
//! Any thread leaves an [`Order`](order::Order) at the [`Desk`](order::Desk) of each worker. The worker serves it between
//! turns, for a fraction of a millisecond at a time, and sends each answer at once. It finds a goroutine by the slot and the
//! id that the order names: whether that is still one of its own, its status says. A worker that sends nothing for
//! [`PATIENCE`](collect) is not waited for: it is in a long turn, or its thread has no processor.
//!
//! A goroutine that asks is on a worker itself, and does not switch: it calls down to the stack of the worker's loop, and
//! serves the orders of its own worker from there, its own among them. It does so for as long as it waits for the others,
//! two of which may ask each other.
//!
//! On `Backend::Threads`, and for plain threads, the one to be looked at is unparked ([`Bell`](bell::Bell)). It finds that it
//! has not been woken, looks at itself and waits on. What does not wait in an operation of this crate is not asked.
//!
//! # Names
//!
//! Workers note return addresses only. Their functions and lines are looked up when the text is made ([`names`]), on a thread
//! with a stack of its own, and kept.
//!
//! # A goroutine that runs
//!
//! is shown in one case only, in the report of a goroutine that keeps its worker to itself: see [`busy`].

mod bell;
pub(super) mod busy;
mod collect;
mod frames;
mod names;
mod order;
mod text;

pub(super) use bell::Bell;
pub(super) use collect::{OfPlainThread, Which, collect, of_plain_threads};
pub(super) use names::{Patience, learn};
pub(super) use order::{Desk, Order, Showing, serve, shown};
pub use text::Stack;
