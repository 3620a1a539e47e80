//! The process's runtime: its settings, and what a goroutine can ask of it.
//!
//! There is nothing to start: the first `go!` starts the runtime with default settings. [`Builder`] chooses others
//! before that.

pub use crate::sched::describe::{GoroutineInfo, State, dump, goroutines};
pub use crate::sched::metrics::{Metrics, metrics};
pub use crate::sched::park::WaitReason;
pub use crate::sched::report::PanicPolicy;
pub use crate::sched::runtime::{Backend, Builder, InstallError};
pub use crate::sched::task::Goexit;
pub use crate::sched::{current_id, goexit, gosched, num_goroutine};
