//! Go's concurrency for Rust: goroutines, channels and related tools, in plain blocking code.
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
//! [`select!`](macro@select), [`defer!`] and [`with_context!`] behave like the Go statements they are named after,
//! including zero values and panics. Methods return `Option` and `Result`, are named as in std, and never panic on a
//! closed channel.
//!
//! # From Go
//!
//! | Go | here |
//! |---|---|
//! | `go f(x)`, `go func() { … }()` | [`go!`]`(f(x))`, `go!({ … })`; the [`JoinHandle`] returns the result or the panic |
//! | `make(chan T, n)`, `chan<- T`, `<-chan T` | [`chan!`](macro@chan)`(T, n)`, [`Sender`], [`Receiver`] |
//! | `ch <- v`, `v, ok := <-ch`, `close(ch)` | [`send!`], [`recv!`], [`close!`], and the methods of [`Chan`] |
//! | `for v := range ch` | `for v in &ch` |
//! | `select`, `reflect.Select` | [`select!`](macro@select), [`Select`] |
//! | `defer f()` | [`defer!`], at the end of the block |
//! | `sync`, `sync/atomic`, `errgroup`, `singleflight`, `semaphore` | [`sync`] |
//! | `context` | [`context`], [`with_context!`] |
//! | `time`, `os/signal` | [`time`], [`signal`] |
//! | `os`, `os/exec`, `bufio.Scanner` | [`fs`], [`process`], [`io`] |
//! | `runtime`, `runtime/metrics`, `runtime/pprof`, `go tool trace` | [`runtime`] |
//! | `testing/synctest`, the race detector | [`test`](mod@test): virtual time, exploration of interleavings |
//!
//! The modules have longer tables. The search of this documentation finds Go's names, such as `time.NewTicker`.
//!
//! # When it does not compile
//!
//! A goroutine owns the variables that it names, and may outlive the function that starts it. Mistakes that Go finds
//! with its race detector, or not at all, do not compile here:
//!
//! * **borrow of moved value** (E0382): a goroutine has taken the variable. Handles are cheap to clone: name them in
//!   the list, `go!([ch, wg] { … })`, or write `f(ch.clone())` in a call.
//! * **`self` escapes**, **does not live long enough** (E0521, E0597): the goroutine borrows. Give it a clone of the
//!   field, `go!([jobs = self.jobs] { … })`, share the value with an `Arc`, or start the goroutine in a [`scope`],
//!   which waits for it.
//! * **cannot be sent between threads safely** (E0277): an `Rc`, a `Cell`, or a lock guard. Use `Arc`, an atomic or a
//!   [`sync::Mutex`]; or make the value inside the goroutine, where it stays on one thread.
//! * **has no zero value** (E0277): Go's receive yields a zero value once the channel is closed. Derive `Default`, or
//!   use an `Option`: `ch.recv()`, or `Some(v) = <-ch` in [`select!`](macro@select).
//! * **expected `()`, found `JoinHandle`** (E0308): `go!` has a value, even at the end of a block or an arm. End it
//!   with `;`.
//! * **expected expression, found `let` statement**: [`defer!`] is a statement and ends with `;`.
//! * **expected function, found `CancelHandle`** (E0618): write `cancel.cancel()`, or nothing, since dropping the last
//!   handle cancels.
//!
//! # Goroutines
//!
//! A goroutine is a coroutine with its own stack: 256 KiB are reserved, of which the touched pages are committed,
//! usually 4 KiB. Goroutines run on one worker thread per core ([`runtime::Builder`]). Waiting on a channel, a
//! [`WaitGroup`], a [`JoinHandle`] or [`time::sleep`] parks the goroutine and lets its worker run others; calls that
//! block the thread itself, such as access to a slow file system, belong in [`blocking`], and [`block_on`] waits for a
//! future. The same operations work from OS threads, where they block the thread, and channels work from async tasks.
//!
//! # Safety
//!
//! Data races do not compile: values that a goroutine owns are `Send`, and values that goroutines share are `Sync`. A
//! started goroutine never leaves its thread, and the thread does not end before it, so references to thread-locals and
//! values that are not `Send` stay valid on its stack across every wait. A goroutine that waits while a panic unwinds
//! blocks its worker instead of switching.
//!
//! The compiler does not check one thing. The goroutines of a worker share its thread, and with it all per-thread
//! state. Code that relies on having the thread to itself between two statements breaks if a goroutine waits in
//! between, because another goroutine may then run the same code on the same thread. **Do not wait**:
//!
//! * **In the lazy initialiser of a `thread_local!`.** Another goroutine may run the initialiser as well, and the value
//!   to which one of them refers is dropped: undefined behaviour.
//! * **Inside any other scope that is nested per thread.** For example `scoped_tls`'s `ScopedKey::set`,
//!   `critical_section::with`, `second_stack`, the attach guards of PyO3 and JNI, an executor's `block_on`, the guard
//!   of a tracing span without the feature `tracing`. The scopes of two goroutines may end in the wrong order. The
//!   consequences depend on the crate: a panic, two goroutines in one critical section, or dangling references.
//! * **While holding a lock of std or `parking_lot`.** This is not undefined behaviour, but another goroutine of the
//!   worker that wants the lock blocks the thread forever; a send into a buffer with room counts as a wait here. The
//!   goroutine that blocks is reported, with its stack, after a second
//!   ([`stuck_after`](runtime::Builder::stuck_after)). The locks in [`sync`] park the goroutine instead.
//!
//! **Operations that never wait do not switch.** Other goroutines of the worker run only when one waits. Operations
//! that may wait, such as a send, a receive or [`select!`](macro@select), count as a wait even when they need not wait:
//! after a few hundred in a row they yield. An operation that is documented as never waiting (`try_send`, `len`,
//! `close`, a poll of a future, cloning and dropping handles, an uncontended lock, [`sync::Map`], [`sync::atomic`], …)
//! never switches. The exceptions: [`runtime::gosched`] exists to yield. [`select!`](macro@select) with `default`,
//! [`Select::try_wait`], [`Context::err`](context::Context::err), [`check`](context::Context::check) and
//! [`cause`](context::Context::cause), and [`go!`], which programs call in loops, yield once the goroutine has run for
//! 10 ms, but only where the stack shows that no `thread_local!` initialiser and no other recognised scope is being
//! executed. It does not show that in an executable without symbols (`strip = true`), on systems other than Linux, while
//! a function that uses a thread-local of the program's own is on the stack if the compiler has inlined that use (on
//! processors other than x86-64: in any program with thread-locals of its own), and below a shared library. There, these
//! loops keep their worker, as a loop over any other operation does. If other goroutines wait for the worker, this is
//! reported after a second, with the operation and its line.
//!
//! How gochan finds such waits:
//!
//! * Builds with debug assertions, and tests under [`#[gochan::test]`](mod@test), check the stack when a goroutine is
//!   about to switch. They end the process with a message if the stack is inside an initialiser or a scope named above
//!   that is a function. A function that the compiler has inlined, as optimised builds do with small scopes and some
//!   initialisers, is not found. Guards, such as a span's or those of PyO3 and JNI, are not on the stack and are not
//!   found; nor is anything in an executable without symbols, or on systems other than Linux.
//! * `cargo gochan-lint` reports `thread_local_across_blocking` and `guard_across_blocking`.
//!
//! The remedy: wait first, and then enter the scope or access the thread-local with the result; or make the value
//! without waiting (`const { … }`, or an empty `RefCell` that is filled later); or make it a
//! [goroutine-local](macro@runtime::local) value, whose initialiser may wait. A program that cannot be changed can
//! run on [`Backend::Threads`](runtime::Backend::Threads) (`GOCHAN_BACKEND=threads`): every goroutine then has its own
//! thread, and everything else is the same. Or it can run on [virtual threads](runtime#virtual-threads)
//! (`GOCHAN_BACKEND=virtual`), where each goroutine has thread-locals of its own.
//!
//! C code that a goroutine calls needs room on the stack: see [C code](runtime::Builder#c-code).
//!
//! # Features
//!
//! * `symbols`, on by default: stacks, as in dumps, show names and lines. Without it (`default-features = false`) seven
//!   crates fewer are built, and stacks show addresses in the form `module+0x1234`, which `addr2line` looks up.
//! * `tracing`: each goroutine runs in its own span, `goroutine` with its id, name and spawn place, so that events show
//!   which goroutine made them. The current span belongs to the goroutine: spans that it has entered are exited when
//!   another goroutine runs on the worker, and entered again when it continues, so `#[instrument]` and `span.enter()`
//!   may surround a wait. This needs a subscriber that reports its current span, as those of `tracing-subscriber` do;
//!   with others, only the goroutine's own span is followed.
//! * `tokio`: `gochan::tokio::block_on` waits for futures that need a runtime of tokio, so that libraries such as `reqwest`
//!   work in goroutines.
//! * `tokio-util`: conversion between contexts and cancellation tokens.
//! * `futures-sink`: `Sender::sink`, a channel as a `Sink` of async code.
//! * `virtual`: [`Backend::Virtual`](runtime::Backend::Virtual), on which each goroutine has thread-locals of its own.
//! * `pprof`: profiles of goroutines for `go tool pprof`, compressed by `flate2`.
//!
//! # Forking
//!
//! In the child, only the thread that called `fork` exists. So use the child for an `exec`, or for code without
//! goroutines: the goroutine that forked continues there alone.
//!
//! * No other goroutine runs, not even one that it wakes, and no timer fires. Every spawn panics with a message that
//!   says so.
//! * Operations that yield return at once, and [`blocking`] calls its closure on the same thread. A wait ends the
//!   process with exit code 2 and a message that names the operation and its place.
//! * When the main goroutine returns, the process exits with its result; when another goroutine ends, with 0, or 101 if
//!   it panicked.
//! * An object that another goroutine was using at the moment of the fork, such as a channel, may stay locked. Using it
//!   then ends the process with a message.
//!
//! # Platforms
//!
//! Tested and measured on Linux on x86-64; what is known of others is in the README. Coroutines need a Unix and an
//! architecture that `corosensei` supports; elsewhere goroutines run on
//! [`Backend::Threads`](runtime::Backend::Threads). Kernels and limits: [here](runtime#stacks-kernels-and-limits).

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

