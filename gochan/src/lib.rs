//! Go's concurrency for Rust: goroutines, channels and what goes with them, in plain blocking code.
//!
//! ```
//! use gochan::prelude::*;
//!
//! #[gochan::main]
//! fn main() {
//!     let jobs = chan!(u64);
//!     let squares = chan!(u64, 4);
//!     let wg = WaitGroup::new();
//!
//!     for _ in 0..4 {
//!         wg.add(1);
//!         go!([jobs, squares, wg] {
//!             defer!(wg.done());
//!             for n in &jobs {
//!                 send!(squares <- n * n);
//!             }
//!         });
//!     }
//!     go!([jobs] {
//!         (1..=5).for_each(|n| send!(jobs <- n));
//!         close!(jobs);
//!     });
//!     go!([squares] {
//!         wg.wait();
//!         close!(squares);
//!     });
//!     assert_eq!(squares.iter().sum::<u64>(), 55);
//! }
//! ```
//!
//! **Macros speak Go; methods speak Rust.** [`go!`], [`chan!`](macro@chan), [`send!`], [`recv!`], [`close!`],
//! [`select!`](macro@select), [`defer!`] and [`with_context!`] behave as the Go statement they are named after, zero
//! values and panics included. Methods return `Option` and `Result`, are named as in std, and never panic on a closed
//! channel.
//!
//! # Goroutines
//!
//! A goroutine is a coroutine with a stack of its own: 256 KiB reserved, of which it commits what it touches, usually
//! 4 KiB. Goroutines run on one worker thread per core ([`runtime::Builder`]). Waiting on a channel, a [`WaitGroup`],
//! a [`JoinHandle`] or [`time::sleep`] parks the goroutine and lets its worker run others; what blocks the thread
//! itself, such as a slow file system, belongs into [`blocking`]. The same operations work from OS threads, where they
//! block the thread, and channels work from async tasks.
//!
//! # Safety
//!
//! Data races do not compile: what a goroutine owns is `Send`, what goroutines share is `Sync`. A started goroutine
//! never leaves its thread, so thread-locals and values that are not `Send` stay valid on its stack, across every
//! wait. A goroutine that waits while a panic unwinds holds its worker instead of switching.
//!
//! Goroutines of one worker share its thread-locals, and take turns where they wait. Two things must therefore not
//! happen while a goroutine waits, and no library can see them:
//!
//! * waiting **inside the lazy initialiser of a `thread_local!`**: another goroutine of the worker may run the
//!   initialiser, too, and the reference that one of them gets is then dropped under it;
//! * waiting **inside a scoped thread-local**, such as `scoped_tls::ScopedKey::set`: scopes of two goroutines then
//!   end in the wrong order.
//!
//! Whoever needs the strict guarantee, or uses code that may do either, runs on
//! [`Backend::Threads`](runtime::Backend::Threads) (`GOCHAN_BACKEND=threads`): every goroutine on a thread of its own,
//! everything else the same.
//!
//! # Features
//!
//! * `tracing`: each goroutine runs in a span of its own, `goroutine` with its id, name and spawn place, so that events
//!   tell who made them. A guard of another span that a goroutine holds while it waits stays entered on its worker's
//!   thread meanwhile; enter spans around what does not wait.
//! * `tokio-util`: contexts from and to cancellation tokens.
//!
//! # Forking
//!
//! Worker threads do not survive a `fork`. In a forked child every spawn panics and says so; `exec` a program instead.
//!
//! # Platforms
//!
//! Linux on x86-64 is what is tested and measured. Coroutines need a Unix with `mmap` and an architecture that
//! `corosensei` supports.

#[macro_use]
mod macros;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
pub mod chan;
pub mod context;
pub mod patterns;
pub mod prelude;
pub mod runtime;
mod sched;
mod select;
mod shim;
pub mod signal;
mod stack;
pub mod sync;
pub mod test;
pub mod time;

pub use chan::{Chan, Receiver, Sender};
pub use context::Context;
pub use gochan_macros::{main, test};
pub use sched::blocking::blocking;
pub use sched::place::Placement;
pub use sched::scope::{Scope, ScopedJoinHandle, scope};
pub use sched::spawn::{Builder, JoinHandle};
pub use select::{RecvArm, Select, Selected, SendArm, WaitAsync};
pub use sync::WaitGroup;
