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
//! # From Go
//!
//! | Go | here |
//! |---|---|
//! | `go f(x)`, `go func() { … }()` | [`go!`]`(f(x))`, `go!({ … })`; its [`JoinHandle`] has the result, or the panic |
//! | `make(chan T, n)`, `chan<- T`, `<-chan T` | [`chan!`](macro@chan)`(T, n)`, [`Sender`], [`Receiver`] |
//! | `ch <- v`, `v, ok := <-ch`, `close(ch)` | [`send!`], [`recv!`], [`close!`], and the methods of [`Chan`] |
//! | `for v := range ch` | `for v in &ch` |
//! | `select`, `reflect.Select` | [`select!`](macro@select), [`Select`] |
//! | `defer f()` | [`defer!`], at the end of the block |
//! | `sync`, `sync/atomic`, `errgroup`, `singleflight`, `semaphore` | [`sync`] |
//! | `context` | [`context`], [`with_context!`] |
//! | `time`, `os/signal` | [`time`], [`signal`] |
//! | `runtime`, `runtime/metrics`, `go tool trace` | [`runtime`] |
//! | `testing/synctest`, the race detector | [`test`](mod@test): virtual time, exploration of interleavings |
//!
//! The modules say more. The documentation's search finds Go's names, such as `time.NewTicker`.
//!
//! # When it does not compile
//!
//! A goroutine owns what it names, and may outlive the function that starts it. What Go finds out with its race
//! detector, or not at all, is an error here:
//!
//! * **borrow of moved value** (E0382): a goroutine has taken the variable along. Handles are cheap to clone: name them
//!   in the list, `go!([ch, wg] { … })`, or write `f(ch.clone())` in a call.
//! * **`self` escapes**, **does not live long enough** (E0521, E0597): the goroutine borrows. Give it a clone of the
//!   field, `go!([jobs = self.jobs] { … })`, share by `Arc`, or start it in a [`scope`], which waits for it.
//! * **cannot be sent between threads safely** (E0277): an `Rc`, a `Cell`, a guard of a lock. Use `Arc`, an atomic or a
//!   [`sync::Mutex`]; or make the value inside of the goroutine, where it stays on one thread.
//! * **has no zero value** (E0277): Go's receive yields one once the channel is closed. Derive `Default`, or take an
//!   `Option`: `ch.recv()`, or `Some(v) = <-ch` in [`select!`](macro@select). The times of a ticker have none:
//!   `ticker.channel().recv()`.
//! * **expected `()`, found `JoinHandle`** (E0308): `go!` has a value, also at the end of a block or of an arm. End it
//!   with `;`.
//! * **expected expression, found `let` statement**: [`defer!`] is a statement, and ends with `;`.
//! * **expected function, found `CancelHandle`** (E0618): `cancel.cancel()`, or nothing at all, since the last handle
//!   cancels when it is dropped.
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

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}

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
