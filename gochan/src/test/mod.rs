//! Tests of code that uses goroutines: what [`#[gochan::test]`](macro@crate::test) does, and what a test can query.
//!
//! ```
//! use gochan::prelude::*;
//! #[gochan::test]
//! fn workers_answer() {
//!     let (jobs, answers) = (chan!(u32), chan!(u32));
//!     go!([jobs, answers] {
//!         for job in &jobs {
//!             send!(answers <- job * 2);
//!         }
//!     });
//!     send!(jobs <- 21);
//!     assert_eq!(recv!(answers), 42);
//!     close!(jobs); // without this line: "1 goroutine has leaked", with the lines of its spawn and of its wait
//! }
//! ```
//!
//! # What fails a test
//!
//! The body runs as a goroutine. Apart from a panic of the body or an error that it returns, the test fails
//!
//! * if a goroutine that descends from the body is left when the body has returned and the others had a second to end;
//! * if such a goroutine panics and is never joined;
//! * if all of them wait, and nothing is left that could wake one: a deadlock;
//! * if some of them wait for each other, by locks, joins, initialisers, scopes or
//!   [`WaitGroup::go`](crate::WaitGroup::go), so that they can never go on, whatever the others do;
//! * after its timeout, 60 seconds unless the attribute says otherwise.
//!
//! The message says where each goroutine was spawned, and where it waits for what. Tests run in parallel in one
//! process: each has its own workers, so one test's goroutines are never another's. Goroutines that a plain thread
//! spawns belong to no test.
//!
//! # Arguments
//!
//! | argument | |
//! |---|---|
//! | `virtual_time` | time passes only when all wait; see below |
//! | `explore = runs` | this many interleavings, in virtual time; see below |
//! | `explore = "all"` | every interleaving, in virtual time; see below |
//! | `limit = interleavings` | with `explore = "all"`: the test fails if there are more; 100,000 unless given |
//! | `jumps = count` | with `explore`: how often in a run time may pass although goroutines can run; 3 times unless
//! given, by a second in all; 0: never |
//! | `timeout = "5s"` | how long the test may take in real time, in `ms`, `s`, `m` or `h`; the variable `GOCHAN_TEST_TIMEOUT` overrides it, and may be `off` |
//! | `allow = ["name", "src/pool.rs"]` | goroutines that may be left: by name, or by the file, or `file:line`, of their spawn |
//! | `stack_size = bytes` | the body's stack; 8 MiB unless given |
//! | `crate = path` | where gochan is, if not a direct dependency |
//!
//! `#[should_panic]`, `#[ignore]` and return types such as `Result<(), E>` work as for `#[test]`, which the attribute
//! includes.
//!
//! # Virtual time
//!
//! With `#[gochan::test(virtual_time)]` the goroutines of the test have a clock of their own, which stands still while
//! any of them can run. Once all wait, it jumps to the next deadline: of a sleep, a timer, a ticker, a timeout, a
//! context. So the effect of a ten-minute timeout is known in a millisecond, and to the nanosecond. Equal deadlines
//! strike in the order in which they were set. Events that are due at once, such as `after_func` with a time of zero,
//! need no jump: they happen before [`wait`] returns. It is Go's `testing/synctest`.
//!
//! A goroutine that polls again and again, with [`gosched`](crate::runtime::gosched), `default` or
//! [`Context::err`](crate::context::Context::err), counts as waiting after some thousands of polls in which nothing
//! else has happened: the event that it polls for may come with time. A loop that calls nothing of gochan's, or only
//! operations that never let others run, such as `try_recv`, does not end; in explorations these count as polls as
//! well.
//!
//! ```
//! use gochan::prelude::*;
//! use gochan::time;
//! use std::time::Duration;
//!
//! #[gochan::test(virtual_time)]
//! fn an_answer_that_does_not_come_is_given_up() {
//!     let answer = chan!(u32);
//!     let start = time::now();
//!     assert!(answer.recv_timeout(Duration::from_secs(600)).is_err());
//!     assert_eq!(time::now() - start, Duration::from_secs(600));
//! }
//! ```
//!
//! [`wait`] returns when every other goroutine waits. [`time::now`](crate::time::now) reads the test's clock; std's
//! clock goes on as usual. Time stops when the body returns: goroutines still waiting then, even for a deadline, count
//! as left. So the body waits for goroutines that sleep, or ends them.
//!
//! # Exploration
//!
//! Most bugs of concurrent programs show in few of the orders in which things can happen. `#[gochan::test(explore =
//! 500)]` runs the body 500 times, each time in another order drawn from a seed. Goroutines switch before and after
//! every operation on a channel, a lock, a timer, a context or anything else of [`sync`](crate::sync), around a spawn,
//! and in the choice of a `select!`. The first run that panics, leaves goroutines or deadlocks fails the test, and is
//! reported step by step:
//!
//! ```text
//! all goroutines of the test are asleep - deadlock!
//!     goroutine 1 `lost_wake_up`: waits in chan receive at tests/wake.rs:12:9
//!         spawned at tests/wake.rs:4:4
//! interleaving 7 of 500, seed 239121027452521, shrunk from 12 switches to 1
//! what happened, in this order:
//!     step  goroutine
//!        1          1  begins
//!        2          1  go at tests/wake.rs:6:5, starts goroutine 2
//!        3          1  is_empty at tests/wake.rs:11:12
//!        4          2  begins
//!        5          2  try_send at tests/wake.rs:8:21
//!        6          2  ends
//!        7          1  waits in chan receive at tests/wake.rs:12:9
//! to see it again: GOCHAN_SEED=239121027452521 cargo test lost_wake_up
//! ```
//!
//! # Time in an exploration
//!
//! In real time a goroutine may be delayed anywhere, for longer than another one waits. So in an exploration the clock
//! may jump to the next deadline at any operation, although goroutines can run: then a timeout strikes before an answer
//! that is on its way, a ticker ticks before its last tick was taken, and a sleep ends before the event that it was
//! meant to wait for. This happens at most three times in each run, and never in some of them, and the jumps of a run
//! add up to at most a second: a program may have timeouts of minutes that guard quick operations. `jumps = 5` allows
//! five, of any length; with `jumps = 0` time passes only when all wait, as in virtual time. Events that are due at
//! once come at any operation.
//!
//! A test that compares times, or relies on a timeout of up to a second not to strike, should set `jumps = 0`:
//!
//! ```
//! use gochan::prelude::*;
//! use std::time::Duration;
//!
//! #[gochan::test(explore = 200, jumps = 0)]
//! fn the_answer_comes_in_time() {
//!     let answer = chan!(u32, 1);
//!     go!([answer] { send!(answer <- 42) });
//!     assert_eq!(answer.recv_timeout(Duration::from_millis(5)), Ok(42));
//! }
//! ```
//!
//! Time does not pass while a goroutine is in [`wait`]. After the end of the body it passes for as long as jumps have
//! delayed the others; goroutines that wait longer are left.
//!
//! # Runs that do not end
//!
//! Each goroutine that can run gets turns, even if others keep each other busy, and in a run of many thousand steps
//! time passes, whatever `jumps` says. So loops that continue until they are stopped, or until a context ends, do end.
//! A run of a million steps is given up and fails: its goroutines may never stop communicating. Whether they would have
//! ended after more steps cannot be decided; if so, the test is too large for an exploration.
//!
//! # Seeds
//!
//! `GOCHAN_SEED` runs that one interleaving and no other. The same test sees the same interleavings each time. Half of
//! them draw anew at each step; the other half run goroutines by priorities that change at few steps, which finds bugs
//! that a draw at each step hardly ever finds.
//!
//! `GOCHAN_EXPLORE` changes all explorations, for instance those of a nightly run. It is a number of interleavings, such
//! as `GOCHAN_EXPLORE=100000`, or a list such as `GOCHAN_EXPLORE=for=10m,jumps=5`:
//!
//! | setting | |
//! |---|---|
//! | `runs=100000` | this many interleavings |
//! | `for=10m` | as many interleavings as fit into this time, or as `runs` says if that is given as well; it is added
//! to the `timeout` of the test |
//! | `jumps=5` | as the argument `jumps` |
//! | `strategy=walk` | all interleavings draw at each step; `priorities`: none does; `mixed`: half of them, as without it |
//!
//! A seed represents a run under the same `jumps` and `strategy`, and the report prints them together. An exploration
//! that takes more than two seconds shows its progress on a terminal.
//!
//! # The shortest failure
//!
//! A run that fails has often switched between goroutines at dozens of places, most of which have nothing to do with
//! the failure. The report shows another run, *shrunk* from that one. A *switch* is a step at which a goroutine does
//! not continue although it could, or at which the next goroutine is not the one that could have run for the longest,
//! or at which the clock jumps although goroutines can run. Switches are left out as long as the run fails in the same
//! way: with the same message, except for its numbers, or with a deadlock or a leak in which no goroutine waits at a
//! line where none waited before. This takes up to a thousand more runs of the body, in which panics are not reported.
//! The seed of the first run repeats the shrunk one.
//!
//! Each step has the caller's line. Destructors are called from no line: in builds without debug information a step
//! such as `drop of MutexGuard, after src/pool.rs:12:9` has the line that the goroutine was at before.
//!
//! The code under test needs no changes. But the body runs many times in one process, so it must start from nothing
//! each time, and must depend on nothing but its goroutines: not on statics, real time, random numbers, or the order of
//! a `HashMap`. If a failure does not occur again, the report says so. Goroutines do not switch at operations of std,
//! including atomic ones: to separate two of them, use those of [`sync::atomic`](crate::sync::atomic), or put a
//! [`gosched`](crate::runtime::gosched) in between.
//!
//! After a pass, the output of the test contains how many of the runs were different interleavings. If that is much
//! less than the number of runs, the test is small enough to try all of them.
//!
//! # Every interleaving
//!
//! `#[gochan::test(explore = "all")]` leaves nothing to chance: it runs the body once for each interleaving that
//! exists, and reports their number in the end.
//!
//! ```
//! use gochan::prelude::*;
//! use gochan::sync::Mutex;
//! use std::sync::Arc;
//!
//! #[gochan::test(explore = "all")]
//! fn transfers_meet() {
//!     let accounts = Arc::new([Mutex::new(10), Mutex::new(10)]);
//!     let transfer = |from: usize, to: usize| {
//!         let accounts = accounts.clone();
//!         go!({
//!             // Always the lower one first; in the other order there are interleavings without an end.
//!             let mut first = accounts[from.min(to)].lock();
//!             let mut second = accounts[from.max(to)].lock();
//!             let (from, to) = if from < to { (&mut first, &mut second) } else { (&mut second, &mut first) };
//!             **from -= 1;
//!             **to += 1;
//!         })
//!     };
//!     let transfers = [transfer(0, 1), transfer(1, 0)];
//!     transfers.into_iter().for_each(|transfer| transfer.join().unwrap());
//!     assert_eq!(*accounts[0].lock() + *accounts[1].lock(), 20);
//! } // all 4 interleavings pass (of at most 13,453 without reduction)
//! ```
//!
//! Goroutines switch before each operation, where they wait, and before they end. The actions in between are one step.
//! Two runs are the same interleaving if they have the same steps, and differ only in the order of independent steps,
//! such as two sends on different channels, two reads of a length, or a lock and anything but that lock. The search
//! runs one of them (dynamic partial-order reduction with source sets and sleep sets). If a `select!` finds several
//! arms ready, each is taken in an interleaving of its own. Time passes only when all wait; with `jumps = 1` it passes
//! once at any other moment as well, in separate interleavings.
//!
//! Three goroutines that add four times to one atomic number have 12! / (4! · 4! · 4!) = 34,650 interleavings; with one
//! number each, they have one. So such a test is about two or three goroutines with a few operations each. If there are
//! more interleavings than the limit, the test fails, since it has not seen all. A failure is reported as in any
//! exploration, and `GOCHAN_SEED=all-…` repeats it.
//!
//! Two rules concern what the runtime does not see:
//!
//! * State that goroutines share besides channels, locks, contexts and the like must be in
//!   [`sync::atomic`](crate::sync::atomic). Steps that have only std's atomics or a `std::sync::Mutex` in common count
//!   as independent. [`gosched`](crate::runtime::gosched) counts as touching everything: put it before each step that
//!   touches such state.
//! * A polling loop has infinitely many interleavings. So a goroutine that has called `gosched` twice in a row, while
//!   no other took a step, waits until another one has taken a step. One that polls without `gosched` is made to wait
//!   after 100 steps in a row; the report says that the interleavings after that have not been seen.
//!
//! # What is left behind
//!
//! When the verdict is known, the goroutines that are left in a test in virtual time or an exploration end as by
//! [`goexit`](crate::runtime::goexit): each leaves its wait and unwinds, so that destructors and deferred calls run, and the
//! stack is free for others. Panics are not reported then. So a program may find the deadlocks of a thousand explorations
//! without growing.
//!
//! Memory of a stack that has not been unwound is never reused, since other threads may refer to it. All goroutines that are
//! left are kept, with their thread, if one of them waits in a destructor or for another of gochan's waits that has no such
//! end (for a scope's goroutines, a socket, a lock of std's, the readers of an [`RwLock`](crate::sync::RwLock), or in a
//! `select!` that sends a variable), if it catches the unwinding and goes on, or if the run was stopped while some could run,
//! as after a panic. They are kept as well in a test in real time, whose goroutines may run at any moment, and in builds with
//! `panic = "abort"`.
//!
//! # One thread
//!
//! In virtual time and in exploration all goroutines take turns on one thread, on either backend.
//! [`blocking`](crate::blocking) runs its function in place and takes no time, and plain threads have no part in the
//! test: a wait for one of them counts as endless. A `std::sync::Mutex` whose guard is held across an operation of
//! gochan's may block the thread forever; gochan's [`Mutex`](crate::sync::Mutex) may be held across anything.

