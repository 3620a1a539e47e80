//! A running child.

use super::pipe::{ChildStderr, ChildStdin, ChildStdout};
use super::wait;
use crate::Context;
use crate::spawn::blocking::blocking;
use std::io;
use std::process::{ExitStatus, Output};

/// A child process, like [`std::process::Child`].
///
/// Dropping it does not end the child, and leaves it to the system as a zombie when it ends. So wait for each child.
#[derive(Debug)]
#[doc(alias = "os.Process")]
pub struct Child {
    inner: std::process::Child,
    /// The input of the child, if it is [`piped`](super::Stdio::piped).
    pub stdin: Option<ChildStdin>,
    /// The output of the child, if it is [`piped`](super::Stdio::piped).
    pub stdout: Option<ChildStdout>,
    /// The error output of the child, if it is [`piped`](super::Stdio::piped).
    pub stderr: Option<ChildStderr>,
}

impl From<std::process::Child> for Child {
    fn from(mut inner: std::process::Child) -> Child {
        let stdin = inner.stdin.take().map(ChildStdin::from);
        let stdout = inner.stdout.take().map(ChildStdout::from);
        let stderr = inner.stderr.take().map(ChildStderr::from);
        Child { inner, stdin, stdout, stderr }
    }
}

impl Child {
    /// The system's number of the process.
    #[doc(alias = "Pid")]
    pub fn id(&self) -> u32 {
        self.inner.id()
    }

    /// Kills the child, by SIGKILL. It is to be waited for all the same. Never blocks.
    ///
    /// # Errors
    /// Those of [`std::process::Child::kill`].
    #[doc(alias = "Kill")]
    pub fn kill(&mut self) -> io::Result<()> {
        self.inner.kill()
    }

    /// The status of the child if it has ended. Never blocks.
    ///
    /// # Errors
    /// Those of [`std::process::Child::try_wait`].
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.inner.try_wait()
    }

    /// Closes the child's input and waits for its end.
    ///
    /// # Errors
    /// Those of [`std::process::Child::wait`].
    #[doc(alias = "Wait")]
    #[track_caller]
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        drop(self.stdin.take());
        blocking(|| self.inner.wait())
    }

    /// Like [`wait`](Child::wait), until `ctx` ends. The child then goes on: [`kill`](Child::kill) it, or wait again.
    ///
    /// On Linux a thread of the pool waits for both. Elsewhere, and on kernels before 5.3, the child is looked at again and
    /// again, at last every 50 milliseconds.
    ///
    /// ```
    /// use gochan::prelude::*;
    /// use gochan::process::Command;
    /// use std::time::Duration;
    ///
    /// let mut child = Command::new("sleep").arg("1000").spawn().unwrap();
    /// let (ctx, _cancel) = background().with_timeout(Duration::from_millis(10));
    /// let error = child.wait_ctx(&ctx).unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
    /// child.kill().unwrap();
    /// assert!(!child.wait().unwrap().success());
    /// ```
    ///
    /// # Errors
    /// Those of [`wait`](Child::wait). If the context ends first: its error, as the source of one of the kind `TimedOut` for a
    /// deadline and `Other` for a cancellation.
    #[track_caller]
    pub fn wait_ctx(&mut self, ctx: &Context) -> io::Result<ExitStatus> {
        drop(self.stdin.take());
        wait::wait_until(ctx, &mut self.inner)
    }

    /// Closes the child's input, reads what it writes to its pipes, and waits for its end.
    ///
    /// # Errors
    /// Those of [`std::process::Child::wait_with_output`].
    #[track_caller]
    pub fn wait_with_output(self) -> io::Result<Output> {
        let mut child = self.into_std();
        drop(child.stdin.take());
        blocking(|| child.wait_with_output())
    }

    /// Like [`wait_with_output`](Child::wait_with_output). Kills the child when `ctx` ends before it.
    #[track_caller]
    pub(super) fn output_until(self, ctx: &Context) -> io::Result<Output> {
        let mut child = self.into_std();
        drop(child.stdin.take());
        wait::output_until(ctx, child)
    }

    /// Like [`wait_ctx`](Child::wait_ctx), but kills the child when `ctx` ends before it.
    #[track_caller]
    pub(super) fn status_until(mut self, ctx: &Context) -> io::Result<ExitStatus> {
        let result = self.wait_ctx(ctx);
        if result.is_err() {
            wait::end(&mut self.inner);
        }
        result
    }

    /// The child as std has it.
    pub fn into_std(mut self) -> std::process::Child {
        self.inner.stdin = self.stdin.take().map(Into::into);
        self.inner.stdout = self.stdout.take().map(Into::into);
        self.inner.stderr = self.stderr.take().map(Into::into);
        self.inner
    }
}
