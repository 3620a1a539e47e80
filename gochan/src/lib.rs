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
//! | `runtime`, `runtime/metrics`, `runtime/pprof`, `go tool trace` | [`runtime`] |
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
//! never leaves its thread, and the thread does not end before it, so thread-locals and values that are not `Send` stay
//! valid on its stack, across every wait. A goroutine that waits while a panic unwinds holds its worker instead of
//! switching.
//!
//! One thing no compiler checks. The goroutines of a worker share its thread, and with it everything that is kept for each
//! thread. Code that relies on having the thread to itself from one statement to a later one breaks if a goroutine waits in
//! between, because another goroutine then runs the same code on the same thread. **Do not wait**:
//!
//! * **In the lazy initialiser of a `thread_local!`.** Another goroutine runs the initialiser as well, and the value that one
//!   of them refers to is dropped: undefined behaviour.
//! * **Inside of anything else that is nested for each thread.** A scope that is entered and left: `scoped_tls`'s
//!   `ScopedKey::set`, `critical_section::with`, `second_stack`, the attach guards of PyO3 and JNI, an executor's
//!   `block_on`, the guard of a tracing span without the feature `tracing`. The scopes of two goroutines end in the wrong
//!   order. What follows depends on the crate: a panic, two goroutines in one critical section, references to memory that
//!   belongs to somebody else.
//! * **While you hold a lock of std or `parking_lot`.** No undefined behaviour, but another goroutine of the worker that
//!   wants the lock blocks the thread for ever. The locks in [`sync`] park the goroutine instead.
//!
//! **What does not wait does not switch.** Other goroutines of the worker run only where one waits. Operations that may
//! wait, such as a send, a receive or [`select!`](macro@select), count as a wait even if they need not: after some hundred in
//! a row they let others run. An operation that is documented as never waiting (`try_send`, `len`, `close`, a poll of a
//! future, cloning and dropping handles, an uncontended lock, [`sync::Map`], [`sync::atomic`], …) never switches. There are
//! five exceptions. [`runtime::gosched`] is for nothing else. [`select!`](macro@select) with `default`,
//! [`Context::err`](context::Context::err) and [`check`](context::Context::check), and [`go!`], which loops live on, let
//! others run once the goroutine has had its worker for 10 ms, and not inside of a `thread_local!` initialiser or of
//! another scope that is recognised. A loop over any other operation holds its worker; if
//! others wait for the worker, this is reported after a second.
//!
//! How such a wait is found:
//!
//! * Builds with debug assertions, and tests under [`#[gochan::test]`](mod@test), look at the stack when a goroutine is about
//!   to switch. They end the process with a message if the stack is inside of an initialiser or of a scope named above that
//!   is a function. Guards, such as a span's, are not on the stack and not seen; nor is anything in an executable without
//!   symbols, or elsewhere than on Linux.
//! * `cargo gochan-lint` reports `thread_local_across_blocking` and `guard_across_blocking`.
//!
//! What to do about it: wait first, and enter the scope or touch the thread-local with the result; or make the value
//! without waiting (`const { … }`, an empty `RefCell` that is filled later). A program that cannot be changed runs on
//! [`Backend::Threads`](runtime::Backend::Threads) (`GOCHAN_BACKEND=threads`): every goroutine has a thread of its own, and
//! everything else is the same.
//!
//! C code that a goroutine calls needs room on the stack: [C code](runtime::Builder#c-code).
//!
//! # Features
//!
//! * `tracing`: each goroutine runs in a span of its own, `goroutine` with its id, name and spawn place, so that events
//!   tell who made them. The current span is the goroutine's: spans that it has entered are left when another goroutine runs
//!   on the worker, and entered again when it goes on, so that `#[instrument]` and `span.enter()` may be around a wait. This
//!   needs a subscriber that tells its current span, as those of `tracing-subscriber` do; with others only the goroutine's own
//!   span is followed.
//! * `tokio-util`: contexts from and to cancellation tokens.
//! * `pprof`: profiles of goroutines for `go tool pprof`, compressed by `flate2`.
//!
//! # Forking
//!
//! Of all threads only the one that calls `fork` exists in the child. So the child is for an `exec`, or for what needs no
//! goroutines: the goroutine that forked goes on there alone.
//!
//! * None of the others runs, also not those that it wakes, and no timer fires. Every spawn panics and says so.
//! * What yields returns at once, and [`blocking`] calls its closure right there. A wait ends the process with exit code 2
//!   and a message that names the operation and its place.
//! * When the main goroutine returns, the process exits with what it has returned; when another goroutine ends, with 0,
//!   or 101 if it has panicked.
//! * What another goroutine was using at the moment of the fork, such as a channel, may stay locked. The process ends
//!   then, too, and says so.
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
mod callback;
pub mod chan;
pub mod context;
mod diag;
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
