//! Child processes: std's types, which leave the worker to others.
//!
//! Starting a child and waiting for it are calls of [`blocking`](crate::blocking): a goroutine is parked meanwhile, and a
//! plain thread blocks. Pipes wait as [sockets](crate::net) do, without a thread, and have deadlines. [`Child::wait_ctx`], [`Command::status_ctx`] and
//! [`Command::output_ctx`] can be left by a context.
//!
//! ```
//! use gochan::prelude::*;
//! use gochan::process::Command;
//!
//! let greeting = go!({ Command::new("echo").arg("hello").output() });
//! assert_eq!(greeting.join().unwrap().unwrap().stdout, b"hello\n");
//! ```
//!
//! A read of a pipe in flight ends when the child, and each process that has inherited its end, closes it; killing the child
//! does so. A deadline or a context ends it too ([`ChildStdout::set_deadline`], [`ChildStdout::until`]). [`io::lines_ctx`](crate::io::lines_ctx) reads the lines of a child until a context ends. A write to a child that
//! does not read ends when the child does.
//!
//! | Go | here |
//! |---|---|
//! | `exec.Command(name, args...)` | [`Command::new`]`(name).args(…)` |
//! | `exec.CommandContext(ctx, …)` | [`Command::output_ctx`], [`Command::status_ctx`], [`Child::wait_ctx`] |
//! | `cmd.Run()`, `cmd.Output()`, `cmd.Start()` | [`Command::status`], [`Command::output`], [`Command::spawn`] |
//! | `cmd.StdinPipe()`, `cmd.StdoutPipe()` | [`Stdio::piped`] and [`Child::stdin`], [`Child::stdout`] |
//! | `cmd.Wait()`, `cmd.Process.Kill()` | [`Child::wait`], [`Child::kill`] |

mod child;
mod command;
mod pipe;
mod wait;

pub use child::Child;
pub use command::Command;
pub use pipe::{ChildStderr, ChildStdin, ChildStdout};
pub use std::process::{ExitStatus, Output, Stdio};
