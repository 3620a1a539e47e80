//! The process's runtime: its settings, and what a goroutine can ask of it.
//!
//! There is nothing to start: the first `go!` starts the runtime with default settings. [`Builder`] chooses others
//! before that.
//!
//! # Seeing inside
//!
//! [`dump`] tells what every goroutine does and where it waits; so does SIGQUIT (Ctrl-\\) under `#[gochan::main]`, and
//! so does the report of a deadlock. [`goroutines`] and [`metrics`] give the same as values and numbers. With
//! `GOCHAN_TRACE=file.json` in the environment each worker notes which goroutine it ran when, what that waited for and
//! who woke it. Turns of less than some microseconds are timed sixteen at a time; while there are many of them, one in
//! thirty-three is shown, and the trace tells how many the others were and how long they took. So it is cheap enough to
//! be left on. When the process exits, the last 65536 notes of each worker are written in a format that
//! [Perfetto](https://ui.perfetto.dev) opens. Coroutines only, as are the reports of goroutines that keep a worker to
//! themselves.

pub use crate::sched::describe::{GoroutineInfo, State, dump, goroutines};
pub use crate::sched::metrics::{Metrics, metrics};
pub use crate::sched::park::WaitReason;
pub use crate::sched::report::PanicPolicy;
pub use crate::sched::settings::{Backend, Builder, InstallError};
pub use crate::sched::task::Goexit;
pub use crate::sched::{current_id, goexit, gosched, num_goroutine};