#[macro_use]
mod macros;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod base;
pub mod chan;
pub mod context;
mod diag;
#[cfg(unix)]
pub mod fs;
#[cfg(all(feature = "virtual", target_os = "linux", target_arch = "x86_64", target_env = "gnu"))]
mod futex;
#[cfg(unix)]
pub mod io;
mod knots;
#[cfg(unix)]
pub mod net;
mod own_tls;
pub mod patterns;
mod points;
mod poll;
pub mod prelude;
#[cfg(unix)]
pub mod process;
pub mod runtime;
mod sched;
mod select;
mod shim;
#[cfg(unix)]
pub mod signal;
mod spawn;
mod stack;
pub mod sync;
pub mod test;
pub mod time;
#[cfg(feature = "tokio")]
pub mod tokio;

pub use base::placement::Placement;
pub use chan::{Chan, Receiver, Sender};
pub use context::Context;
pub use gochan_macros::{main, test};
pub use select::{RecvArm, Select, Selected, SendArm, WaitAsync};
pub use spawn::block_on::block_on;
pub use spawn::blocking::blocking;
pub use spawn::builder::Builder;
pub use spawn::join::JoinHandle;
pub use spawn::join_future::JoinFuture;
pub use spawn::scope::{Scope, ScopedJoinHandle, scope};
pub use sync::WaitGroup;
