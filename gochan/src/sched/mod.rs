#![doc = include_str!("README.md")]

pub(crate) mod alarms;
pub(crate) mod count;
pub(crate) mod errands;
pub(crate) mod fresh;
pub(crate) mod goroutine;
pub(crate) mod here;
#[cfg(doc)]
#[doc = include_str!("INVARIANTS.md")]
pub(crate) mod invariants {}
#[cfg(all(test, gochan_loom))]
mod model_loom;
pub(crate) mod park;
pub(crate) mod running;
pub(crate) mod runtime;
pub(crate) mod span;
pub(crate) mod task_memory;
pub(crate) mod threads;
pub(crate) mod timers;
pub(crate) mod unwinding;
pub(crate) mod worker;