pub(crate) mod bubble;
pub(crate) mod director;
mod drive;
mod explore;
mod knots;
mod options;
pub(crate) mod own_workers;
mod plain;
mod report;
mod virtual_time;

#[doc(hidden)]
pub use options::Test;

use crate::sched::worker::Worker;
use std::panic::Location;

/// Waits until every other goroutine of the test waits, in a test in virtual time: everything that had to happen by now
/// has then happened. Time does not pass meanwhile.
///
/// # Panics
/// Outside a test with `virtual_time` or `explore`.
///
/// ```
/// # use gochan::prelude::*;
/// # use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
/// # use std::time::Duration;
/// #[gochan::test(virtual_time)]
/// fn after_func_runs_at_its_time_and_not_before() {
///     static CALLED: AtomicBool = AtomicBool::new(false);
///     gochan::time::after_func(Duration::from_secs(5), || CALLED.store(true, Relaxed));
///     gochan::time::sleep(Duration::from_secs(5) - Duration::from_nanos(1));
///     gochan::test::wait();
///     assert!(!CALLED.load(Relaxed));
///     gochan::time::sleep(Duration::from_nanos(1));
///     gochan::test::wait();
///     assert!(CALLED.load(Relaxed));
/// }
/// ```
#[doc(alias = "synctest.Wait")]
#[track_caller]
pub fn wait() {
    let driver = Worker::current().and_then(Worker::driver);
    let driver = driver.expect("test::wait is for goroutines of a test with `virtual_time` or `explore`");
    driver.wait_for_quiet(Location::caller());
}

/// The default of `timeout`.
const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(60);
