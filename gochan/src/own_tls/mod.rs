//! `Backend::Virtual`: thread-locals of its own for each goroutine, by switching the thread pointer with the stack.
//!
//! Compiled code finds a thread-local at a fixed distance from the thread pointer, which on x86-64 is the base of the
//! segment FS. A *block* is what that pointer points to: below it the thread-locals of the modules that were loaded at the
//! start, at it libc's own record of the thread. Each goroutine has a block beside its control block, and a worker's
//! thread has the one that libc has made for it. Code on a goroutine sees one thread pointer from its first instruction to
//! its last, so to all code it is a thread of its own.
//!
//! * `base` reads and writes the thread pointer.
//! * `glibc` finds the private symbols of libc, and the size of its record of a thread.
//! * `picture` is the content of a block at the beginning of a thread, taken once from a real thread.
//! * `block` makes blocks, and makes them new again for the next goroutine on the same stack.
//! * `ends` runs the destructors of thread-locals at the end of a goroutine.
//! * `all_threads` is about the signal by which libc makes all threads change their user.
//! * `self_test` tries all of it before the first goroutine. What fails there makes [`prepare`] fail, and the program runs
//!   on `Backend::Threads`.
//!
//! # The thread-locals of this crate
//!
//! | thread-local | on a goroutine |
//! |---|---|
//! | `worker::CURRENT` | its own copy, set when the goroutine begins |
//! | `clock::{VIRTUAL, DEADLINES}`, `random::STATE`, `report::IS_SILENT`, `actors::KIND`, `group::OF_THREAD`, `knots::party::NUMBER` | the worker's, through [`of_worker`] |
//! | `tick_instant::LAST`, `spin::HELD`, `park::PARKER` | its own: a cache, a count that is zero at each switch, the parker of this thread of its own |
//! | `threads::{CURRENT, HELD, OWN}`, `here::OF_THREAD`, `local::END_OF_THREAD`, `start::{SIBLINGS, HOME}`, `blocking::CALLER` | its own, and unused: they belong to threads that run no goroutine |
//!
//! # Which code runs on which block
//!
//! A worker's loop goes on with the block of the goroutine that ran last, because each write of the thread pointer costs as
//! much as the switch. It returns to the block of its thread (`Worker::on_own_tls`) when a goroutine has ended, and before
//! all that identifies the thread to libc or std: idling, sleeping, errands, alarms. What the loop does in between touches no
//! thread-locals but those of the table, in which the blocks of one worker agree.
//!
//! A function that writes the thread pointer refers to no thread-local, neither itself nor through what is inlined into it:
//! the compiler may keep the address of a thread-local for as long as the function runs.

#[cfg(all(feature = "virtual", target_os = "linux", target_arch = "x86_64", target_env = "gnu"))]
mod present;
#[cfg(all(feature = "virtual", target_os = "linux", target_arch = "x86_64", target_env = "gnu"))]
pub(crate) use present::*;

#[cfg(not(all(feature = "virtual", target_os = "linux", target_arch = "x86_64", target_env = "gnu")))]
mod absent;
#[cfg(not(all(feature = "virtual", target_os = "linux", target_arch = "x86_64", target_env = "gnu")))]
pub(crate) use absent::*;
