//! The process's runtime: its settings, and what a goroutine can ask of it.
//!
//! There is nothing to start: the first `go!` starts the runtime with default settings. [`Builder`] chooses others
//! before that.
//!
//! # Environment
//!
//! | variable | value | what it sets |
//! |---|---|---|
//! | `GOCHAN_MAXPROCS` | a number of at least 1 | [worker threads](Builder::workers), Go's `GOMAXPROCS` |
//! | `GOCHAN_BACKEND` | `coroutines`, `threads` | [what goroutines are](Backend) |
//! | `GOCHAN_STACK` | bytes, or `64K`, `1M` | [the stack of a goroutine](Builder::stack_size) |
//! | `GOCHAN_DEADLOCK` | `report`, `ignore` | [whether a deadlock ends the process](Builder::deadlock_report) |
//! | `GOCHAN_STUCK` | `500ms`, `10s`, `off` | [when a goroutine that holds up its worker is told](Builder::stuck_after) |
//! | `GOCHAN_LEAKS` | `5m`, `1h`, `off` | [after how long goroutines that wait and become ever more are reported](Builder::leaks_after) |
//! | `GOCHAN_BLOCKING_THREADS` | a number of at least 1 | [calls of `blocking` at once](Builder::max_blocking_threads) |
//! | `GOCHAN_TRACEBACK` | `none`, `single`, `all`, `system` | [which stacks are shown](Traceback), Go's `GOTRACEBACK` |
//! | `GOCHAN_TRACE` | a file | a trace of what ran when, see below |
//!
//! They are read once, and win over what the program has set; a value that makes no sense ends it. Three more are for
//! [tests](mod@crate::test): `GOCHAN_TEST_TIMEOUT`; `GOCHAN_SEED` and `GOCHAN_EXPLORE`, of which the first repeats one
//! interleaving of an exploration and the second says how many there are to be, or for how long, and of what kind.
//!
//! # Seeing inside
//!
//! [`dump`] tells what every goroutine does, where it waits, and by which calls it got there; so does SIGQUIT (Ctrl-\\)
//! under `#[gochan::main]`, and so does the report of a deadlock. [`goroutines`], [`stacks`] and [`metrics`] give the same as
//! values and numbers. A goroutine that keeps a worker to itself [is reported](Builder::stuck_after) with its stack as well.
//!
//! [`profile`] counts goroutines by the places where they were spawned and where they wait: as a text, as values, as JSON,
//! and with the feature `pprof` for `go tool pprof`. With `GOCHAN_LEAKS=5m` in the environment the runtime compares such
//! counts while the program runs, and reports groups of goroutines that wait for longer than that and become ever more:
//! goroutines that leak. Neither stops anything nor costs goroutines anything.
//!
//! With `GOCHAN_TRACE=file.json` in the environment each worker notes which goroutine it ran when, what that waited for and
//! who woke it. Turns of less than some microseconds are timed sixteen at a time; while there are many of them, one in
//! thirty-three is shown, and the trace tells how many the others were and how long they took. So it is cheap enough to
//! be left on. When the process exits, the last 65536 notes of each worker are written in a format that
//! [Perfetto](https://ui.perfetto.dev) opens. Coroutines only, as are the reports of goroutines that keep a worker to
//! themselves.

pub use crate::diag::profile::{Finding, FindingKind, GoroutineGroup, Profile, WaitTimes, profile};
pub use crate::sched::describe::{GoroutineInfo, State, dump, goroutines, stacks};
pub use crate::sched::metrics::{Metrics, metrics};
pub use crate::sched::park::WaitReason;
pub use crate::sched::report::PanicPolicy;
pub use crate::sched::settings::{Backend, Builder, InstallError, Traceback};
pub use crate::sched::stacks::Stack;
pub use crate::sched::task::Goexit;
pub use crate::sched::{current_id, goexit, gosched, num_goroutine};
