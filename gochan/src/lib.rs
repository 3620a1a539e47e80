//! Go's concurrency for Rust.

#[macro_use]
mod macros;

pub mod chan;
pub mod prelude;
#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
pub mod runtime;
mod sched;
mod shim;
mod stack;
pub mod sync;
pub mod time;

pub use chan::{Chan, Receiver, Sender};
pub use gochan_macros::main;
pub use sched::blocking::blocking;
pub use sched::place::Placement;
pub use sched::scope::{Scope, ScopedJoinHandle, scope};
pub use sched::spawn::{Builder, JoinHandle};
pub use sync::WaitGroup;
